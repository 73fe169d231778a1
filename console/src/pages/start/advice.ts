// What to do about a first call that was not answered, by how it ended.

const ADVICE: Record<string, string> = {
  policy_denied: "A policy forbids it, or none permits it: the story of the call names the one.",
  approval_required: "Somebody must approve it first: see Approvals, then send it again.",
  budget_exhausted: "The budget of the agent is used up, or too small for one call: raise it under Spend.",
  budget_held: "What is left of the budget is held for calls that run: send it again when they ended.",
  rate_limited: "Too many calls at once: wait a moment, then send it again.",
  model_not_found: "No model has that name: Models shows those there are.",
  no_route: "No model may answer it: connect one in the first step; the story says why not those there are.",
  upstream_failed: "The provider answered with an error: the first step shows whether it answers and takes its key.",
  upstream_timeout: "The provider took too long: send it again; a cold model takes its time.",
  overloaded: "The gateway is full: send it again in a moment.",
};

export function adviceFor(outcome: string): string {
  return ADVICE[outcome] ?? "The answer itself says what to do, in error.fix.";
}
