import { ScrollText } from "lucide-react";

import { Badge } from "../../components/Badge";
import { Clock } from "../../components/Clock";
import { Disclosure } from "../../components/Disclosure";
import { Facts } from "../../components/Facts";
import { JsonView } from "../../components/JsonView";
import { Outcome } from "../../components/Outcome";
import { PageLink } from "../../components/PageLink";
import { StoryPart } from "../../components/Story";
import { counted } from "../../format/number";
import type { StoryRecord } from "./story";

/** The records that all of this is read from, as they are in the audit chain, each with its proof. */
export function Records({ of }: { of: StoryRecord[] }) {
  const broken = of.filter(({ whole }) => !whole).length;
  return (
    <StoryPart
      icon={ScrollText}
      title="On record"
      tone={broken > 0 ? "bad" : "good"}
      note={broken > 0 ? `${counted(broken, "record")} are not as they were written` : "as it was written"}
    >
      <div className="disclosures">
        {of.map((record) => (
          <Disclosure key={record.seq} title={<Head of={record} />}>
            <Facts
              of={[
                ["Hash", <code className="hash">{record.hash}</code>],
                ["Hash before it", <code className="hash">{record.prev_hash}</code>],
                [
                  "Proof",
                  record.whole
                    ? "its content has its hash; its place in the chain is proved where the audit chain is verified"
                    : "its content does not have its hash: it was changed after it was written",
                ],
                ["In the chain", <PageLink to={`/audit/${record.seq}`}>record {record.seq}</PageLink>],
              ]}
            />
            <JsonView label={`Detail of record ${record.seq}`} value={record.detail} />
          </Disclosure>
        ))}
      </div>
    </StoryPart>
  );
}

function Head({ of: { seq, kind, action, outcome, at, whole } }: { of: StoryRecord }) {
  return (
    <>
      <strong>{seq}</strong>
      <span>
        {kind} <span className="soft">{action}</span>
      </span>
      <Outcome code={outcome} />
      <span className="summary-end">
        <Clock at={at} />
      </span>
      <Badge tone={whole ? "good" : "bad"}>{whole ? "whole" : "changed"}</Badge>
    </>
  );
}
