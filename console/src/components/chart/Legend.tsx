import type { ChartProps } from "./Chart";
import { stepName } from "./step";

/** The names of the series, and what each has in the step below the pointer, or in all steps together. */
export function Legend({ series, starts, stepMs, unit, step }: ChartProps & { step: number | null }) {
  const at = step === null ? undefined : starts[step];
  const value = (values: number[]) => (step === null ? values.reduce((sum, one) => sum + one, 0) : (values[step] ?? 0));
  const total = series.reduce((sum, { values }) => sum + value(values), 0);
  return (
    <div className="legend" role="region" aria-label="Legend" tabIndex={0}>
      <p>
        <span>{at === undefined ? "In all" : stepName(at, stepMs)}</span>
        <span>{unit.value(total)}</span>
      </p>
      <ul>
        {series.map(({ name, values }, index) => (
          <li key={name}>
            <span className="legend-key" data-series={index} aria-hidden="true" />
            <span className="legend-name" title={name}>
              {name}
            </span>
            <span>{unit.value(value(values))}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
