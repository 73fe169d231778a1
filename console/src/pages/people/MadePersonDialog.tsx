import type { Schemas } from "../../api/paths";
import { Button } from "../../components/Button";
import { CopyField } from "../../components/CopyField";
import { Dialog } from "../../components/Dialog";

/** Shows a token the only time that it is shown. */
export function MadePersonDialog({ made, onClose }: { made: Schemas["MadePerson"]; onClose: () => void }) {
  return (
    <Dialog title={`The new token of ${made.name}`} onClose={onClose} isKept>
      <div className="dialog-body">
        <p>
          Copy it now: it is not shown again, and the server keeps only a hash of it. {made.name} signs in to this
          console with it.
        </p>
        <CopyField label="Admin token" value={made.token} />
        <CopyField label="For the command line" value={`export ORCHESTACK_ADMIN_TOKEN=${made.token}`} />
      </div>
      <footer>
        <Button kind="primary" onPress={onClose}>
          I have it
        </Button>
      </footer>
    </Dialog>
  );
}
