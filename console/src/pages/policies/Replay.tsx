import type { Schemas } from "../../api/paths";
import { Empty } from "../../components/Empty";
import { PageLink } from "../../components/PageLink";
import { Stat, Stats } from "../../components/Stat";
import { DataTable, type Column } from "../../components/table/DataTable";
import { count } from "../../format/number";

type Told = Schemas["ReplayedView"];

const COLUMNS: Column<Told>[] = [
  {
    id: "request",
    title: "Request",
    cell: ({ request }) => <PageLink to={`/requests/${encodeURIComponent(request)}`}>{request}</PageLink>,
    minWidth: 180,
  },
  { id: "agent", title: "Agent", cell: ({ agent }) => agent, sort: ({ agent }) => agent },
  { id: "model", title: "Model", cell: ({ model }) => model, sort: ({ model }) => model },
  { id: "before", title: "Now", cell: ({ before }) => <span title={before}>{before}</span>, isMinor: true },
  { id: "after", title: "With the change", cell: ({ after }) => <span title={after}>{after}</span>, minWidth: 200 },
];

/** How the calls on record would have been decided. */
export function Replay({ replay }: { replay: Schemas["ReplayView"] }) {
  const { replayed, skipped, permits, denies, obliges, told } = replay;
  if (replayed === 0) return <p className="soft">No decision is on record that could be asked again.</p>;
  return (
    <section className="section policy-replay" aria-label="Calls on record">
      <h3>The calls on record, decided again</h3>
      <Stats>
        <Stat
          label="Asked again"
          value={count(replayed)}
          note={skipped > 0 ? `${count(skipped)} say too little` : "newest first"}
        />
        <Stat label="Newly permitted" value={count(permits)} note="calls of a model" />
        <Stat label="Newly denied" value={count(denies)} note="calls of a model" />
        <Stat label="Other obligations" value={count(obliges)} note="redaction, limits, approval" />
      </Stats>
      {told.length > 0 && (
        <DataTable
          label="Calls that would be decided differently"
          rows={told}
          rowKey={({ request, model }) => `${request} ${model}`}
          columns={COLUMNS}
          empty={<Empty title="None" />}
        />
      )}
    </section>
  );
}
