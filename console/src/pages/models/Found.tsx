import { Plus, Radar } from "lucide-react";
import { useState } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Badge, Dot } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { ErrorBox } from "../../components/ErrorBox";
import { None } from "../../components/Money";
import { Section } from "../../components/Page";
import { RowMenu } from "../../components/RowMenu";
import { DataTable, type Column } from "../../components/table/DataTable";
import { compact } from "../../format/number";
import { healthTone } from "../providers/health";
import { NewModelDialog, type Known } from "./NewModelDialog";

type Model = Schemas["ProbedModel"];

/** Asks every provider what it serves, and shows where that differs from what is registered. */
export function Found() {
  const send = useSend("post", "/api/v1/models/probe", []);
  return (
    <div className="stack">
      <div className="filters">
        <Button icon={Radar} isBusy={send.isPending} onPress={() => send.mutate({})}>
          {send.isPending ? "Asking" : "Ask now"}
        </Button>
        <span className="soft">Nothing is generated, and nothing costs.</span>
      </div>
      {send.error && <ErrorBox error={send.error} />}
      <Answers providers={send.data?.providers} onChange={() => send.mutate({})} />
    </div>
  );
}

interface AnswersProps {
  providers: Schemas["ProbedProvider"][] | undefined;
  /** Called where the answers are other ones now. */
  onChange: () => void;
}

function Answers({ providers, onChange }: AnswersProps) {
  if (providers && providers.length > 0) {
    return providers.map((provider) => (
      <Provider key={`${provider.name} ${provider.base_url}`} provider={provider} onChange={onChange} />
    ));
  }
  return (
    <div className="panel">
      <Empty title={providers ? "Nothing answers" : "What could be used?"}>
        <p>
          {providers
            ? "Start Ollama, vLLM, llama.cpp or LM Studio on the server's machine, export a provider's key in its environment, or add a provider by its address."
            : "Every provider is asked whether it answers and what it serves; model servers on the server's machine and provider keys in its environment are looked for."}
        </p>
      </Empty>
    </div>
  );
}

function Provider({ provider, onChange }: { provider: Schemas["ProbedProvider"]; onChange: () => void }) {
  const { name, base_url, locality, registered, health, models } = provider;
  const may = useMay();
  const [chosen, setChosen] = useState<Known | null>(null);
  const canAdd = may("model.add") && registered;
  const isFree = locality === "local";

  /** What a found model is called at its provider follows its provider's name in its id. */
  function actions({ id, registered: isKnown, context_tokens, capabilities }: Model) {
    const upstream = id.startsWith(`${name}/`) ? id.slice(name.length + 1) : id;
    const of = { provider: name, upstream, context_tokens, capabilities, isFree };
    const register = { title: "Register", icon: Plus, onAction: () => setChosen(of) };
    return <RowMenu label={`Actions for ${id}`} actions={canAdd && !isKnown ? [register] : []} />;
  }

  const state = registered ? (
    <Dot tone={healthTone(health)}>{health ?? "was not asked"}</Dot>
  ) : (
    <Badge tone="info">not registered: taken up at the next start</Badge>
  );
  return (
    <Section title={`${name} at ${base_url}`} actions={state}>
      <DataTable
        label={`Models of ${name}`}
        rows={models}
        rowKey={(model) => model.id}
        columns={COLUMNS}
        actions={actions}
        empty={
          <Empty title={isFree ? "It tells of no model" : "None of its models is registered"}>
            {!isFree && <p>What it serves besides is told by the provider itself.</p>}
            {canAdd && (
              <Button icon={Plus} onPress={() => setChosen({ provider: name, isFree })}>
                Register a model of {name}
              </Button>
            )}
          </Empty>
        }
      />
      {chosen && <NewModelDialog of={chosen} onMade={onChange} onClose={() => setChosen(null)} />}
    </Section>
  );
}

const COLUMNS: Column<Model>[] = [
  { id: "id", title: "Model", cell: ({ id }) => <span title={id}>{id}</span>, sort: ({ id }) => id },
  {
    id: "registered",
    title: "Registered",
    width: 120,
    cell: ({ registered, origin }) => (registered ? <Badge>{origin}</Badge> : <Badge tone="info">new</Badge>),
  },
  { id: "served", title: "Served", width: 90, cell: ({ served }) => <Served of={served} /> },
  {
    id: "context",
    title: "Context",
    align: "end",
    width: 90,
    isMinor: true,
    cell: (model) => (model.context_tokens == null ? <None /> : compact(model.context_tokens)),
    sort: (model) => model.context_tokens,
  },
  { id: "can", title: "Can do", isMinor: true, cell: ({ capabilities }) => capabilities.join(", ") || <None /> },
  {
    id: "differs",
    title: "Differs",
    isMinor: true,
    cell: ({ differs }) =>
      differs.length === 0 ? (
        <None />
      ) : (
        differs.map(({ fact, registered, found }) => `${fact}: ${registered}, found ${found}`).join("; ")
      ),
  },
];

function Served({ of }: { of: boolean | null | undefined }) {
  if (of == null) return <>unknown</>;
  return <Dot tone={of ? "good" : "bad"}>{of ? "yes" : "no"}</Dot>;
}
