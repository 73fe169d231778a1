import { useState } from "react";

import { useSend } from "../../api/hooks";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { TextField } from "../../components/TextField";
import { fieldsOf, textOf } from "../../format/fields";
import { subjectOf, type Approval } from "./question";

export type Verdict = "approve" | "deny" | "cancel";

const TITLES = { approve: "Approve", deny: "Deny", cancel: "Withdraw" };
const DONE = { approve: "Your yes is recorded.", deny: "It is denied.", cancel: "The question is withdrawn." };
const TELLS = {
  approve: "Your yes counts for exactly this, once, and in the roles that you have. Policy has the last word.",
  deny: "One no denies it for everybody.",
  cancel: "Nobody can answer it any more; whoever asked may ask again.",
};
const TOUCHED = [
  "/api/v1/approvals",
  "/api/v1/approvals/{id}",
  "/api/v1/tasks",
  "/api/v1/tasks/{id}",
  "/api/v1/budget",
] as const;

interface VoteDialogProps {
  approval: Approval;
  verdict: Verdict;
  onClose: () => void;
}

/** Says yes or no to a question, or takes it back. */
export function VoteDialog({ approval, verdict, onClose }: VoteDialogProps) {
  const notify = useNotify();
  const approve = useSend("post", "/api/v1/approvals/{id}/approve", [...TOUCHED]);
  const deny = useSend("post", "/api/v1/approvals/{id}/deny", [...TOUCHED]);
  const cancel = useSend("post", "/api/v1/approvals/{id}/cancel", [...TOUCHED]);
  const send = { approve, deny, cancel }[verdict];
  const [reason, setReason] = useState("");
  const asked = fieldsOf(approval.detail);
  const [amount, setAmount] = useState(textOf(asked["suggested_usd"]) ?? "");
  // The first day of the next window: what is given by then is for this one.
  const [until, setUntil] = useState(textOf(asked["window_ends"])?.slice(0, 10) ?? "");
  // A yes to more money says how much, and for how long.
  const raises = verdict === "approve" && approval.kind === "budget";

  function submit() {
    const path = { id: approval.id };
    const onSuccess = () => {
      notify(DONE[verdict]);
      onClose();
    };
    if (verdict === "cancel") cancel.mutate({ path }, { onSuccess });
    else if (verdict === "deny") deny.mutate({ path, body: { reason: reason.trim() } }, { onSuccess });
    else approve.mutate({ path, body: { reason: reason.trim(), ...(raises && { amount, until }) } }, { onSuccess });
  }

  return (
    <FormDialog
      title={`${TITLES[verdict]} ${subjectOf(approval)}`}
      submit={TITLES[verdict]}
      kind={verdict === "approve" ? "primary" : "danger"}
      busy={send.isPending}
      refused={send.error}
      canSubmit={!raises || (amount !== "" && until !== "")}
      onSubmit={submit}
      onClose={onClose}
    >
      <p>
        <strong>{approval.requester}</strong> asks. {TELLS[verdict]}
      </p>
      {raises && (
        <div className="fields-row">
          <TextField
            label="US dollars more"
            isRequired
            inputMode="decimal"
            value={amount}
            onChange={setAmount}
            description={`Of ${textOf(asked["cap_usd"]) ?? "?"}, ${textOf(asked["spent_usd"]) ?? "?"} is spent.`}
          />
          <TextField
            label="Until"
            type="date"
            isRequired
            value={until}
            onChange={setUntil}
            description="From this day on the cap is as before."
          />
        </div>
      )}
      {verdict !== "cancel" && (
        <TextField
          label="Reason"
          rows={3}
          autoFocus
          value={reason}
          onChange={setReason}
          description="It is kept in the audit record, and whoever asked may read it."
        />
      )}
    </FormDialog>
  );
}
