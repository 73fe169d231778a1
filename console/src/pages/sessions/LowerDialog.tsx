import { useState } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { SelectField } from "../../components/SelectField";
import { TextField } from "../../components/TextField";

/** From the least confidential on. */
const LABELS = ["public", "internal", "sensitive", "restricted"];
/** The shortest reason that the server takes, in characters. */
export const REASON_MIN = 10;

/** The labels that one can be lowered to, the nearest first. */
export function below(label: string): string[] {
  return LABELS.slice(0, Math.max(0, LABELS.indexOf(label))).reverse();
}

interface LowerDialogProps {
  session: Schemas["SessionView"];
  onClose: () => void;
}

/** Says that a session is less confidential than what was found in it. */
export function LowerDialog({ session: { id, label }, onClose }: LowerDialogProps) {
  const notify = useNotify();
  const lower = useSend("post", "/api/v1/sessions/{id}/label", ["/api/v1/sessions/{id}"]);
  const options = below(label).map((name) => ({ id: name, title: name }));
  const [to, setTo] = useState(options[0]?.id ?? "");
  const [reason, setReason] = useState("");

  function submit() {
    const body = { lower_to: to, reason: reason.trim() };
    lower.mutate(
      { path: { id }, body },
      {
        onSuccess: () => {
          notify(`The session is ${to} now.`);
          onClose();
        },
      },
    );
  }

  return (
    <FormDialog
      title="Lower the label of the session"
      submit="Lower"
      busy={lower.isPending}
      refused={lower.error}
      canSubmit={reason.trim().length >= REASON_MIN}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>It is {label}. It rises again with what is seen next.</p>
      <SelectField label="To" options={options} value={to} onChange={setTo} />
      <TextField
        label="Reason"
        rows={3}
        isRequired
        value={reason}
        onChange={setReason}
        description="Why its content is less confidential, in ten characters or more. It is kept in the audit record."
      />
    </FormDialog>
  );
}
