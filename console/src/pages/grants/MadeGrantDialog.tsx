import type { Schemas } from "../../api/paths";
import { Button } from "../../components/Button";
import { CopyField } from "../../components/CopyField";
import { Dialog } from "../../components/Dialog";
import { Time } from "../../components/Time";

/** Shows a grant the only time that it is shown. */
export function MadeGrantDialog({ made, onClose }: { made: Schemas["MadeGrant"]; onClose: () => void }) {
  return (
    <Dialog title={`The new grant of ${made.agent}`} onClose={onClose} isKept>
      <div className="dialog-body">
        <p>
          Copy it now: it is not shown again. Its holder sends it in place of a key. It ends{" "}
          <Time at={made.expires_at} />.
        </p>
        <CopyField label="Grant" value={made.grant} />
        <CopyField label="As a header" value={`Authorization: Bearer ${made.grant}`} />
      </div>
      <footer>
        <Button kind="primary" onPress={onClose}>
          I have it
        </Button>
      </footer>
    </Dialog>
  );
}
