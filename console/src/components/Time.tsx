import { useSyncExternalStore } from "react";

import { absolute, relative } from "../format/time";
import { None } from "./Money";

/** How often what is relative is told anew, in milliseconds. */
const TICK_MS = 30_000;
/** A clock that stood for so long is set before anything is told by it, in milliseconds. */
const STALE_MS = 1_000;

/** When something was, relative to now; the exact instant as its title. */
export function Time({ at }: { at: string | null | undefined }) {
  const now = useNow();
  if (!at) return <None />;
  const instant = Date.parse(at);
  // What came after the clock was last set has been, and is not to come.
  const known = instant > now ? Math.min(instant, Date.now()) : now;
  return (
    <time dateTime={at} title={absolute(instant)}>
      {relative(instant, known)}
    </time>
  );
}

let now = Date.now();
let clock: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

/** The present, which moves on while the page is open; one clock for all of a page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (Date.now() - now > STALE_MS) tick();
  clock ??= setInterval(tick, TICK_MS);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}
