import { useAgentName } from "../../api/agents";
import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Dot } from "../../components/Badge";
import { Empty } from "../../components/Empty";
import { Filters, SearchFilter } from "../../components/Filters";
import { IntegrityBadge } from "../../components/LabelBadge";
import { Loaded } from "../../components/Loaded";
import { None } from "../../components/Money";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { useFilters } from "../../components/useFilters";
import { count } from "../../format/number";

type Row = Schemas["SessionRow"];

const DEFAULTS = { search: "" };

/** Conversations with agents that work by themselves. */
export default function Sessions() {
  const nameOf = useAgentName();
  const [{ search }, set] = useFilters(DEFAULTS);
  const sessions = useGet("/api/v1/sessions", { query: { limit: 1000 } }, { everyMs: 10_000 });
  const matches = ({ id, agent, person, connector }: Row) =>
    `${id} ${nameOf(agent)} ${person} ${connector}`.toLowerCase().includes(search.toLowerCase());
  return (
    <Page
      title="Sessions"
      lead="Conversations that people began with agents, those first in which something happened last."
    >
      <Filters label="Sessions">
        <SearchFilter label="Search agents and people" value={search} onChange={(text) => set({ search: text })} />
      </Filters>
      <Loaded of={sessions} skeleton={<Skeleton kind="row" rows={8} />}>
        {(data) => (
          <DataTable
            label="Sessions"
            rows={data.sessions.filter(matches)}
            rowKey={({ id }) => id}
            columns={columns(nameOf)}
            href={({ id }) => `/sessions/${id}`}
            empty={
              <Empty title={search ? `No session matches “${search}”` : "Nobody has written to an agent yet"}>
                <p>What people write over the webchat or another connector is a session here.</p>
              </Empty>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}

function columns(nameOf: (id: string) => string): Column<Row>[] {
  return [
    { id: "agent", title: "Agent", cell: ({ agent }) => nameOf(agent), sort: ({ agent }) => nameOf(agent) },
    {
      id: "person",
      title: "With",
      cell: ({ person }) => <span title={person}>{person}</span>,
      sort: ({ person }) => person,
    },
    { id: "connector", title: "Over", width: 110, isMinor: true, cell: ({ connector }) => connector },
    {
      id: "trusted",
      title: "Who wrote",
      width: 112,
      isMinor: true,
      cell: ({ trusted }) => <IntegrityBadge integrity={trusted ? "trusted" : "untrusted"} />,
    },
    {
      id: "messages",
      title: "Messages",
      align: "end",
      width: 102,
      isMinor: true,
      cell: ({ messages }) => count(messages),
      sort: ({ messages }) => messages,
    },
    {
      id: "waiting",
      title: "Wait",
      align: "end",
      width: 78,
      isMinor: true,
      cell: ({ waiting }) => (waiting > 0 ? count(waiting) : <None />),
      sort: ({ waiting }) => waiting,
    },
    {
      id: "work",
      title: "Now",
      width: 110,
      cell: (row) => (row.active_task ? <Dot tone="info">works</Dot> : <None />),
    },
    {
      id: "active",
      title: "Last",
      width: 130,
      isMinor: true,
      cell: ({ active_at }) => <Time at={active_at} />,
      sort: ({ active_at }) => active_at,
    },
  ];
}
