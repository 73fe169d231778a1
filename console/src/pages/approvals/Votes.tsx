import type { Schemas } from "../../api/paths";
import { Dot } from "../../components/Badge";
import { Facts } from "../../components/Facts";
import { Section } from "../../components/Page";
import { Time } from "../../components/Time";
import { visible } from "../../format/visible";

/** What people said, in the order in which they did. */
export function Votes({ of }: { of: Schemas["VoteView"][] }) {
  if (of.length === 0) return null;
  return (
    <Section title="What people said">
      <div className="panel">
        <Facts of={of.map((vote) => [vote.person, <Said vote={vote} />])} />
      </div>
    </Section>
  );
}

function Said({ vote: { decision, reason, roles, at } }: { vote: Schemas["VoteView"] }) {
  const isYes = decision === "approve";
  return (
    <>
      <span className="fact-line">
        <Dot tone={isYes ? "good" : "bad"}>{isYes ? "yes" : "no"}</Dot>
        <span className="soft">
          <Time at={at} />
          {roles.length > 0 && `, as ${roles.join(" and ")}`}
        </span>
      </span>
      {reason && <p>{visible(reason)}</p>}
    </>
  );
}
