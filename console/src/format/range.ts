// Spans of time that reports are of, in days and hours of UTC as the ledger counts.

import { DAY_MS, isoDay } from "./time";

export const PRESETS = [
  { id: "1d", title: "Today" },
  { id: "7d", title: "7 days" },
  { id: "30d", title: "30 days" },
  { id: "90d", title: "90 days" },
  { id: "month", title: "This month" },
] as const;

export type Preset = (typeof PRESETS)[number]["id"];

export interface Range {
  /** The first day or instant. */
  from: string;
  /** The first day or instant after it. */
  to: string;
  /** The steps in which it is drawn. */
  bucket: "hour" | "day";
}

/** Up to this length, hours are drawn. */
const HOURLY_MS_MAX = 3 * DAY_MS;

/** The span of a preset, today included. */
export function presetRange(preset: Preset, now: number): Range {
  const today = isoDay(now);
  const to = isoDay(now + DAY_MS);
  if (preset === "month") return span(`${today.slice(0, 8)}01`, to);
  return span(isoDay(Date.parse(to) - Number.parseInt(preset, 10) * DAY_MS), to);
}

/** A span between two days or instants; none where they are not in order, or are no times. */
export function customRange(from: string, to: string): Range | undefined {
  return Date.parse(from) < Date.parse(to) ? span(from, to) : undefined;
}

/** The same length of time before a span. */
export function spanBefore({ from, to }: Pick<Range, "from" | "to">): { from: string; to: string } {
  const start = Date.parse(from);
  return { from: instant(start - (Date.parse(to) - start)), to: from };
}

/** An instant as short as the API takes it: a day at midnight. */
export function instant(at: number): string {
  return at % DAY_MS === 0 ? isoDay(at) : new Date(at).toISOString().replace(".000", "");
}

export function isPreset(text: string): text is Preset {
  return PRESETS.some(({ id }) => id === text);
}

function span(from: string, to: string): Range {
  return { from, to, bucket: Date.parse(to) - Date.parse(from) <= HOURLY_MS_MAX ? "hour" : "day" };
}
