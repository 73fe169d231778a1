import { Badge, Dot, type Tone } from "../../components/Badge";
import type { Approval } from "./question";

const TONES: Record<string, Tone> = {
  pending: "warn",
  approved: "good",
  used: "good",
  denied: "bad",
  revoked: "bad",
};

/** Where a question stands, and whether its answer can still be used. */
export function ApprovalState({ of: { status, outdated } }: { of: Approval }) {
  const isOpen = status === "pending" || status === "approved";
  return (
    <span className="fact-line">
      <Dot tone={TONES[status] ?? "plain"}>{status === "pending" ? "waits" : status}</Dot>
      {outdated && isOpen && <Badge tone="warn">policies changed</Badge>}
    </span>
  );
}
