import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useSession } from "../../api/session";
import { ConfirmDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";

interface RemovePersonDialogProps {
  person: Schemas["PersonView"];
  onClose: () => void;
}

export function RemovePersonDialog({ person: { id, name }, onClose }: RemovePersonDialogProps) {
  const notify = useNotify();
  const { person: self } = useSession();
  const send = useSend("delete", "/api/v1/people/{id}", ["/api/v1/people"]);

  function remove() {
    send.mutate(
      { path: { id } },
      {
        onSuccess: () => {
          notify(`This token of ${name} is refused from now on.`);
          onClose();
        },
      },
    );
  }

  return (
    <ConfirmDialog
      title={`Remove this token of ${name}?`}
      submit="Remove"
      kind="danger"
      busy={send.isPending}
      refused={send.error}
      onConfirm={remove}
      onClose={onClose}
    >
      <p>
        <code>{id}</code> is refused at once and for good, and console sessions of it end. Other tokens of {name} stay.
      </p>
      {name === self && (
        <p>
          <strong>That is you.</strong> If you are signed in with this token, you are signed out. Where nobody else may
          add people, the way back is <code>orchestack person add</code> on the server's machine.
        </p>
      )}
    </ConfirmDialog>
  );
}
