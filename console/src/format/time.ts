// Instants for people: how long ago, and when exactly.

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const ABSOLUTE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

const SECOND = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const DAY_MINUTE = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});

const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** `3 minutes ago`, `in 2 days`. */
export function relative(at: number, now: number): string {
  const away = at - now;
  const size = Math.abs(away);
  if (size < MINUTE_MS) return away > 0 ? "in a moment" : "just now";
  if (size < HOUR_MS) return RELATIVE.format(whole(away / MINUTE_MS), "minute");
  if (size < DAY_MS) return RELATIVE.format(whole(away / HOUR_MS), "hour");
  if (size < 60 * DAY_MS) return RELATIVE.format(whole(away / DAY_MS), "day");
  return RELATIVE.format(whole(away / (30 * DAY_MS)), "month");
}

/** What is past is told by what is over of it; of what is to come, a term of four hours begins as four hours. */
function whole(units: number): number {
  return units < 0 ? Math.trunc(units) : Math.round(units);
}

/** `10:20:30` in the time zone of the reader; `28 Nov, 10:20` where that is half a day away or more. */
export function clock(at: number, now: number): string {
  return Math.abs(now - at) < DAY_MS / 2 ? SECOND.format(at) : DAY_MINUTE.format(at);
}

/** In the time zone of the reader, to the second. */
export function absolute(at: number): string {
  return ABSOLUTE.format(at);
}

/** A day of UTC, which is how spend is counted: `28 Nov 2026`. */
export function day(at: number): string {
  return DAY.format(at);
}

/** A day of UTC as the API has it: `2026-11-28`. */
export function isoDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
