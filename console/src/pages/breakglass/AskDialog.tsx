import { useState } from "react";

import { useSend } from "../../api/hooks";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { TextField } from "../../components/TextField";

/** What the server takes for a reason. */
const REASON_CHARS_MIN = 10;

export function AskDialog({ onClose }: { onClose: () => void }) {
  const notify = useNotify();
  const send = useSend("post", "/api/v1/break-glass", ["/api/v1/break-glass", "/api/v1/approvals"]);
  const [reason, setReason] = useState("");
  const missing = REASON_CHARS_MIN - reason.trim().length;

  function ask() {
    send.mutate(
      { body: { reason: reason.trim() } },
      {
        onSuccess: () => {
          notify("The administrators are asked. They have an hour.");
          onClose();
        },
      },
    );
  }

  return (
    <FormDialog
      title="Ask for emergency rights?"
      submit="Ask"
      kind="danger"
      busy={send.isPending}
      refused={send.error}
      canSubmit={missing <= 0}
      onSubmit={ask}
      onClose={onClose}
    >
      <p>
        Two administrators besides you must agree within an hour. Then you may do everything for four hours, no setting
        makes it longer, and each act is marked.
      </p>
      <TextField
        label="What is broken, and what you are going to do"
        rows={3}
        isRequired
        autoFocus
        value={reason}
        onChange={setReason}
        description={
          missing > 0 && reason !== ""
            ? `${missing} characters more.`
            : "It stays on record, and those who decide read it."
        }
      />
    </FormDialog>
  );
}
