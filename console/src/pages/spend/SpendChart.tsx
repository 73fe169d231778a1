import { useMemo } from "react";

import type { Schemas } from "../../api/paths";
import { Chart, ChartSkeleton } from "../../components/chart/Chart";
import { axis, fine } from "../../format/money";
import { DAY_MS, HOUR_MS } from "../../format/time";

const UNIT = { value: fine, axis };

interface SpendChartProps {
  series: Schemas["SpendSeries"];
  /** Told what was selected: the first instant, and the first after it. */
  onZoom: (from: number, to: number) => void;
}

/** Spend over time. */
export function SpendChart({ series: { by, bucket, starts, series }, onZoom }: SpendChartProps) {
  const shown = useMemo(
    () => ({
      starts: starts.map((start) => Date.parse(start)),
      series: series.map(({ name, nanos }) => ({ name, values: nanos })),
    }),
    [starts, series],
  );
  const stepMs = bucket === "hour" ? HOUR_MS : DAY_MS;
  // Calls of free models have lines of their own, and nothing to draw.
  const nothing = series.length > 0 ? "Nothing was charged: these calls were free" : "No call in this time";
  return <Chart label={labelOf(by, bucket)} {...shown} stepMs={stepMs} unit={UNIT} nothing={nothing} onZoom={onZoom} />;
}

/** Holds the place of the chart. */
export function SpendChartSkeleton({ by, bucket }: { by: string; bucket: string }) {
  return <ChartSkeleton label={labelOf(by, bucket)} />;
}

function labelOf(by: string, bucket: string): string {
  return `Spend by ${by}, each ${bucket}`;
}
