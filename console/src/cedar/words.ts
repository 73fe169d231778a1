// The words of policies that are not in a schema: those of the language, and the annotations that the server knows.

export interface Word {
  label: string;
  /** What it means, in a few words. */
  info: string;
  /** What is written, with `${}` where the cursor goes on. */
  snippet?: string;
}

export const ANNOTATIONS: readonly Word[] = [
  { label: "@id", info: "the name in errors and in the audit log", snippet: '@id("${name}")' },
  { label: "@doc", info: "for people", snippet: '@doc("${}")' },
  {
    label: "@redact",
    info: "these kinds are replaced before the model sees them",
    snippet: '@redact("${email,phone}")',
  },
  { label: "@restore", info: "redacted values are put back in the answer", snippet: '@restore("${email,phone}")' },
  { label: "@block", info: "the call is refused where one of these kinds is found", snippet: '@block("${card}")' },
  { label: "@answer_redact", info: "these kinds are replaced in the answer", snippet: '@answer_redact("${secret}")' },
  {
    label: "@answer_block",
    info: "an answer with one of these kinds is stopped",
    snippet: '@answer_block("${secret}")',
  },
  { label: "@max_cost", info: "no single call costs more, in US dollars", snippet: '@max_cost("${0.50}")' },
  { label: "@max_tokens", info: "no more output tokens", snippet: '@max_tokens("${4096}")' },
  { label: "@locality", info: "only models on your own hardware serve it", snippet: '@locality("${local}")' },
  {
    label: "@retention",
    info: "only providers that keep content for so long at most",
    snippet: '@retention("${30d}")',
  },
  { label: "@approval", info: "people in each of these roles approve first", snippet: '@approval("${infra-admin}")' },
  { label: "@quorum", info: "so many different people approve", snippet: '@quorum("${2}")' },
  { label: "@expires", info: "how long an approval can wait and be used", snippet: '@expires("${4h}")' },
  { label: "@dry_run", info: "only the plan can be asked for", snippet: '@dry_run("only")' },
  { label: "@log", info: "the audit log gets the request and the answer", snippet: '@log("full")' },
  { label: "@audit", info: "the record is on the disk before the call goes out", snippet: '@audit("required")' },
  { label: "@reroute", info: "on a forbid: a local model may serve it instead", snippet: '@reroute("local")' },
];

export const STATEMENTS: readonly Word[] = [
  {
    label: "permit",
    info: "allows what it matches",
    snippet: "permit (\n  principal,\n  action == ${action},\n  resource\n)\nwhen { ${condition} };",
  },
  {
    label: "forbid",
    info: "denies what it matches, whatever permits it",
    snippet: "forbid (\n  principal,\n  action == ${action},\n  resource\n)\nwhen { ${condition} };",
  },
];

export const KEYWORDS: readonly string[] =
  "principal action resource context when unless in has like is if then else true false decimal datetime duration ip".split(
    " ",
  );

/** What can be called on a value, by its type. */
export const METHODS: Record<string, readonly string[]> = {
  Set: ["contains", "containsAll", "containsAny", "isEmpty"],
  datetime: ["toDate", "toTime", "durationSince", "offset"],
  duration: ["toMilliseconds", "toSeconds", "toMinutes", "toHours", "toDays"],
  decimal: ["lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual"],
};
