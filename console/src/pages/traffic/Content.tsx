import { ScanSearch } from "lucide-react";
import type { ReactNode } from "react";

import { Facts } from "../../components/Facts";
import { IntegrityBadge, LabelBadge } from "../../components/LabelBadge";
import { StoryPart } from "../../components/Story";
import { fieldsOf, isEmpty, numberOf, textOf, type Fields } from "../../format/fields";
import { counted } from "../../format/number";
import { visible } from "../../format/visible";
import { Findings } from "./Findings";

/** What was in the request, by kind and place; its words are not here. */
export function Content({ decided }: { decided: Fields }) {
  const { findings, label, session_label, integrity, redacted, input_sha256, flow, shape, definition } = decided;
  const taken = numberOf(redacted) ?? 0;
  const facts: [string, ReactNode][] = [["Label", <LabelBadge label={textOf(label)} />]];
  if (textOf(session_label)) facts.push(["Session before it", <LabelBadge label={textOf(session_label)} />]);
  if (textOf(integrity)) facts.push(["Integrity", <IntegrityBadge integrity={textOf(integrity)} />]);
  if (isEmpty(fieldsOf(findings))) facts.push(["Found", "nothing that a detector knows"]);
  if (taken > 0) facts.push(["Taken out", counted(taken, "place")]);
  for (const [name, told] of Object.entries(fieldsOf(shape))) {
    facts.push([`Argument “${visible(name)}”`, <code>{shapeOf(told)}</code>]);
  }
  if (!isEmpty(fieldsOf(flow))) facts.push(...flowFacts(fieldsOf(flow)));
  if (textOf(definition)) facts.push(["Tool’s definition", <code className="hash">{textOf(definition)}</code>]);
  if (textOf(input_sha256)) facts.push(["SHA-256", <code className="hash">{textOf(input_sha256)}</code>]);
  return (
    <StoryPart icon={ScanSearch} title="What was in it" tone={taken > 0 ? "info" : "plain"}>
      <div className="panel">
        <Facts of={facts} />
      </div>
      <Findings label="Found in the request" of={findings} />
    </StoryPart>
  );
}

/** The kind and length of an argument. */
function shapeOf(told: unknown): string {
  return typeof told === "string" ? visible(told) : visible(JSON.stringify(told));
}

/** Where arguments come from and where they go. */
function flowFacts(flow: Fields): [string, ReactNode][] {
  const figure = (name: string) => numberOf(flow[name]) ?? 0;
  const from = [
    `${figure("trusted")} from trusted words`,
    `${figure("untrusted")} from untrusted ones`,
    `${figure("unmatched")} from nowhere in the session`,
  ];
  const to = [
    counted(figure("destinations"), "destination"),
    flow["private"] === true ? "of the own network" : "",
    figure("destinations") > 0 && (flow["named_by_user"] === true ? "named by the user" : "not named by the user"),
  ];
  return [
    ["Arguments come", from.join(", ")],
    ["They go to", to.filter(Boolean).join(", ")],
  ];
}
