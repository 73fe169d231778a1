import { coded } from "../format/text";
import { Dot, type Tone } from "./Badge";

/** What passes by itself, or waits for somebody. */
const WAITS = ["approval_required", "budget_held", "rate_limited", "overloaded"];

/** How something ended: `ok`, or the code of an error. */
export function Outcome({ code }: { code: string }) {
  return <Dot tone={toneOf(code)}>{coded(code)}</Dot>;
}

export function toneOf(code: string): Tone {
  if (code === "ok" || code === "permit") return "good";
  return WAITS.includes(code) ? "warn" : "bad";
}
