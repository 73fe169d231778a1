import { DataTable, type Column } from "../table/DataTable";
import type { ChartProps } from "./Chart";
import { stepName } from "./step";

interface Step {
  start: number;
  values: number[];
}

/** The numbers of a chart, a row for each step of time. */
export function ChartTable({ label, starts, stepMs, series, unit }: ChartProps) {
  const rows = starts.map((start, step) => ({ start, values: series.map(({ values }) => values[step] ?? 0) }));
  const columns: Column<Step>[] = [
    {
      id: "start",
      title: "Begins (UTC)",
      width: 160,
      cell: ({ start }) => stepName(start, stepMs),
      sort: ({ start }) => start,
    },
    ...series.map(({ name }, index): Column<Step> => ({
      id: name,
      title: name,
      align: "end",
      cell: ({ values }) => unit.value(values[index] ?? 0),
      sort: ({ values }) => values[index],
    })),
  ];
  return (
    <div className="chart-table">
      <DataTable
        label={label}
        rows={rows}
        rowKey={({ start }) => String(start)}
        columns={columns}
        sort={{ column: "start", descending: true }}
      />
    </div>
  );
}
