// What a grant is limited to.

import { short } from "../../format/money";
import { count } from "../../format/number";

/** The limits of a grant as the server keeps them. What is absent is limited by the agent's policies alone. */
export interface Limits {
  models?: string[] | null;
  tools?: string[] | null;
  memory?: string[] | null;
  sandbox?: string | null;
  label?: string | null;
  max_cost?: number | null;
  max_tokens?: number | null;
}

/** Each limit in a few words; none where the agent's policies alone decide. */
export function limitsTold(limits: Limits): string[] {
  const { models, tools, memory, sandbox, label, max_cost, max_tokens } = limits;
  const told: string[] = [];
  if (max_cost != null) told.push(`at most ${short(max_cost)}`);
  if (max_tokens != null) told.push(`${count(max_tokens)} tokens a call`);
  if (label != null) told.push(`up to ${label}`);
  if (models) told.push(listed("model", models));
  if (tools) told.push(listed("tool", tools));
  if (memory) told.push(listed("memory layer", memory));
  if (sandbox != null) told.push(`sandbox ${sandbox}`);
  return told;
}

function listed(noun: string, names: string[]): string {
  return names.length === 0 ? `no ${noun}` : names.join(", ");
}

/** Names that were written with commas or spaces between; `undefined` where nothing was written. */
export function names(written: string): string[] | undefined {
  const found = written.split(/[\s,]+/).filter(Boolean);
  return found.length > 0 ? found : undefined;
}
