import { useState } from "react";
import { useLocation } from "wouter";

import { useSend } from "../../api/hooks";
import { useSession } from "../../api/session";
import { Checkbox } from "../../components/Checkbox";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { TextField } from "../../components/TextField";

/** Adds an agent with starter policies to the tree, and goes to its page. */
export function NewAgentDialog({ onClose }: { onClose: () => void }) {
  const { person } = useSession();
  const notify = useNotify();
  const [, navigate] = useLocation();
  const send = useSend("post", "/api/v1/agents", ["/api/v1/agents", "/api/v1/overview", "/api/v1/budget"]);
  const [name, setName] = useState("");
  const [owner, setOwner] = useState("");
  const [description, setDescription] = useState("");
  const [budget, setBudget] = useState("");
  const [system, setSystem] = useState(false);

  function submit() {
    const body = { name, owner: owner || null, description, budget_day: budget || null, system };
    send.mutate(
      { body },
      {
        onSuccess: (made) => {
          notify(`The agent ${made.name} is in the tree. It needs a key to call.`);
          onClose();
          navigate(`/agents/${encodeURIComponent(made.name)}`);
        },
      },
    );
  }

  return (
    <FormDialog
      title="Create an agent"
      submit="Create agent"
      busy={send.isPending}
      refused={send.error}
      canSubmit={name !== ""}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Name"
        isRequired
        autoFocus
        value={name}
        onChange={setName}
        placeholder="helper"
        description="Small letters, digits, - _ and . as its folder in the tree is called."
      />
      <TextField
        label="Owner"
        value={owner}
        onChange={setOwner}
        placeholder={person}
        description="Who answers for it; you, where nobody is named."
      />
      <TextField label="What it does" value={description} onChange={setDescription} />
      <TextField
        label="US dollars a day"
        inputMode="decimal"
        value={budget}
        onChange={setBudget}
        placeholder="2.00"
        description="The organisation's default where nothing is said."
      />
      <Checkbox isSelected={system} onChange={setSystem}>
        It runs by itself, so that policies know it as a SystemAgent
      </Checkbox>
    </FormDialog>
  );
}
