import { Plus } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useParams } from "wouter";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay, useMayFor } from "../../api/session";
import { Button } from "../../components/Button";
import { Facts } from "../../components/Facts";
import { Loaded } from "../../components/Loaded";
import { Sum } from "../../components/Money";
import { Page, Section } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { Skeleton } from "../../components/Skeleton";
import { Stat, Stats, StatsSkeleton } from "../../components/Stat";
import { Time } from "../../components/Time";
import { compact, count, duration, share } from "../../format/number";
import { KeyTable } from "../keys/KeyTable";
import { NewKeyDialog } from "../keys/NewKeyDialog";
import { BudgetTable } from "../spend/BudgetTable";
import { TrafficLink } from "../traffic/TrafficLink";
import { AgentState } from "./AgentState";

/** One agent: who answers for it, what it cost, what it may spend, and its keys. */
export default function Agent() {
  const { name = "" } = useParams<{ name: string }>();
  const may = useMay();
  const agent = useGet("/api/v1/agents/{name}", { path: { name } });
  const report = useGet("/api/v1/spend", may("spend.show") ? { query: { by: "agent" } } : null);
  const line = report.data?.lines.find((known) => known.name === name);
  return (
    <Page title={name} up={{ href: "/agents", title: "Agents" }} actions={<TrafficLink of={{ agent: name }} />}>
      <Loaded of={agent} skeleton={<Skeleton kind="row" rows={5} />}>
        {(data) => (
          <>
            {report.isLoading ? <StatsSkeleton labels={TOTALS} /> : <Totals line={line} />}
            <div className="panel">
              <Facts of={facts(data)} />
            </div>
            {may("key.list") && <Keys agent={name} owner={data.owner} />}
            {may("budget.show") && <Budget agent={name} owner={data.owner} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function facts(agent: Schemas["AgentView"]): [string, ReactNode][] {
  return [
    ["State", <AgentState agent={agent} />],
    ["Owner", agent.owner],
    ["Kind", agent.kind === "system" ? "system: it runs by itself" : "user: it acts for people"],
    ["Groups", agent.groups.join(", ") || "none"],
    ["Created", <Time at={agent.created_at} />],
    ["Id", <code>{agent.id}</code>],
    ["Definition", <Definition path={`agents/${agent.name}/agent.toml`} />],
  ];
}

/** Its file in the tree, beside which its policies are. */
function Definition({ path }: { path: string }) {
  return (
    <PageLink to={`/policies?${new URLSearchParams({ file: path })}`}>
      <code>{path}</code>
    </PageLink>
  );
}

const TOTALS = ["Spent, 30 days", "Calls", "Tokens", "Median answer"];

function Totals({ line }: { line: Schemas["SpendLine"] | undefined }) {
  if (!line) return <StatsSkeleton labels={TOTALS} />;
  return (
    <Stats>
      <Stat label="Spent, 30 days" value={<Sum of={line.amount} />} />
      <Stat label="Calls" value={count(line.calls)} note={`${share(line.errors, line.calls)} failed`} />
      <Stat
        label="Tokens"
        value={compact(line.input_tokens + line.output_tokens)}
        note={`${share(line.cached_tokens, line.input_tokens)} of input was cached`}
      />
      <Stat
        label="Median answer"
        value={line.p50_ms == null ? "–" : duration(line.p50_ms)}
        note={line.p99_ms == null ? undefined : `99 in 100 within ${duration(line.p99_ms)}`}
      />
    </Stats>
  );
}

interface OfAgent {
  agent: string;
  owner: string;
}

function Keys({ agent, owner }: OfAgent) {
  const may = useMayFor(owner);
  const [isOpen, setOpen] = useState(false);
  const keys = useGet("/api/v1/keys", { query: { agent } });
  return (
    <Section
      title="Keys"
      actions={
        may("key.create") && (
          <Button icon={Plus} onPress={() => setOpen(true)}>
            Create key
          </Button>
        )
      }
    >
      <Loaded of={keys} skeleton={<Skeleton kind="row" rows={3} />}>
        {(data) => <KeyTable keys={data.keys} owner={owner} isOfOneAgent />}
      </Loaded>
      {isOpen && <NewKeyDialog agent={agent} onClose={() => setOpen(false)} />}
    </Section>
  );
}

function Budget({ agent, owner }: OfAgent) {
  const budget = useGet("/api/v1/budget", { query: { scope: "agent" } });
  return (
    <Section title="Budget">
      <Loaded of={budget} skeleton={<Skeleton kind="row" rows={2} />}>
        {({ accounts, raises }) => (
          <BudgetTable accounts={accounts.filter(({ name }) => name === agent)} raises={raises} owner={owner} isOfOne />
        )}
      </Loaded>
    </Section>
  );
}
