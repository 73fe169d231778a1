import "./people.css";

import { useState } from "react";

import { useSend } from "../../api/hooks";
import { Checkbox } from "../../components/Checkbox";
import { FormDialog } from "../../components/Dialog";
import { TextField } from "../../components/TextField";
import { groupsOf } from "./groups";
import { MadePersonDialog } from "./MadePersonDialog";

/** What the starter's `policies/administration.cedar` says of each. */
const ROLES = [
  { id: "infra-admin", may: "does everything, and answers for emergencies" },
  { id: "operator", may: "sees everything, raises budgets, ends keys and grants, answers questions" },
  { id: "agent-owner", may: "sees everything, and cares for the agents they own" },
  { id: "auditor", may: "sees everything, and changes nothing" },
];

/** Gives a person a token and shows it, which no other page does. */
export function NewPersonDialog({ onClose }: { onClose: () => void }) {
  const send = useSend("post", "/api/v1/people", ["/api/v1/people"]);
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<string[]>([]);
  const [others, setOthers] = useState("");
  if (send.data) return <MadePersonDialog made={send.data} onClose={onClose} />;
  return (
    <FormDialog
      title="Add a person"
      submit="Add person"
      busy={send.isPending}
      refused={send.error}
      canSubmit={name.trim() !== ""}
      onSubmit={() => send.mutate({ body: { name: name.trim(), groups: groupsOf(roles, others) } })}
      onClose={onClose}
    >
      <TextField
        label="Name"
        isRequired
        autoFocus
        value={name}
        onChange={setName}
        placeholder="maria.lopez@example.com"
        description="Small letters, digits and -_.@+ as policies and records name them. Tokens of one name are one person."
      />
      <fieldset className="fieldset person-roles">
        <legend>What they may do</legend>
        {ROLES.map(({ id, may }) => (
          <Checkbox
            key={id}
            isSelected={roles.includes(id)}
            onChange={(has) => setRoles((before) => (has ? [...before, id] : before.filter((known) => known !== id)))}
          >
            <strong>{id}</strong> <span className="soft">{may}</span>
          </Checkbox>
        ))}
      </fieldset>
      <TextField
        label="Other groups"
        value={others}
        onChange={setOthers}
        placeholder="finance, platform"
        description="Groups mean what the policies of the tree say; without any, a person may only ask for emergency rights."
      />
    </FormDialog>
  );
}
