import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { ConfirmDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";

export function EndDialog({ of, onClose }: { of: Schemas["ApprovalView"]; onClose: () => void }) {
  const notify = useNotify();
  const send = useSend("delete", "/api/v1/break-glass/{id}", ["/api/v1/break-glass", "/api/v1/approvals"]);
  const isInForce = of.status === "approved";

  function end() {
    send.mutate(
      { path: { id: of.id } },
      {
        onSuccess: () => {
          notify(isInForce ? `${of.requester} has no emergency rights any more.` : "The request is withdrawn.");
          onClose();
        },
      },
    );
  }

  return (
    <ConfirmDialog
      title={isInForce ? `End the emergency rights of ${of.requester}?` : "Withdraw this request?"}
      submit={isInForce ? "End now" : "Withdraw"}
      kind="danger"
      busy={send.isPending}
      refused={send.error}
      onConfirm={end}
      onClose={onClose}
    >
      <p>
        {isInForce
          ? "They end at once. What was done under them stays, and stays marked."
          : "Nobody can answer it any more. It can be asked again."}
      </p>
    </ConfirmDialog>
  );
}
