// What the page and the worker that holds Cedar say to each other.

import type { Finding } from "./findings";
import type { Vocabulary } from "./vocabulary";

/** What Cedar does, as functions of the worker. */
export interface Cedar {
  /** What is wrong with a file of policies under a schema. */
  validate(text: string, schema: string): Finding[];
  /** What is wrong with a schema. */
  checkSchema(text: string): Finding[];
  /** The names that policies can use. */
  vocabulary(schema: string): Vocabulary | null;
  /** The policies in Cedar's own layout; `null` where they cannot be read. */
  format(text: string): string | null;
}

export interface Question {
  id: number;
  ask: keyof Cedar;
  args: string[];
}

export type Answer = { id: number; answer: unknown } | { id: number; failed: string };
