import type { Schemas } from "../../api/paths";
import { Empty } from "../../components/Empty";
import { PageLink } from "../../components/PageLink";
import { DataTable, type Column } from "../../components/table/DataTable";
import { replayTold } from "./replay";

type Told = Schemas["ReplayedView"];

const COLUMNS: Column<Told>[] = [
  {
    id: "request",
    title: "Request",
    cell: ({ request }) => <PageLink to={`/traffic/${encodeURIComponent(request)}`}>{request}</PageLink>,
    width: 150,
  },
  { id: "agent", title: "Agent", width: 130, cell: ({ agent }) => agent, sort: ({ agent }) => agent },
  {
    id: "model",
    title: "Model",
    width: 170,
    cell: ({ model }) => <span title={model}>{model}</span>,
    sort: ({ model }) => model,
  },
  { id: "before", title: "Now", cell: ({ before }) => <span title={before}>{before}</span>, isMinor: true },
  { id: "after", title: "With the change", cell: ({ after }) => <span title={after}>{after}</span>, minWidth: 260 },
];

/** How the calls on record would have been decided. */
export function Replay({ replay }: { replay: Schemas["ReplayView"] }) {
  const { replayed, told } = replay;
  if (replayed === 0) return <p className="soft">{replayTold(replay)}</p>;
  return (
    <section className="section policy-replay" aria-label="Calls on record">
      <h3>The calls on record, decided again</h3>
      <p>{replayTold(replay)}</p>
      <p className="soft">A call counts once for each model that it could have gone to. The newest are asked again.</p>
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
