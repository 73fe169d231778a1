import type { ReactNode } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Badge, Dot } from "../../components/Badge";
import { Facts } from "../../components/Facts";
import { Section } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { Time } from "../../components/Time";
import { counted } from "../../format/number";
import { healthTone } from "../providers/health";

type Overview = Schemas["Overview"];

/** What runs, and whether it answers. */
export function Parts({ overview }: { overview: Overview }) {
  return (
    <div className="columns">
      <Section title="Providers">
        <Providers overview={overview} />
      </Section>
      <Section title="System">
        <div className="panel">
          <Facts of={system(overview)} />
        </div>
      </Section>
    </div>
  );
}

/** Whether they answer is asked beside the page, since the slowest of them takes seconds. */
function Providers({ overview }: { overview: Overview }) {
  const asked = useGet("/api/v1/overview", { query: { ask_providers: true } }, { everyMs: 60_000 });
  const known = asked.data?.providers ?? overview.providers;
  const facts = known.map(({ provider, health }): [string, ReactNode] => [
    provider.name,
    <span className="fact-line">
      <Dot tone={healthTone(health)}>{health ?? "asking"}</Dot>
      <span className="soft">{counted(provider.models, "model")}</span>
      {provider.simulator && <Badge tone="warn">invents its answers</Badge>}
      {!provider.ready && <Badge tone="bad">its key is not there</Badge>}
    </span>,
  ]);
  return (
    <div className="panel">
      <Facts of={facts} />
    </div>
  );
}

function system(overview: Overview): [string, ReactNode][] {
  const { policy, redis, events_waiting } = overview;
  return [
    [
      "Policies",
      <span className="fact-line">
        <Dot tone={policy.rejected ? "warn" : "good"}>
          commit <code>{policy.commit.slice(0, 12)}</code>
        </Dot>
        {policy.synced_at && (
          <span className="soft">
            the remote answered <Time at={policy.synced_at} />
          </span>
        )}
      </span>,
    ],
    ["Database", <Dot tone={overview.database_ok ? "good" : "bad"}>{overview.database}</Dot>],
    [
      "Bus",
      <span className="fact-line">
        {overview.bus}
        {events_waiting != null && <span className="soft">{counted(events_waiting, "event")} waiting</span>}
      </span>,
    ],
    ["Redis", <Dot tone={redis === "answers" ? "good" : redis === "does not answer" ? "bad" : "plain"}>{redis}</Dot>],
    ["Agents", <PageLink to="/agents">{counted(overview.agents, "agent")}</PageLink>],
    ["Models", <PageLink to="/models">{counted(overview.models, "model")}</PageLink>],
    ["Gateway", <code>{overview.gateway}</code>],
    ["Version", overview.version],
  ];
}
