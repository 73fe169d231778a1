// What is wrong at a place of a file, whoever found it.

import type { Finding } from "./findings";

export interface Problem {
  severity: Finding["severity"];
  message: string;
  /** What to do, where that is known. */
  fix?: string;
  /** From 1; absent where the whole file is meant. */
  line?: number;
  /** In UTF-16 units, where the place is known better than by its line. */
  from?: number;
  to?: number;
}

/** A finding with its line, for lists. */
export function problemOf(text: string, finding: Finding): Problem {
  return { ...finding, line: text.slice(0, finding.from).split("\n").length };
}
