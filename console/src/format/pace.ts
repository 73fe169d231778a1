// What a window of a budget will have cost at its end.

/** Before this part of a window is over, its pace says nothing. */
const TELLING_PART = 1 / 24;

/** What is spent at the end if the rest goes on as the window so far; `null` too early, or where it has no end. */
export function atPace(spent: number, starts: number, ends: number | null, now: number): number | null {
  if (ends === null) return null;
  const part = (now - starts) / (ends - starts);
  return part < TELLING_PART ? null : Math.round(spent / Math.min(part, 1));
}
