import type { Tone } from "./Badge";

interface MeterProps {
  label: string;
  /** The part that is filled, of 1. */
  part: number;
  tone?: Tone;
  /** Where a mark stands, of 1. */
  mark?: number;
}

/** How much of a whole is used. */
export function Meter({ label, part, tone = "plain", mark }: MeterProps) {
  const percent = Math.round(Math.min(Math.max(part, 0), 1) * 100);
  return (
    <span className="meter" role="meter" aria-label={label} aria-valuenow={percent} data-tone={tone}>
      <span style={{ width: `${percent}%` }} />
      {mark !== undefined && <i style={{ left: `${mark * 100}%` }} />}
    </span>
  );
}

/** A share of a column's greatest value, as a bar that only pictures the figure beside it. */
export function Bar({ part }: { part: number }) {
  return (
    <span className="meter" aria-hidden="true">
      <span style={{ width: `${Math.min(Math.max(part, 0), 1) * 100}%` }} />
    </span>
  );
}
