// What records say by codes, as sentences.

import { numberOf, textOf, type Fields } from "../../format/fields";
import { count } from "../../format/number";
import { coded } from "../../format/text";

const OUTCOMES: Record<string, string> = {
  ok: "It was answered.",
  permit: "It was permitted.",
  policy_denied: "Policy does not permit it.",
  dlp_blocked: "Policy blocks a kind of data that was found in it.",
  approval_required: "People must approve it first.",
  budget_exhausted: "A budget has no room for it.",
  budget_held: "Calls that run hold the rest of a budget.",
  rate_limited: "A rate limit was reached.",
  no_route: "No model that is permitted could serve it.",
  model_not_found: "There is no such model.",
  session_not_found: "Its session is over, or never was.",
  invalid_request: "It was malformed, or asks for what is not supported.",
  context_length_exceeded: "It was longer than the model's context.",
  body_too_large: "It was too large.",
  upstream_failed: "Everything that was tried failed.",
  upstream_timeout: "What it was sent to did not answer in time.",
  overloaded: "There were too many requests at once.",
  dependency_unavailable: "The database did not answer.",
};

export function sentenceOf(outcome: string | undefined): string {
  if (outcome === undefined) return "It still runs, or its end was never recorded.";
  return OUTCOMES[outcome] ?? `It ended with “${coded(outcome)}”.`;
}

const STANDINGS: Record<string, string> = {
  requested: "asked for",
  same_name: "same model, other provider",
  fallback: "declared fallback",
  substitute: "stands in for a denied model",
  auto: "chosen by the router",
};

/** Why a model is a candidate. */
export function standing(code: string | undefined): string {
  return STANDINGS[code ?? ""] ?? coded(code ?? "");
}

const DROPPED: Record<string, (dropped: Fields) => string> = {
  not_permitted: () => "policy does not permit it",
  locality: ({ label }) => `${textOf(label) ?? "such"} content stays on local models`,
  not_asked: () => "nobody asked for it",
  wrong_variant: () => "not what this kind of “auto” is for",
  disabled: () => "switched off",
  missing_capability: ({ name }) => `cannot do ${textOf(name) ?? "what is needed"}`,
  context_too_long: ({ needed, has }) =>
    `${count(numberOf(needed) ?? 0)} tokens do not fit ${count(numberOf(has) ?? 0)}`,
  cannot_express: ({ field }) => `its provider has nothing for “${textOf(field) ?? "a field"}”`,
  no_price: () => "no price is known, and the budget needs one",
  limit_ignored: () => "its provider ignored an output limit lately",
  unaffordable: () => "dearer than the budget has room for",
  breaker_open: () => "it failed too often lately",
  other_vectors: () => "its embeddings cannot be compared",
  vetoed: () => "a scorer wants it not to serve this",
  spare: () => "would do, and was not needed",
};

/** Why a model is no candidate. */
export function whyNot(dropped: Fields): string {
  const reason = textOf(dropped["reason"]) ?? "";
  return DROPPED[reason]?.(dropped) ?? coded(reason);
}
