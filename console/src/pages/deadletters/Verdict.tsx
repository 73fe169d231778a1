import type { Schemas } from "../../api/paths";
import { Dot } from "../../components/Badge";

export type Letter = Schemas["DeadLetterView"];

/** What somebody said became of it. */
export function Verdict({ of: { verdict } }: { of: Letter }) {
  if (!verdict) return <Dot tone="warn">waits</Dot>;
  return <Dot tone={verdict === "retried" ? "good" : "plain"}>{verdict}</Dot>;
}
