import { DAY_MS, day } from "../../format/time";

const HOUR = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});

/** A step of time by its beginning, in UTC: `28 Nov 2026`, or `28 Nov, 14:00` of steps below a day. */
export function stepName(start: number, stepMs: number): string {
  return stepMs >= DAY_MS ? day(start) : HOUR.format(start);
}
