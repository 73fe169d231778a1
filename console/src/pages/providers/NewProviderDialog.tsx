import { useState } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { SelectField } from "../../components/SelectField";
import { TextField } from "../../components/TextField";

const KINDS = [
  { id: "openai", title: "OpenAI and compatible" },
  { id: "anthropic", title: "Anthropic" },
  { id: "azure", title: "Azure OpenAI" },
  { id: "mistral", title: "Mistral" },
  { id: "gemini", title: "Gemini" },
  { id: "bedrock", title: "Bedrock" },
] as const;

type Kind = (typeof KINDS)[number]["id"];

const ADDRESSES: Record<Kind, string> = {
  openai: "https://api.openai.com/v1",
  anthropic: "https://api.anthropic.com",
  azure: "https://example.openai.azure.com",
  mistral: "https://api.mistral.ai/v1",
  gemini: "https://generativelanguage.googleapis.com",
  bedrock: "https://bedrock-runtime.eu-central-1.amazonaws.com",
};

const LOCALITIES = [
  { id: "cloud", title: "In the cloud" },
  { id: "local", title: "Local: data stays with you" },
];

interface NewProviderDialogProps {
  onMade: (provider: Schemas["ProviderView"]) => void;
  onClose: () => void;
}

/** Registers a provider at run time. A file in the tree does the same and is reviewed. */
export function NewProviderDialog({ onMade, onClose }: NewProviderDialogProps) {
  const notify = useNotify();
  const send = useSend("post", "/api/v1/providers", ["/api/v1/providers", "/api/v1/overview"]);
  const [name, setName] = useState("");
  const [kind, setKind] = useState<Kind>("openai");
  const [address, setAddress] = useState("");
  const [locality, setLocality] = useState("cloud");
  const [secret, setSecret] = useState("");
  const [keyId, setKeyId] = useState("");
  const [retention, setRetention] = useState("");
  const [privacy, setPrivacy] = useState("");
  const isSigned = kind === "bedrock";

  function submit() {
    const key: Pick<Schemas["NewProvider"], "secret" | "aws"> = isSigned
      ? { aws: { access_key_id: keyId, secret_access_key: secret } }
      : { secret: secret || null };
    const retention_days = retention === "" ? null : Number(retention);
    const body = { name, kind, base_url: address, locality, privacy, retention_days, ...key };
    send.mutate(
      { body },
      {
        onSuccess: (made) => {
          notify(`${made.name} is connected.`);
          onMade(made);
        },
      },
    );
  }

  return (
    <FormDialog
      title="Add a provider"
      submit="Add provider"
      busy={send.isPending}
      refused={send.error}
      canSubmit={name !== "" && address !== "" && (!isSigned || (keyId !== "" && secret !== ""))}
      onSubmit={submit}
      onClose={onClose}
    >
      <div className="fields-row">
        <TextField label="Name" isRequired autoFocus value={name} onChange={setName} placeholder="acme" />
        <SelectField label="Speaks" options={KINDS} value={kind} onChange={setKind} />
      </div>
      <TextField
        label="Address"
        isRequired
        type="url"
        value={address}
        onChange={setAddress}
        placeholder={ADDRESSES[kind]}
        description={
          kind === "openai" || kind === "mistral" ? "With the path before /chat/completions." : "The host alone."
        }
      />
      {isSigned && (
        <TextField
          label="Where the key's id is"
          isRequired
          value={keyId}
          onChange={setKeyId}
          placeholder="env:AWS_ACCESS_KEY_ID"
        />
      )}
      <TextField
        label="Where its key is"
        isRequired={isSigned}
        value={secret}
        onChange={setSecret}
        placeholder={isSigned ? "env:AWS_SECRET_ACCESS_KEY" : "env:ACME_API_KEY"}
        description="env:NAME of the server's environment, or file:/path on its machine; never the key itself."
      />
      <SelectField
        label="Where it runs"
        options={LOCALITIES}
        value={locality}
        onChange={setLocality}
        description="Local is a promise that policies rely on."
      />
      <div className="fields-row">
        <TextField
          label="Keeps data, in days"
          inputMode="numeric"
          value={retention}
          onChange={setRetention}
          description="0 where it keeps nothing."
        />
        <TextField label="Privacy class" value={privacy} onChange={setPrivacy} description="A word for policies." />
      </div>
    </FormDialog>
  );
}
