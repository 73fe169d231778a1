import { useState } from "react";

import type { Schemas } from "../../api/paths";
import { useMay, useSession } from "../../api/session";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Meter } from "../../components/Meter";
import { PageLink } from "../../components/PageLink";
import { Time } from "../../components/Time";
import { counted } from "../../format/number";
import { countdown, useSeconds } from "./clock";
import { EndDialog } from "./EndDialog";

type Approval = Schemas["ApprovalView"];

/** Emergency rights that are in force, or a request for them, with the time that is left. */
export function Term({ of }: { of: Approval }) {
  const may = useMay();
  const { person } = useSession();
  const [isEnding, setEnding] = useState(false);
  const isInForce = of.status === "approved";
  const isOwn = of.requester === person;
  return (
    <article
      className="panel glass-term"
      data-live={isInForce || undefined}
      aria-label={`${of.requester}: ${of.status}`}
    >
      <header>
        <Badge tone={isInForce ? "bad" : "warn"}>{isInForce ? "in force" : "waits for an answer"}</Badge>
        <strong>
          {of.requester}
          {isOwn && " (you)"}
        </strong>
        <PageLink to={`/approvals/${of.id}`}>
          <code>{of.id}</code>
        </PageLink>
      </header>
      <Clock of={of} isInForce={isInForce} />
      <p className="glass-term-reason">“{of.reason}”</p>
      <p className="soft">
        Asked <Time at={of.created_at} />. <Answers of={of} />
      </p>
      {(may("break_glass.revoke") || isOwn) && (
        <footer>
          <Button kind={isInForce ? "danger" : "plain"} onPress={() => setEnding(true)}>
            {isInForce ? (isOwn ? "Give back" : "End now") : "Withdraw"}
          </Button>
        </footer>
      )}
      {isEnding && <EndDialog of={of} onClose={() => setEnding(false)} />}
    </article>
  );
}

function Clock({ of, isInForce }: { of: Approval; isInForce: boolean }) {
  const now = useSeconds();
  const starts = Date.parse((isInForce && of.decided_at) || of.created_at);
  const ends = Date.parse((isInForce && of.ends_at) || of.expires_at);
  const left = ends - now;
  return (
    <div className="glass-term-clock">
      <span className="glass-term-time" role="timer" aria-label="Time left">
        {countdown(left)}
      </span>
      <span className="soft">{isInForce ? "left" : "left to answer"}</span>
      <Meter
        label={isInForce ? "Part of the term that is left" : "Part of the time to answer that is left"}
        part={left / Math.max(ends - starts, 1)}
        tone={isInForce ? "bad" : "warn"}
      />
    </div>
  );
}

/** Who said what, and what is missing. */
function Answers({ of: { votes, missing, roles } }: { of: Approval }) {
  const yes = votes.filter(({ decision }) => decision === "approve").map((vote) => vote.person);
  return (
    <>
      {yes.length > 0 && <>Agreed: {yes.join(", ")}. </>}
      {missing && (
        <>
          {counted(missing.people, "person", "people")} of {roles.join(" or ")} must still agree.
        </>
      )}
    </>
  );
}
