import type { ReactNode } from "react";

/** How a word is meant: `good` goes well, `warn` wants a look, `bad` does not work, `info` is new or special. */
export type Tone = "plain" | "good" | "warn" | "bad" | "info";

/** A word for a state or a kind. Its colour only repeats what the word says. */
export function Badge({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  );
}

/** A state with a dot before it, for what runs or answers. */
export function Dot({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className="dot" data-tone={tone}>
      {children}
    </span>
  );
}
