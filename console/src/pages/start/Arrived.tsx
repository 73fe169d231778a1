import { Link } from "wouter";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Sum } from "../../components/Money";
import { useHref } from "../../components/PageLink";
import { Stat, Stats } from "../../components/Stat";
import { count, counted, duration } from "../../format/number";

type Line = Schemas["RequestLine"];

/** The first call, what it cost, and where that is kept. */
export function Arrived({ call }: { call: Line }) {
  const href = useHref();
  const links = [
    { to: "/spend?by=agent", title: "See it in spend" },
    { to: `/traffic/${encodeURIComponent(call.id)}`, title: "What was decided, step by step" },
    { to: "/", title: "To the overview" },
  ];
  return (
    <div className="stack">
      <Stats>
        <Stat label="Model" value={<span className="start-model">{call.resource}</span>} note={call.provider ?? ""} />
        <Stat
          label="Tokens"
          value={count((call.input_tokens ?? 0) + (call.output_tokens ?? 0))}
          note={`${count(call.input_tokens ?? 0)} in, ${count(call.output_tokens ?? 0)} out`}
        />
        <Stat label="Cost" value={call.cost ? <Sum of={call.cost} /> : "–"} note={<Charged agent={call.agent} />} />
        <Stat
          label="Took"
          value={call.ms == null ? "–" : duration(call.ms)}
          note={call.cached ? "from the cache" : ""}
        />
      </Stats>
      <div className="filters">
        {links.map(({ to, title }, index) => {
          const known = href(to);
          return (
            known && (
              <Link key={to} href={known} className="button" data-kind={index === 0 ? "primary" : undefined}>
                {title}
              </Link>
            )
          );
        })}
      </div>
    </div>
  );
}

/** What the report has of the agent by now. */
function Charged({ agent }: { agent: string }) {
  const may = useMay();
  const report = useGet("/api/v1/spend", may("spend.show") ? { query: { by: "agent" } } : null, { everyMs: 2_000 });
  const line = report.data?.lines.find(({ name }) => name === agent);
  return <>{line ? `in the report: ${counted(line.calls, "call")}` : "on its way to the report"}</>;
}
