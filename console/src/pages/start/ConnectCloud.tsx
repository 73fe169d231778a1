import { useState, type FormEvent } from "react";

import { Button } from "../../components/Button";
import { ErrorBox } from "../../components/ErrorBox";
import { PageLink } from "../../components/PageLink";
import { SelectField } from "../../components/SelectField";
import { TextField } from "../../components/TextField";
import { useRegister } from "./useRegister";

const KINDS = {
  openai: { title: "OpenAI", base_url: "https://api.openai.com/v1", secret: "env:OPENAI_API_KEY", model: "gpt-5-mini" },
  anthropic: {
    title: "Anthropic",
    base_url: "https://api.anthropic.com",
    secret: "env:ANTHROPIC_API_KEY",
    model: "claude-haiku-4-5",
  },
  mistral: {
    title: "Mistral",
    base_url: "https://api.mistral.ai/v1",
    secret: "env:MISTRAL_API_KEY",
    model: "mistral-small-latest",
  },
  gemini: {
    title: "Gemini",
    base_url: "https://generativelanguage.googleapis.com",
    secret: "env:GEMINI_API_KEY",
    model: "gemini-2.5-flash",
  },
};

type Kind = keyof typeof KINDS;

const OPTIONS = (Object.keys(KINDS) as Kind[]).map((id) => ({ id, title: KINDS[id].title }));

/** Registers a provider with a model. Its key is named by where it is, and never goes through the browser. */
export function ConnectCloud({ onModel }: { onModel: (id: string) => void }) {
  const register = useRegister(onModel);
  const [kind, setKind] = useState<Kind>("openai");
  const [address, setAddress] = useState("");
  const [secret, setSecret] = useState("");
  const [model, setModel] = useState("");
  const usual = KINDS[kind];

  function submit(event: FormEvent) {
    event.preventDefault();
    if (register.isBusy) return;
    const upstream = model || usual.model;
    const provider = {
      name: kind,
      kind,
      base_url: address || usual.base_url,
      locality: "cloud",
      secret: secret || usual.secret,
    };
    const capabilities = ["streaming", "tools", "json_schema"];
    register.go(provider, { id: `${kind}/${upstream}`, provider: kind, upstream, capabilities });
  }

  return (
    <form className="start-form" onSubmit={submit}>
      <SelectField label="Provider" options={OPTIONS} value={kind} onChange={setKind} />
      <TextField
        label="Where its key is"
        value={secret}
        onChange={setSecret}
        placeholder={usual.secret}
        description="env:NAME of the server's environment, or file:/path on its machine; never the key itself."
      />
      <TextField label="Model" value={model} onChange={setModel} placeholder={usual.model} />
      <TextField label="Address" value={address} onChange={setAddress} placeholder={usual.base_url} />
      <div className="start-buttons">
        <Button kind="primary" type="submit" isBusy={register.isBusy}>
          Connect
        </Button>
      </div>
      {register.error && <ErrorBox error={register.error} />}
      {register.made?.ready === false && (
        <p role="status">
          It is registered, and the server does not find <code>{register.made.secret}</code>. Export it where the server
          is started, and start it again; or remove it on <PageLink to="/providers">Providers</PageLink> and name
          another place here.
        </p>
      )}
    </form>
  );
}
