import { useState } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { TextField } from "../../components/TextField";
import { visible } from "../../format/visible";
import { REASON_MIN } from "./LowerDialog";

interface EndorseDialogProps {
  session: Schemas["SessionView"];
  onClose: () => void;
}

/** Vouches for everything that a session has seen. */
export function EndorseDialog({ session: { id, flow }, onClose }: EndorseDialogProps) {
  const notify = useNotify();
  const endorse = useSend("post", "/api/v1/sessions/{id}/endorse", ["/api/v1/sessions/{id}"]);
  const [reason, setReason] = useState("");
  const sources = flow?.sources.map(visible).join(", ");

  function submit() {
    endorse.mutate(
      { path: { id }, body: { reason: reason.trim() } },
      {
        onSuccess: () => {
          notify("The session is trusted again.");
          onClose();
        },
      },
    );
  }

  return (
    <FormDialog
      title="Vouch for what the session has seen"
      submit="Vouch for it"
      busy={endorse.isPending}
      refused={endorse.error}
      canSubmit={reason.trim().length >= REASON_MIN}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>
        {sources ? `It has seen results of ${sources}. ` : ""}
        You say that nobody else speaks through them, so that the agent may act on them. What it sees next is nobody’s
        word again.
      </p>
      <TextField
        label="Reason"
        rows={3}
        isRequired
        autoFocus
        value={reason}
        onChange={setReason}
        description="Why it may be trusted, in ten characters or more. It is kept in the audit record."
      />
    </FormDialog>
  );
}
