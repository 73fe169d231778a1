import { useState, type FormEvent } from "react";

import { useGet, useSend } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { CopyField } from "../../components/CopyField";
import { ErrorBox } from "../../components/ErrorBox";
import { TextField } from "../../components/TextField";
import { Trouble } from "./Step";

/** Who sends the first message. */
export interface Caller {
  /** The agent; empty where somebody has a key from elsewhere. */
  agent: string;
  key: string;
}

/** Stands for a key that this page does not know. */
const OWN_KEY = "$KEY";

interface MakeAgentProps {
  caller: Caller | null;
  onMade: (caller: Caller) => void;
}

/** Makes an agent where there is none of that name, and a key for it. */
export function MakeAgent({ caller, onMade }: MakeAgentProps) {
  const may = useMay();
  const agents = useGet("/api/v1/agents", may("agent.list") ? {} : null);
  const create = useSend("post", "/api/v1/agents", ["/api/v1/agents", "/api/v1/overview", "/api/v1/budget"]);
  const key = useSend("post", "/api/v1/keys", ["/api/v1/keys"]);
  const [name, setName] = useState("hello");
  const isKnown = agents.data?.agents.some((known) => known.name === name) ?? false;

  const refused = create.error ?? key.error;

  if (caller) return <Made caller={caller} />;
  const mayMake = may("agent.create") && may("key.create");

  const own = (
    <Button kind="quiet" onPress={() => onMade({ agent: "", key: OWN_KEY })}>
      I have a key already
    </Button>
  );

  if (!mayMake) {
    return (
      <>
        <p>
          Policy does not permit you to make agents and keys: ask somebody of the group <code>infra-admin</code> for a
          key.
        </p>
        <div className="start-buttons">{own}</div>
      </>
    );
  }

  function addKey() {
    key.mutate({ body: { agent: name } }, { onSuccess: (made) => onMade({ agent: made.agent, key: made.key }) });
  }

  function submit(event: FormEvent) {
    event.preventDefault();
    if (create.isPending || key.isPending) return;
    if (isKnown) return addKey();
    const body = { name, description: "The first agent of the console's first steps", system: false };
    create.mutate({ body }, { onSuccess: addKey });
  }

  return (
    <>
      <form className="start-form" data-narrow onSubmit={submit}>
        <TextField
          label="Its name"
          isRequired
          value={name}
          onChange={setName}
          description={
            isKnown
              ? "There is one of this name: it gets another key."
              : "Small letters, digits, - _ and . as its folder in the tree is called."
          }
        />
        <div className="start-buttons">
          <Button kind="primary" type="submit" isBusy={create.isPending || key.isPending} isDisabled={name === ""}>
            {isKnown ? "Make a key" : "Create agent and key"}
          </Button>
          {own}
        </div>
        {refused && <ErrorBox error={refused} />}
      </form>
      <Trouble>
        <li>
          <strong>Policy denies it:</strong> ask somebody of the group <code>infra-admin</code> for an agent and its
          key.
        </li>
        <li>
          <strong>The tree follows a remote:</strong> agents are added there, by a commit to <code>agents/NAME</code>.
          Then write its name here, and it gets a key.
        </li>
        <li>
          <strong>People must approve:</strong> the question is under Approvals. Try again once they have.
        </li>
      </Trouble>
    </>
  );
}

function Made({ caller: { agent, key } }: { caller: Caller }) {
  if (key === OWN_KEY) {
    return (
      <p>
        Put your key where <code>{OWN_KEY}</code> stands below. The first start of the server printed one for the agent{" "}
        <code>default</code>.
      </p>
    );
  }
  return (
    <div className="stack">
      <p>
        This is the key of <strong>{agent}</strong>. Copy it now if you want to keep it: it is not shown again.
      </p>
      <CopyField label="Key" value={key} />
    </div>
  );
}
