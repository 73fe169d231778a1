import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { ConfirmDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";

interface RemoveProviderDialogProps {
  provider: Schemas["ProviderView"];
  onClose: () => void;
}

export function RemoveProviderDialog({ provider: { name }, onClose }: RemoveProviderDialogProps) {
  const notify = useNotify();
  const send = useSend("delete", "/api/v1/providers/{name}", ["/api/v1/providers", "/api/v1/overview"]);

  function remove() {
    send.mutate(
      { path: { name } },
      {
        onSuccess: () => {
          notify(`${name} is removed.`);
          onClose();
        },
      },
    );
  }

  return (
    <ConfirmDialog
      title={`Remove ${name}?`}
      submit="Remove"
      kind="danger"
      busy={send.isPending}
      refused={send.error}
      onConfirm={remove}
      onClose={onClose}
    >
      <p>Its models must be removed first. What it cost stays in the ledger.</p>
    </ConfirmDialog>
  );
}
