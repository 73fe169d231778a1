import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { CopyField } from "../../components/CopyField";
import { Dialog } from "../../components/Dialog";
import { firstMessage } from "../../format/curl";

/** Shows a key the only time that it is shown, with a request to try it. */
export function MadeKeyDialog({ made, onClose }: { made: Schemas["MadeKey"]; onClose: () => void }) {
  const may = useMay();
  const overview = useGet("/api/v1/overview", may("overview.show") ? { query: {} } : null);
  return (
    <Dialog title={`The new key of ${made.agent}`} onClose={onClose} isKept>
      <div className="dialog-body">
        <p>Copy it now: it is not shown again, and the server keeps only a hash of it.</p>
        <CopyField label="Key" value={made.key} />
        {overview.data && <CopyField label="A first message" value={firstMessage(overview.data.gateway, made.key)} />}
      </div>
      <footer>
        <Button kind="primary" onPress={onClose}>
          I have it
        </Button>
      </footer>
    </Dialog>
  );
}
