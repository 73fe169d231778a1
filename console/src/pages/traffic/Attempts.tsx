import { Money, None } from "../../components/Money";
import { Outcome } from "../../components/Outcome";
import { DataTable, type Column } from "../../components/table/DataTable";
import { numberOf } from "../../format/fields";
import { exact } from "../../format/money";
import { count, duration } from "../../format/number";
import type { Attempt } from "./story";

/** What was tried, in order. */
export function Attempts({ of }: { of: Attempt[] }) {
  const rows = of.map((attempt, index) => ({ ...attempt, no: index + 1 }));
  return <DataTable label="Attempts" rows={rows} rowKey={({ no }) => String(no)} columns={COLUMNS} />;
}

const tokens = (id: string, title: string, name: string): Column<Attempt> => ({
  id,
  title,
  align: "end",
  width: 84,
  isMinor: true,
  cell: ({ usage }) => {
    const value = numberOf(usage[name]);
    return value === undefined ? <None /> : count(value);
  },
});

const COLUMNS: Column<Attempt & { no: number }>[] = [
  { id: "no", title: "No.", width: 52, isMinor: true, cell: ({ no }) => no },
  { id: "resource", title: "Model or tool", cell: ({ resource }) => <span title={resource}>{resource}</span> },
  { id: "provider", title: "Provider", width: 120, isMinor: true, cell: ({ provider }) => provider ?? <None /> },
  { id: "outcome", title: "Outcome", width: 150, cell: ({ outcome }) => <Outcome code={outcome} /> },
  {
    id: "ms",
    title: "Ended after",
    align: "end",
    width: 106,
    isMinor: true,
    cell: ({ ms }) => (ms === undefined ? <None /> : duration(ms)),
  },
  tokens("input", "Input", "input"),
  tokens("cached", "Cached", "cached"),
  tokens("output", "Output", "output"),
  {
    id: "cost",
    title: "Cost",
    align: "end",
    width: 104,
    cell: ({ costNanos }) => <Money of={costNanos === undefined ? null : exact(costNanos)} />,
  },
];
