// Counts, shares and lengths of time for people.

const COUNT = new Intl.NumberFormat("en");
const COMPACT = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const SHARE = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });

export function count(value: number): string {
  return COUNT.format(value);
}

/** `1.2M`, where the exact number is told elsewhere. */
export function compact(value: number): string {
  return COMPACT.format(value);
}

/** A part of a whole as percent; nothing of nothing is 0 %. */
export function share(part: number, whole: number): string {
  return SHARE.format(whole === 0 ? 0 : part / whole);
}

/** `840 ms`, `2.4 s`, `3 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 1 : 0)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

/** `1 key`, `2 keys`. */
export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}
