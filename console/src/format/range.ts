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

/** The first instant of a span and the first after it, as a day or an instant; empty where it is open. */
export type Ends = Pick<Range, "from" | "to">;

/** Whole days. */
export interface Days {
  first: string;
  last: string;
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

/** The first and the last day of a span, the last one included; nothing for an end that is open, or is no time. */
export function daysOf({ from, to }: Ends): Days {
  const dayOf = (at: number) => (Number.isNaN(at) ? "" : isoDay(at));
  return { first: dayOf(Date.parse(from)), last: dayOf(Date.parse(to) - 1) };
}

/** The span with another first or last day, which takes the other one with it where they would cross. */
export function withDay(ends: Ends, changed: Partial<Days>): Ends {
  const { first, last } = { ...daysOf(ends), ...changed };
  const isCrossed = first !== "" && last !== "" && first > last;
  const days = isCrossed ? (changed.first ? { first, last: first } : { first: last, last }) : { first, last };
  return { from: days.first, to: days.last && isoDay(Date.parse(days.last) + DAY_MS) };
}

/** Whether a text is a day that somebody can mean, and not one that is still being typed. */
export function isDay(text: string): boolean {
  return /^2\d{3}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text));
}

/** The same length of time before a span. */
export function spanBefore({ from, to }: Ends): Ends {
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
