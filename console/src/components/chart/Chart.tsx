import { BarChart3, Table2 } from "lucide-react";
import { lazy, Suspense, useState, type ReactNode } from "react";

import { useDark } from "../../app/theme";
import { IconButton } from "../Button";
import { ChartTable } from "./ChartTable";
import { Legend } from "./Legend";
import type { Series } from "./stack";

const Plot = lazy(() => import("./Plot"));

/** How the numbers of a chart are told. */
export interface Unit {
  value: (value: number) => string;
  /** For the axis, whose labels are `step` apart. */
  axis: (value: number, step: number) => string;
}

export interface ChartProps {
  /** What is shown: `Spend by model, each day`. */
  label: string;
  /** When each step begins, in milliseconds. */
  starts: number[];
  /** How long a step is, in milliseconds. */
  stepMs: number;
  /** The first at the bottom. */
  series: Series[];
  unit: Unit;
  /** What is said where all of it is nothing. */
  nothing?: string;
  /** Told what was selected with the pointer: the first instant, and the first after it. */
  onZoom?: (from: number, to: number) => void;
}

/** Bars over time, the series on each other; the same numbers as a table at the press of a button. */
export function Chart(props: ChartProps) {
  const [isTable, setTable] = useState(false);
  const [step, setStep] = useState<number | null>(null);
  const dark = useDark();
  const toggle = (
    <IconButton
      icon={isTable ? BarChart3 : Table2}
      label={isTable ? "Show as chart" : "Show as table"}
      onPress={() => setTable(!isTable)}
    />
  );
  return (
    <Frame label={props.label} actions={toggle}>
      {isTable ? (
        <ChartTable {...props} />
      ) : (
        <>
          {isEmpty(props.series) ? (
            <p className="plot plot-empty">{props.nothing ?? "Nothing in this time"}</p>
          ) : (
            <Suspense fallback={<div className="plot" />}>
              <Plot key={String(dark)} {...props} onStep={setStep} />
            </Suspense>
          )}
          <Legend {...props} step={step} />
        </>
      )}
    </Frame>
  );
}

function isEmpty(series: Series[]): boolean {
  return series.every(({ values }) => values.every((value) => value === 0));
}

/** Holds the place of a chart. */
export function ChartSkeleton({ label }: { label: string }) {
  return (
    <Frame label={label}>
      <div className="plot" />
      <div className="legend" />
    </Frame>
  );
}

function Frame({ label, actions, children }: { label: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <figure className="chart">
      <figcaption>
        {label}
        {actions}
      </figcaption>
      <div className="chart-body">{children}</div>
    </figure>
  );
}
