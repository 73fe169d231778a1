// What requests are narrowed by. The address of the page and the query of the API have the same names.

/** Narrows nothing, as every value that is empty. */
export const NO_FILTER = {
  agent: "",
  action: "",
  resource: "",
  outcome: "",
  provider: "",
  label: "",
  session: "",
  user: "",
  credential: "",
};

export type TrafficFilter = typeof NO_FILTER;

/** What few ask for, and is out of sight until they do. */
const RARE = ["provider", "label", "session", "user", "credential"] as const;

/** How many of those narrow the list. */
export function rareCount(filter: TrafficFilter): number {
  return RARE.filter((name) => filter[name] !== "").length;
}

/** The filter without what few ask for. */
export function withoutRare(): Partial<TrafficFilter> {
  return Object.fromEntries(RARE.map((name) => [name, ""]));
}

interface Span {
  from: string;
  to: string;
}

/** The address of the requests that a filter leaves; without a span, of the time that the page shows at first. */
export function trafficAddress(filter: Partial<TrafficFilter>, span?: Span): string {
  const named = Object.entries(filter).filter(([, value]) => value !== "");
  const query = new URLSearchParams([...named, ...(span ? Object.entries({ from: span.from, to: span.to }) : [])]);
  return query.size > 0 ? `/traffic?${query}` : "/traffic";
}
