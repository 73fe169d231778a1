import { useState } from "react";

import { useGet, useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Checkbox } from "../../components/Checkbox";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { SelectField } from "../../components/SelectField";
import { TextField } from "../../components/TextField";

const SIZES = ["small", "medium", "large"].map((id) => ({ id, title: id }));
const CAPABILITIES = ["streaming", "tools", "json_schema", "images", "reasoning", "embeddings"];

/** What is known of a model before it is registered. */
export interface Known {
  provider: string;
  upstream?: string;
  context_tokens?: number | null;
  capabilities?: string[];
  /** Whether it runs on hardware of one's own, and costs nothing. */
  isFree?: boolean;
}

interface NewModelDialogProps {
  of?: Known;
  onMade?: () => void;
  onClose: () => void;
}

/** Registers a model at run time. A file in the tree does the same and is reviewed. */
export function NewModelDialog({ of, onMade, onClose }: NewModelDialogProps) {
  const notify = useNotify();
  const providers = useGet("/api/v1/providers", {});
  const send = useSend("post", "/api/v1/models", ["/api/v1/models", "/api/v1/providers", "/api/v1/overview"]);
  const names = providers.data?.providers.map(({ name }) => name) ?? [];
  const [id, setId] = useState(of?.upstream ? `${of.provider}/${of.upstream}` : "");
  const [provider, setProvider] = useState(of?.provider ?? "");
  const [upstream, setUpstream] = useState(of?.upstream ?? "");
  const [size, setSize] = useState("medium");
  const [context, setContext] = useState(of?.context_tokens ? String(of.context_tokens) : "");
  const [input, setInput] = useState(of?.isFree ? "0" : "");
  const [output, setOutput] = useState(of?.isFree ? "0" : "");
  const [capabilities, setCapabilities] = useState(of?.capabilities?.length ? of.capabilities : ["streaming"]);
  const chosen = provider || names[0];

  function submit() {
    if (chosen === undefined) return;
    const body: Schemas["NewModel"] = {
      id,
      provider: chosen,
      upstream: upstream || null,
      size,
      context_tokens: context === "" ? null : Number(context),
      price_input: input || null,
      price_output: output || null,
      capabilities,
    };
    send.mutate(
      { body },
      {
        onSuccess: (made) => {
          notify(`${made.id} is registered.`);
          onMade?.();
          onClose();
        },
      },
    );
  }

  return (
    <FormDialog
      title="Register a model"
      submit="Register model"
      busy={send.isPending}
      refused={send.error ?? providers.error}
      canSubmit={id !== "" && chosen !== undefined}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="Id"
        isRequired
        autoFocus
        value={id}
        onChange={setId}
        placeholder="acme/large"
        description="What callers and policies call it."
      />
      <div className="fields-row">
        <SelectField
          label="Provider"
          options={names.map((name) => ({ id: name, title: name }))}
          value={chosen ?? ""}
          onChange={setProvider}
        />
        <TextField label="Name at the provider" value={upstream} onChange={setUpstream} placeholder={id} />
      </div>
      <div className="fields-row">
        <SelectField label="Size" options={SIZES} value={size} onChange={setSize} />
        <TextField
          label="Context, in tokens"
          inputMode="numeric"
          value={context}
          onChange={setContext}
          placeholder="8192"
        />
      </div>
      <div className="fields-row">
        <TextField
          label="US dollars, a million in"
          inputMode="decimal"
          value={input}
          onChange={setInput}
          placeholder="3.00"
        />
        <TextField
          label="US dollars, a million out"
          inputMode="decimal"
          value={output}
          onChange={setOutput}
          placeholder="15.00"
        />
      </div>
      <fieldset className="fieldset">
        <legend>What it can do</legend>
        {CAPABILITIES.map((name) => (
          <Checkbox
            key={name}
            isSelected={capabilities.includes(name)}
            onChange={(can) =>
              setCapabilities((before) => (can ? [...before, name] : before.filter((known) => known !== name)))
            }
          >
            {name}
          </Checkbox>
        ))}
      </fieldset>
    </FormDialog>
  );
}
