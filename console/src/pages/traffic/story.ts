// The records of one request, read as its story.

import type { Schemas } from "../../api/paths";
import { fieldsOf, itemsOf, numberOf, textOf, type Fields } from "../../format/fields";

export type StoryRecord = Schemas["StoryRecord"];

export interface Told {
  /** `callModel` or `callTool`. */
  action: string;
  /** The model or the tool that was asked for. */
  resource: string;
  /** `ok`, or the code of an error; nothing as long as it runs. */
  outcome: string | undefined;
  began: string;
  /** What was decided; nothing where only other records name the request. */
  decision: StoryRecord | undefined;
  decided: Fields;
  /** The last word on how it ended. */
  end: StoryRecord | undefined;
  ended: Fields;
  attempts: Attempt[];
  ms: number | undefined;
  costNanos: number;
}

/** One try at a model or a tool. */
export interface Attempt {
  resource: string;
  provider: string | undefined;
  outcome: string;
  /** From the beginning of the request to the end of the attempt. */
  ms: number | undefined;
  costNanos: number | undefined;
  /** Where its cost is from. */
  basis: string | undefined;
  usage: Fields;
}

export function told({ records, charges }: Schemas["RequestStory"]): Told {
  const decision = records.findLast(({ kind }) => kind === "decision");
  const ends = records.filter(({ kind }) => kind === "completion");
  const end = ends.at(-1);
  const first = decision ?? end ?? records[0];
  const decided = fieldsOf(decision?.detail);
  const ended = fieldsOf(end?.detail);
  const permitted = decision?.outcome === "permit";
  const charged = charges.reduce((sum, { amount }) => sum + amount.nanos, 0);
  const costs = ends.reduce((sum, { detail }) => sum + (numberOf(fieldsOf(detail)["cost_nanos"]) ?? 0), 0);
  return {
    action: first?.action ?? "",
    resource: first?.resource ?? "",
    outcome: end?.outcome ?? (permitted ? undefined : decision?.outcome),
    began: beganAt(first),
    decision,
    decided,
    end,
    ended,
    attempts: attemptsOf(ends, itemsOf(decided["attempts"])),
    ms: numberOf(ended["ms"]) ?? numberOf(decided["ms"]),
    costNanos: charges.length > 0 ? charged : costs,
  };
}

/** When a request came: a record has the time since then. */
function beganAt(record: StoryRecord | undefined): string {
  if (!record) return "";
  const ms = numberOf(fieldsOf(record.detail)["ms"]) ?? 0;
  return new Date(Date.parse(record.at) - ms).toISOString();
}

/** Each attempt in its order: those with a record of their own, and those that a later record only names. */
function attemptsOf(ends: StoryRecord[], beforeDecision: Fields[]): Attempt[] {
  const last = ends.at(-1);
  const named = last ? itemsOf(fieldsOf(last.detail)["attempts"]) : beforeDecision;
  const own = ends.slice(0, -1);
  const earlier = named.map((note): Attempt => {
    const at = own.findIndex(({ resource }) => resource === note["model"]);
    const [record] = at < 0 ? [] : own.splice(at, 1);
    return record ? attemptOf(record) : noted(note);
  });
  return [...earlier, ...own.map(attemptOf), ...(last ? [attemptOf(last)] : [])];
}

function attemptOf({ resource, outcome, detail }: StoryRecord): Attempt {
  const { provider, ms, cost_nanos, basis, usage } = fieldsOf(detail);
  return {
    resource,
    outcome,
    provider: textOf(provider),
    ms: numberOf(ms),
    costNanos: numberOf(cost_nanos),
    basis: textOf(basis),
    usage: fieldsOf(usage),
  };
}

function noted({ model, provider, outcome }: Fields): Attempt {
  return {
    resource: textOf(model) ?? "",
    provider: textOf(provider),
    outcome: textOf(outcome) ?? "",
    ms: undefined,
    costNanos: undefined,
    basis: undefined,
    usage: {},
  };
}
