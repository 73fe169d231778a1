import { Scale } from "lucide-react";
import type { ReactNode } from "react";

import { Disclosure } from "../../components/Disclosure";
import { Facts } from "../../components/Facts";
import { JsonView } from "../../components/JsonView";
import { Outcome, toneOf } from "../../components/Outcome";
import { PageLink } from "../../components/PageLink";
import { StoryPart } from "../../components/Story";
import { fieldsOf, isEmpty, textOf, textsOf } from "../../format/fields";
import { PolicyLinks } from "./PolicyLinks";
import type { Told } from "./story";
import { sentenceOf } from "./words";

/** Whether policy said no; other refusals come after its yes, from a budget or a limit. */
function isRefusal(outcome: string): boolean {
  return ["policy_denied", "dlp_blocked", "approval_required"].includes(outcome);
}

/** What policy said, by which policies, of which commit. */
export function Decision({ story: { decision, decided, end, resource } }: { story: Told }) {
  if (!decision) return null;
  const { outcome, commit } = decision;
  const permits = fieldsOf(decided["permits"]);
  // Of a model's call, each candidate has policies of its own: those of the one that served are told here.
  const served = end?.resource ?? resource;
  const ids = textsOf(decided["policies"] ?? permits[served]);
  const approval = textOf(decided["approval"]);
  const limit = fieldsOf(decided["limit"]);
  const facts: [string, ReactNode][] = [
    ["Decision", <Outcome code={outcome} />],
    [isRefusal(outcome) ? "Decided by" : "Permitted by", <PolicyLinks ids={ids} commit={commit} />],
  ];
  if (outcome === "budget_exhausted" || outcome === "budget_held") {
    facts.push(["Refused by", <PageLink to="/spend?tab=budgets">a budget: see what is left, and raise it</PageLink>]);
  }
  if (approval) {
    facts.push([
      "Approval",
      <code>
        <PageLink to={`/approvals/${approval}`}>{approval}</PageLink>
      </code>,
    ]);
  }
  if (!isEmpty(limit)) facts.push(["Limit", <code>{JSON.stringify(limit)}</code>]);
  facts.push([
    "Policies at",
    <code>
      <PageLink to="/policies">{commit.slice(0, 12)}</PageLink>
    </code>,
  ]);
  return (
    <StoryPart icon={Scale} title="What was decided" tone={toneOf(outcome)} note={sentenceOf(outcome)}>
      <div className="panel">
        <Facts of={facts} />
      </div>
      {(decided["facts"] !== undefined || !isEmpty(permits)) && (
        <div className="disclosures">
          {decided["facts"] !== undefined && (
            <Disclosure title="What policies were told">
              <JsonView label="What policies were told" value={decided["facts"]} />
            </Disclosure>
          )}
          {!isEmpty(permits) && (
            <Disclosure title="Policies that permit each candidate">
              <Facts
                of={Object.entries(permits).map(([model, by]) => [
                  model,
                  <PolicyLinks ids={textsOf(by)} commit={commit} />,
                ])}
              />
            </Disclosure>
          )}
        </div>
      )}
    </StoryPart>
  );
}
