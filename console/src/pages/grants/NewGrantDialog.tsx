import "./grants.css";

import { useState } from "react";

import { useGet, useSend } from "../../api/hooks";
import { Checkbox } from "../../components/Checkbox";
import { FormDialog } from "../../components/Dialog";
import { Disclosure } from "../../components/Disclosure";
import { SelectField } from "../../components/SelectField";
import { TextField } from "../../components/TextField";
import { names } from "./limits";
import { MadeGrantDialog } from "./MadeGrantDialog";

const TERMS = [
  { id: "900", title: "15 minutes" },
  { id: "3600", title: "An hour" },
  { id: "14400", title: "4 hours" },
  { id: "86400", title: "A day" },
];

const LABELS = [
  { id: "any", title: "As its policies say" },
  ...["public", "internal", "sensitive", "restricted"].map((id) => ({ id, title: `Up to ${id}` })),
];

const LAYERS = ["L0", "L1", "L2", "L3", "L4"];

/** Makes a grant and shows it, which no other page does. What is left empty is limited by policies alone. */
export function NewGrantDialog({ onClose }: { onClose: () => void }) {
  const send = useSend("post", "/api/v1/grants", ["/api/v1/grants"]);
  const agents = useGet("/api/v1/agents", {});
  const known = agents.data?.agents.filter(({ defined, disabled }) => defined && !disabled) ?? [];
  const [agent, setAgent] = useState("");
  const [term, setTerm] = useState("3600");
  const [cost, setCost] = useState("");
  const [tokens, setTokens] = useState("");
  const [models, setModels] = useState("");
  const [tools, setTools] = useState("");
  const [noTools, setNoTools] = useState(false);
  const [label, setLabel] = useState("any");
  const [memory, setMemory] = useState<string[] | null>(null);
  const [sandbox, setSandbox] = useState("");
  const [bound, setBound] = useState({ task: "", run: "", session: "" });
  const chosen = agent || known[0]?.name;
  if (send.data) return <MadeGrantDialog made={send.data} onClose={onClose} />;

  function submit() {
    if (chosen === undefined) return;
    const body = {
      agent: chosen,
      expires_seconds: Number(term),
      max_cost: cost || null,
      max_tokens: tokens === "" ? null : Number(tokens),
      models: names(models) ?? null,
      tools: noTools ? [] : (names(tools) ?? null),
      memory,
      sandbox: sandbox || null,
      label: label === "any" ? null : label,
      task: bound.task || null,
      run: bound.run || null,
      session: bound.session || null,
    };
    send.mutate({ body });
  }

  return (
    <FormDialog
      title="Make a grant"
      submit="Make grant"
      busy={send.isPending}
      refused={send.error ?? agents.error}
      canSubmit={chosen !== undefined}
      onSubmit={submit}
      onClose={onClose}
    >
      <div className="fields-row">
        <SelectField
          label="On behalf of"
          options={known.map(({ name }) => ({ id: name, title: name }))}
          value={chosen ?? ""}
          onChange={setAgent}
        />
        <SelectField label="Lasts" options={TERMS} value={term} onChange={setTerm} />
      </div>
      <div className="fields-row">
        <TextField
          label="US dollars in all"
          inputMode="decimal"
          value={cost}
          onChange={setCost}
          placeholder="0.50"
          description="Of all its calls together."
        />
        <TextField
          label="Tokens a call"
          inputMode="numeric"
          value={tokens}
          onChange={setTokens}
          placeholder="4096"
          description="Of output, at most."
        />
      </div>
      <TextField label="Models" value={models} onChange={setModels} placeholder="openai/gpt-5-mini, fast" />
      <TextField
        label="Tools"
        value={tools}
        onChange={setTools}
        isDisabled={noTools}
        placeholder="mail.search, sandbox.shell.exec"
      />
      <Checkbox isSelected={noTools} onChange={setNoTools}>
        No tools at all
      </Checkbox>
      <SelectField
        label="Content"
        options={LABELS}
        value={label}
        onChange={setLabel}
        description="The highest label of content that it may be used with."
      />
      <Disclosure title="Memory, sandbox, and what it is bound to">
        <div className="stack">
          <Memory of={memory} onChange={setMemory} />
          <TextField label="Sandbox profile" value={sandbox} onChange={setSandbox} placeholder="code" />
          {(["task", "run", "session"] as const).map((kind) => (
            <TextField
              key={kind}
              label={`Only for the ${kind}`}
              value={bound[kind]}
              onChange={(id) => setBound((before) => ({ ...before, [kind]: id }))}
              placeholder={{ task: "tsk_…", run: "run_…", session: "ses_…" }[kind]}
            />
          ))}
        </div>
      </Disclosure>
    </FormDialog>
  );
}

/** Memory layers: all that policies permit, or only some, or none. */
function Memory({ of, onChange }: { of: string[] | null; onChange: (layers: string[] | null) => void }) {
  return (
    <>
      <Checkbox isSelected={of !== null} onChange={(isLimited) => onChange(isLimited ? [] : null)}>
        Limit memory to some layers
      </Checkbox>
      {of && (
        <fieldset className="fieldset grant-layers">
          <legend>Layers</legend>
          {LAYERS.map((layer) => (
            <Checkbox
              key={layer}
              isSelected={of.includes(layer)}
              onChange={(has) => onChange(has ? [...of, layer] : of.filter((one) => one !== layer))}
            >
              {layer}
            </Checkbox>
          ))}
        </fieldset>
      )}
    </>
  );
}
