import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { ConfirmDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { counted } from "../../format/number";

export function RevokeGrantDialog({ grant, onClose }: { grant: Schemas["GrantView"]; onClose: () => void }) {
  const notify = useNotify();
  const send = useSend("delete", "/api/v1/grants/{id}", ["/api/v1/grants"]);

  function revoke() {
    send.mutate(
      { path: { id: grant.id } },
      {
        onSuccess: () => {
          notify(`The grant of ${grant.agent} is refused from now on.`);
          onClose();
        },
      },
    );
  }

  return (
    <ConfirmDialog
      title="Revoke this grant?"
      submit="Revoke"
      kind="danger"
      busy={send.isPending}
      refused={send.error}
      onConfirm={revoke}
      onClose={onClose}
    >
      <p>
        <code>{grant.id}</code> of {grant.agent} is refused at once and for good.
      </p>
    </ConfirmDialog>
  );
}

export function RevokeTaskDialog({ task, onClose }: { task: string; onClose: () => void }) {
  const notify = useNotify();
  const send = useSend("delete", "/api/v1/grants", ["/api/v1/grants"]);

  function revoke() {
    send.mutate(
      { query: { task } },
      {
        onSuccess: ({ revoked }) => {
          notify(`${counted(revoked, "grant")} of the task ${revoked === 1 ? "is" : "are"} refused from now on.`);
          onClose();
        },
      },
    );
  }

  return (
    <ConfirmDialog
      title="Revoke every grant of this task?"
      submit="Revoke all"
      kind="danger"
      busy={send.isPending}
      refused={send.error}
      onConfirm={revoke}
      onClose={onClose}
    >
      <p>
        Whatever <code>{task}</code> was given is refused at once and for good.
      </p>
    </ConfirmDialog>
  );
}
