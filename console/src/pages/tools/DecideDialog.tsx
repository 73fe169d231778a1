import { useState } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { TextField } from "../../components/TextField";
import { Flags } from "./Flags";
import { Shown } from "./Shown";

/** What the server takes for a reason. */
const REASON_CHARS_MIN = 10;

const WORDS = {
  approve: {
    title: "Approve this definition?",
    submit: "Approve",
    kind: "primary",
    what: "Agents are offered it on all gateways at once, and calls go through as long as the server gives exactly this.",
  },
  reject: {
    title: "Reject this definition?",
    submit: "Reject",
    kind: "danger",
    what: "It is neither offered nor called, even where the tree pins it.",
  },
} as const;

interface DecideDialogProps {
  decision: "approve" | "reject";
  of: Schemas["DefinitionView"];
  tool: Schemas["ToolDetail"];
  onClose: () => void;
}

/** A person's word on a definition, with its reason. */
export function DecideDialog({ decision, of, tool, onClose }: DecideDialogProps) {
  const notify = useNotify();
  const send = useSend("post", `/api/v1/tools/{server}/{tool}/${decision}`, [
    "/api/v1/tools",
    "/api/v1/tools/{server}/{tool}",
  ]);
  const [reason, setReason] = useState("");
  const { title, submit, kind, what } = WORDS[decision];
  const missing = REASON_CHARS_MIN - reason.trim().length;

  function decide() {
    const ask = { path: { server: tool.server, tool: tool.tool }, body: { hash: of.hash, reason: reason.trim() } };
    send.mutate(ask, {
      onSuccess: () => {
        notify(decision === "approve" ? "Agents are offered it from now on." : "It is not called from now on.");
        onClose();
      },
    });
  }

  return (
    <FormDialog
      title={title}
      submit={submit}
      kind={kind}
      busy={send.isPending}
      refused={send.error}
      canSubmit={missing <= 0}
      onSubmit={decide}
      onClose={onClose}
    >
      <p>
        <code>
          <Shown text={tool.id} isName />
        </code>
        : {what} Your word holds for this hash alone.
      </p>
      <code className="tool-hash">{of.hash}</code>
      {of.flags.length > 0 && <Flags flags={of.flags} id={tool.id} />}
      <TextField
        label="Reason"
        rows={3}
        isRequired
        autoFocus
        value={reason}
        onChange={setReason}
        description={
          missing > 0 && reason !== ""
            ? `Say what you looked at: ${missing} characters more.`
            : "Say what you looked at. It stays on record."
        }
      />
    </FormDialog>
  );
}
