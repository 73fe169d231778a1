import { Plus } from "lucide-react";
import { useState } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Filters, SearchFilter } from "../../components/Filters";
import { useFilters } from "../../components/useFilters";
import { Loaded } from "../../components/Loaded";
import { Money, None } from "../../components/Money";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { count } from "../../format/number";
import { AgentState } from "./AgentState";
import { NewAgentDialog } from "./NewAgentDialog";

type Agent = Schemas["AgentView"];
const DEFAULTS = { search: "" };

type Spend = Map<string, Schemas["SpendLine"]>;

/** Who calls models and tools through the gateway. */
export default function Agents() {
  const may = useMay();
  const [{ search }, set] = useFilters(DEFAULTS);
  const [isOpen, setOpen] = useState(false);
  const agents = useGet("/api/v1/agents", {});
  const report = useGet("/api/v1/spend", may("spend.show") ? { query: { by: "agent" } } : null);
  const spend: Spend = new Map(report.data?.lines.map((line) => [line.name, line]));
  const create = may("agent.create") && (
    <Button kind="primary" icon={Plus} onPress={() => setOpen(true)}>
      Create agent
    </Button>
  );
  return (
    <Page
      title="Agents"
      lead="Each has an owner, keys, a budget, and policies of its own in the tree."
      actions={create}
    >
      <Filters label="Agents">
        <SearchFilter label="Search names and owners" value={search} onChange={(text) => set({ search: text })} />
      </Filters>
      <Loaded of={agents} skeleton={<Skeleton kind="row" rows={6} />}>
        {(data) => (
          <DataTable
            label="Agents"
            rows={data.agents.filter(({ name, owner }) => `${name} ${owner}`.includes(search))}
            rowKey={(agent) => agent.id}
            columns={columns(spend)}
            sort={{ column: "name", descending: false }}
            href={({ name }) => `/agents/${encodeURIComponent(name)}`}
            empty={
              search ? (
                <Empty title={`No agent matches “${search}”`} />
              ) : (
                <Empty title="There is no agent yet">
                  <p>An agent is who calls: give it a name, an owner and a budget, then a key.</p>
                  {create}
                </Empty>
              )
            }
          />
        )}
      </Loaded>
      {isOpen && <NewAgentDialog onClose={() => setOpen(false)} />}
    </Page>
  );
}

function columns(spend: Spend): Column<Agent>[] {
  return [
    { id: "name", title: "Name", minWidth: 104, cell: ({ name }) => name, sort: ({ name }) => name },
    { id: "state", title: "State", width: 112, cell: (agent) => <AgentState agent={agent} /> },
    { id: "owner", title: "Owner", isMinor: true, cell: ({ owner }) => owner, sort: ({ owner }) => owner },
    { id: "kind", title: "Kind", width: 90, isMinor: true, cell: ({ kind }) => kind, sort: ({ kind }) => kind },
    { id: "groups", title: "Groups", isMinor: true, cell: ({ groups }) => <Groups of={groups} /> },
    {
      id: "calls",
      title: "Calls, 30 days",
      align: "end",
      width: 124,
      isMinor: true,
      cell: ({ name }) => <Calls of={spend.get(name)} />,
      sort: ({ name }) => spend.get(name)?.calls,
    },
    {
      id: "spent",
      title: "Spent, 30 days",
      align: "end",
      width: 130,
      cell: ({ name }) => <Money of={spend.get(name)?.amount} />,
      sort: ({ name }) => spend.get(name)?.amount.nanos,
    },
    {
      id: "created",
      title: "Created",
      width: 130,
      isMinor: true,
      cell: (agent) => <Time at={agent.created_at} />,
      sort: (agent) => agent.created_at,
    },
  ];
}

function Groups({ of }: { of: string[] }) {
  if (of.length === 0) return <None />;
  return (
    <span className="badges">
      {of.map((group) => (
        <Badge key={group}>{group}</Badge>
      ))}
    </span>
  );
}

function Calls({ of }: { of: Schemas["SpendLine"] | undefined }) {
  return of ? count(of.calls) : <None />;
}
