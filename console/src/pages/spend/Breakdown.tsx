import { useMemo } from "react";

import type { Schemas } from "../../api/paths";
import { Empty } from "../../components/Empty";
import { Bar } from "../../components/Meter";
import { Money, None } from "../../components/Money";
import { useHref } from "../../components/PageLink";
import { DataTable, type Column } from "../../components/table/DataTable";
import { fine } from "../../format/money";
import { compact, count, duration, share } from "../../format/number";
import type { Range } from "../../format/range";
import { trafficAddress, type TrafficFilter } from "../traffic/filter";

interface BreakdownProps {
  report: Schemas["SpendReport"];
  /** The report of the same length of time before. */
  before: Schemas["SpendReport"] | undefined;
  range: Range;
}

/** A line of the report with what it cost in the same length of time before. */
type Line = Schemas["SpendLine"] & {
  change: number | null;
};

/** The parameter of the traffic page that shows the requests behind a line. */
const FILTERS: Record<string, keyof TrafficFilter> = {
  provider: "provider",
  model: "resource",
  agent: "agent",
  user: "user",
  key: "credential",
};

/** The name of the line of calls that have no person or key. */
const NOBODY = "-";

/** The lines of a report, each of which leads to its requests. */
export function Breakdown({ report: { by, total, lines }, before, range }: BreakdownProps) {
  const href = useHref();
  const rows = useMemo(() => {
    const was = before?.by === by && new Map(before.lines.map(({ name, amount }) => [name, amount.nanos]));
    return lines.map((line): Line => ({ ...line, change: was ? line.amount.nanos - (was.get(line.name) ?? 0) : null }));
  }, [by, lines, before]);
  const filter = FILTERS[by];
  return (
    <DataTable
      label={`Spend by ${by}`}
      rows={rows}
      rowKey={(line) => line.name}
      columns={columns(by, total.nanos)}
      sort={{ column: "amount", descending: true }}
      href={({ name }) => (filter && name !== NOBODY ? href(trafficAddress({ [filter]: name }, range)) : undefined)}
      empty={
        <Empty title="Nothing was spent in this time">
          <p>As soon as a call is charged, its line is here. Choose a longer time, or send a first message.</p>
        </Empty>
      }
    />
  );
}

function columns(by: string, total: number): Column<Line>[] {
  const title = by.charAt(0).toUpperCase() + by.slice(1);
  const figure = (id: string, name: string, cell: Column<Line>["cell"], sort: Column<Line>["sort"]): Column<Line> => ({
    id,
    title: name,
    align: "end",
    width: 72,
    isMinor: true,
    cell,
    sort,
  });
  const saving = (id: string, name: string, of: (line: Line) => Schemas["Money"]): Column<Line> => ({
    ...figure(
      id,
      name,
      (line) => <Money of={of(line)} />,
      (line) => of(line).nanos,
    ),
    width: 110,
  });
  const milliseconds = (value: number | null | undefined) => (value == null ? <None /> : duration(value));
  return [
    {
      id: "name",
      title,
      minWidth: 120,
      cell: (line) => <span title={line.name}>{line.name}</span>,
      sort: (line) => line.name,
    },
    {
      id: "amount",
      title: "Spent",
      align: "end",
      width: 108,
      cell: (line) => <Money of={line.amount} />,
      sort: (line) => line.amount.nanos,
    },
    {
      id: "share",
      title: "Share",
      width: 96,
      isMinor: true,
      cell: (line) => (
        <span className="cell-bar">
          <Bar part={total === 0 ? 0 : line.amount.nanos / total} />
          <span>{share(line.amount.nanos, total)}</span>
        </span>
      ),
    },
    {
      ...figure(
        "change",
        "Change",
        ({ change }) => <Change nanos={change} />,
        (line) => line.change,
      ),
      width: 96,
    },
    saving("saved", "Cache saved", ({ saved }) => saved),
    saving("routed", "Routing saved", ({ routed }) => routed),
    {
      ...figure(
        "calls",
        "Calls",
        (line) => count(line.calls),
        (line) => line.calls,
      ),
      isMinor: false,
    },
    figure(
      "errors",
      "Failed",
      (line) => share(line.errors, line.calls),
      (line) => line.errors / line.calls,
    ),
    figure(
      "input",
      "Input",
      (line) => compact(line.input_tokens),
      (line) => line.input_tokens,
    ),
    figure(
      "cached",
      "Cached",
      (line) => share(line.cached_tokens, line.input_tokens),
      (line) => line.cached_tokens,
    ),
    figure(
      "output",
      "Output",
      (line) => compact(line.output_tokens),
      (line) => line.output_tokens,
    ),
    figure(
      "p50",
      "p50",
      (line) => milliseconds(line.p50_ms),
      (line) => line.p50_ms,
    ),
    figure(
      "p99",
      "p99",
      (line) => milliseconds(line.p99_ms),
      (line) => line.p99_ms,
    ),
  ];
}

/** How much more or less than in the same length of time before. */
function Change({ nanos }: { nanos: number | null }) {
  if (nanos === null || nanos === 0) return <None />;
  return <span title="Against the same length of time before">{nanos > 0 ? `+${fine(nanos)}` : fine(nanos)}</span>;
}
