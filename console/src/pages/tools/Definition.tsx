import { Ban, Check } from "lucide-react";
import { useState } from "react";

import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Badge, type Tone } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Disclosure } from "../../components/Disclosure";
import { Time } from "../../components/Time";
import { flagOf } from "./change";
import { DecideDialog } from "./DecideDialog";
import { Diff } from "./Diff";
import { Flags } from "./Flags";
import { Shown, ShownJson } from "./Shown";

type View = Schemas["DefinitionView"];

const TONES: Record<string, Tone> = { pinned: "good", approved: "good", seen: "warn", rejected: "bad" };

interface DefinitionProps {
  of: View;
  tool: Schemas["ToolDetail"];
  isWaiting: boolean;
}

/** One definition of a tool: what it says, what is wrong with it, what differs, and what can be decided. */
export function Definition({ of, tool, isWaiting }: DefinitionProps) {
  const may = useMay();
  const [decision, setDecision] = useState<"approve" | "reject" | null>(null);
  const isHostile = of.flags.some((flag) => flagOf(flag, tool.id).severity === "refuse");
  const mayApprove = may("tool.approve") && !of.offered && of.state !== "pinned";
  const mayReject = may("tool.reject") && of.state !== "rejected";
  return (
    <article className="panel tool-definition" aria-label={`Definition ${short(of.hash)}`}>
      <header>
        <div className="fact-line">
          <Badge tone={TONES[of.state] ?? "plain"}>{isWaiting ? "waits for a decision" : of.state}</Badge>
          {of.offered && <Badge tone="info">offered</Badge>}
          {of.refused && <Badge tone="bad">given and refused</Badge>}
          {of.first_use && <span className="soft">taken at first use</span>}
          <code title={of.hash}>{short(of.hash)}</code>
        </div>
        <div className="tool-definition-actions">
          {mayReject && (
            <Button icon={Ban} onPress={() => setDecision("reject")}>
              Reject
            </Button>
          )}
          {mayApprove && !isHostile && (
            <Button kind="primary" icon={Check} onPress={() => setDecision("approve")}>
              Approve
            </Button>
          )}
        </div>
      </header>
      {mayApprove && isHostile && (
        <p className="soft">
          Nobody can approve it as it is: have the server corrected{of.state !== "rejected" && ", or reject it"}.
        </p>
      )}
      {of.flags.length > 0 && <Flags flags={of.flags} id={tool.id} />}
      {of.changes.length > 0 && (
        <>
          <h3>What differs from what is offered</h3>
          <Diff changes={of.changes} tool={tool.tool} />
        </>
      )}
      <Description of={of.definition} />
      <Disclosure title="The whole definition">
        <ShownJson value={of.definition} label={`Definition ${short(of.hash)} as JSON`} />
      </Disclosure>
      <History of={of} />
      {decision && <DecideDialog decision={decision} of={of} tool={tool} onClose={() => setDecision(null)} />}
    </article>
  );
}

/** What it tells models, which is a stranger's text. */
function Description({ of }: { of: unknown }) {
  const { description } = of as { description?: unknown };
  if (typeof description !== "string") return null;
  return (
    <>
      <h3>What it tells models</h3>
      <blockquote>
        <Shown text={description} />
      </blockquote>
    </>
  );
}

function History({ of: { first_seen_at, last_seen_at, decided_by, reason } }: { of: View }) {
  if (!first_seen_at && !decided_by) return null;
  return (
    <p className="soft tool-definition-history">
      {first_seen_at && (
        <span>
          First seen <Time at={first_seen_at} />, last <Time at={last_seen_at} />.
        </span>
      )}
      {decided_by && (
        <span>
          Decided by {decided_by}
          {reason && <>: “{reason}”</>}
        </span>
      )}
    </p>
  );
}

/** Enough of a hash to tell it from others. */
function short(hash: string): string {
  return hash.replace(/^sha256:/, "").slice(0, 12);
}
