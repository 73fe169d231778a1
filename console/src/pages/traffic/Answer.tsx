import { MessageSquareText } from "lucide-react";
import type { ReactNode } from "react";

import { Badge } from "../../components/Badge";
import { Facts } from "../../components/Facts";
import { IntegrityBadge, LabelBadge } from "../../components/LabelBadge";
import { PageLink } from "../../components/PageLink";
import { StoryPart } from "../../components/Story";
import { numberOf, textOf, type Fields } from "../../format/fields";
import { Findings } from "./Findings";

/** What came back: whether it was given again, what was found in it, what the session is afterwards. */
export function Answer({ ended }: { ended: Fields }) {
  const { answer_of, similarity, findings, is_error, label, integrity, output_sha256 } = ended;
  const facts: [string, ReactNode][] = [];
  const earlier = textOf(answer_of);
  if (earlier) {
    facts.push([
      "Given again from",
      <code>
        <PageLink to={`/traffic/${earlier}`}>{earlier}</PageLink>
      </code>,
    ]);
  }
  if (numberOf(similarity) !== undefined) facts.push(["Means the same to", `${numberOf(similarity)} of 100`]);
  if (is_error === true) facts.push(["The tool says", <Badge tone="warn">that it failed</Badge>]);
  if (textOf(label)) facts.push(["Session after it", <LabelBadge label={textOf(label)} />]);
  if (textOf(integrity)) facts.push(["Integrity after it", <IntegrityBadge integrity={textOf(integrity)} />]);
  if (textOf(output_sha256)) facts.push(["SHA-256", <code className="hash">{textOf(output_sha256)}</code>]);
  if (facts.length === 0 && findings === undefined) return null;
  return (
    <StoryPart icon={MessageSquareText} title="What came back" tone={is_error === true ? "warn" : "plain"}>
      {facts.length > 0 && (
        <div className="panel">
          <Facts of={facts} />
        </div>
      )}
      <Findings label="Found in the answer" of={findings} />
    </StoryPart>
  );
}
