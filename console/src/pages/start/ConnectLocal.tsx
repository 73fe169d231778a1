import { Radar } from "lucide-react";
import { useState, type FormEvent } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Button } from "../../components/Button";
import { Disclosure } from "../../components/Disclosure";
import { ErrorBox } from "../../components/ErrorBox";
import { TextField } from "../../components/TextField";
import { compact } from "../../format/number";
import { useRegister } from "./useRegister";

/** What nearly every model can do, of which its server does not tell. */
const USUAL = ["streaming"];

/** Looks for model servers on the server's machine, and takes up a model of one. */
export function ConnectLocal({ onModel }: { onModel: (id: string) => void }) {
  const probe = useSend("post", "/api/v1/models/probe", []);
  const local = probe.data?.providers.filter(({ locality }) => locality === "local");
  return (
    <div className="stack">
      <div className="filters">
        <Button icon={Radar} isBusy={probe.isPending} onPress={() => probe.mutate({})}>
          {probe.isPending ? "Looking" : "Look for model servers"}
        </Button>
        <span className="soft">
          Ollama, vLLM, llama.cpp and LM Studio on their usual ports, on the server's machine.
        </span>
      </div>
      {probe.error && <ErrorBox error={probe.error} retry={() => probe.mutate({})} />}
      {local?.length === 0 && (
        <p role="status">
          None answers. Start one, such as <code>ollama serve</code> after <code>ollama pull qwen3</code>, and look
          again; or name its address below; or connect a provider; or go on with the simulator.
        </p>
      )}
      {local?.map((found) => (
        <Found key={found.name} of={found} onModel={onModel} />
      ))}
      <Disclosure title="It listens elsewhere">
        <Elsewhere onModel={onModel} />
      </Disclosure>
    </div>
  );
}

function Found({ of, onModel }: { of: Schemas["ProbedProvider"]; onModel: (id: string) => void }) {
  const register = useRegister(onModel);
  const [taken, setTaken] = useState<string[]>([]);
  if (of.models.length === 0) {
    return (
      <p>
        {of.name} at <code>{of.base_url}</code> serves no model yet.
      </p>
    );
  }
  return (
    <>
      <p>
        {of.name} at <code>{of.base_url}</code>:
      </p>
      <ul className="start-list" aria-label={`Models of ${of.name}`}>
        {of.models.map(({ id, registered, capabilities, context_tokens }) => (
          <li key={id} className="fact-line">
            <strong>{id}</strong>
            {context_tokens != null && <span className="soft">{compact(context_tokens)} tokens</span>}
            {registered || taken.includes(id) ? (
              <span className="soft">registered</span>
            ) : (
              <Button
                isBusy={register.isBusy}
                onPress={() => {
                  const provider = { name: of.name, kind: "openai", base_url: of.base_url, locality: "local" };
                  const model = {
                    id,
                    provider: of.name,
                    upstream: upstreamOf(id, of.name),
                    capabilities: capabilities.length > 0 ? capabilities : USUAL,
                  };
                  const free = { price_input: "0", price_output: "0", context_tokens: context_tokens ?? null };
                  register.go(of.registered ? null : provider, { ...model, ...free }, () =>
                    setTaken((before) => [...before, id]),
                  );
                }}
              >
                Use
              </Button>
            )}
          </li>
        ))}
      </ul>
      {register.error && <ErrorBox error={register.error} />}
    </>
  );
}

/** Found models are called as their provider and their name there. */
function upstreamOf(id: string, provider: string): string {
  return id.startsWith(`${provider}/`) ? id.slice(provider.length + 1) : id;
}

/** Takes up a model of a server at an address that is not the usual one. */
function Elsewhere({ onModel }: { onModel: (id: string) => void }) {
  const register = useRegister(onModel);
  const [name, setName] = useState("");
  const [address, setAddress] = useState("");
  const [model, setModel] = useState("");
  const [made, setMade] = useState("");

  function submit(event: FormEvent) {
    event.preventDefault();
    if (register.isBusy) return;
    const provider = { name, kind: "openai", base_url: address, locality: "local" };
    const id = `${name}/${model}`;
    const free = { price_input: "0", price_output: "0" };
    register.go(provider, { id, provider: name, upstream: model, capabilities: USUAL, ...free }, () => setMade(id));
  }

  return (
    <form className="start-form" onSubmit={submit}>
      <TextField
        label="Address"
        isRequired
        type="url"
        value={address}
        onChange={setAddress}
        placeholder="http://127.0.0.1:9000/v1"
        description="As the server's machine reaches it, with the path before /chat/completions."
      />
      <TextField
        label="Name"
        isRequired
        value={name}
        onChange={setName}
        placeholder="lab"
        description="What policies and reports call the server."
      />
      <TextField
        label="Model"
        isRequired
        value={model}
        onChange={setModel}
        placeholder="qwen3-8b"
        description="As the server calls it."
      />
      <div className="start-buttons">
        <Button
          kind="primary"
          type="submit"
          isBusy={register.isBusy}
          isDisabled={address === "" || name === "" || model === ""}
        >
          Connect
        </Button>
      </div>
      {made && (
        <p role="status">
          <code>{made}</code> is registered.
        </p>
      )}
      {register.error && <ErrorBox error={register.error} />}
    </form>
  );
}
