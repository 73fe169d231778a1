import { useState } from "react";

import { useGet, useSend } from "../../api/hooks";
import { FormDialog } from "../../components/Dialog";
import { SelectField } from "../../components/SelectField";
import { MadeKeyDialog } from "./MadeKeyDialog";

const ENDS = [
  { id: "never", title: "Never" },
  { id: "86400", title: "In a day" },
  { id: "2592000", title: "In 30 days" },
  { id: "7776000", title: "In 90 days" },
  { id: "31536000", title: "In a year" },
];

interface NewKeyDialogProps {
  /** The agent it is for; asked for where absent. */
  agent?: string;
  onClose: () => void;
}

/** Makes a key for an agent and shows it, which no other page does. */
export function NewKeyDialog({ agent, onClose }: NewKeyDialogProps) {
  const send = useSend("post", "/api/v1/keys", ["/api/v1/keys"]);
  const agents = useGet("/api/v1/agents", agent === undefined ? {} : null);
  const names = agents.data?.agents.filter((known) => known.defined && !known.disabled) ?? [];
  const [chosen, setChosen] = useState("");
  const [expires, setExpires] = useState("never");
  const name = agent ?? (chosen || names[0]?.name);
  if (send.data) return <MadeKeyDialog made={send.data} onClose={onClose} />;
  return (
    <FormDialog
      title={agent === undefined ? "Create a key" : `Create a key for ${agent}`}
      submit="Create key"
      busy={send.isPending}
      refused={send.error ?? agents.error}
      canSubmit={name !== undefined}
      onSubmit={() =>
        name !== undefined &&
        send.mutate({ body: { agent: name, expires_seconds: expires === "never" ? null : Number(expires) } })
      }
      onClose={onClose}
    >
      {agent === undefined && (
        <SelectField
          label="Agent"
          options={names.map((known) => ({ id: known.name, title: known.name }))}
          value={name ?? ""}
          onChange={setChosen}
        />
      )}
      <SelectField label="Expires" options={ENDS} value={expires} onChange={setExpires} />
    </FormDialog>
  );
}
