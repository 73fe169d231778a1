import type { ReactNode } from "react";

import { useMay } from "../../api/session";
import { Badge } from "../../components/Badge";
import { Facts } from "../../components/Facts";
import { JsonView } from "../../components/JsonView";
import { IntegrityBadge, LabelBadge } from "../../components/LabelBadge";
import { Section } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { Time } from "../../components/Time";
import { fieldsOf, isEmpty, numberOf, textOf, textsOf, without } from "../../format/fields";
import { counted } from "../../format/number";
import { visible } from "../../format/visible";
import { Findings } from "../traffic/Findings";
import { PolicyLinks } from "../traffic/PolicyLinks";
import { ToolLink } from "../traffic/ToolLink";
import { Arguments } from "./Arguments";
import { ExactArguments } from "./ExactArguments";
import type { Approval } from "./question";

/** What this page has a place for; everything else of a question is shown as it is. */
const KNOWN =
  "request server tool effect definition session label integrity sources arguments provenance destinations private " +
  "named_by_user kinds findings policies commit model endpoint operation target";
/** What it has a place for in questions of one kind. */
const KNOWN_OF: Record<string, string> = {
  budget: "agent budget cap_usd spent_usd suggested_usd window_ends exhausted",
  break_glass: "rights term_s",
  model_call: "tools images input_tokens_bound",
};

/** What exactly is asked. */
export function Subject({ of: { id, kind, detail } }: { of: Approval }) {
  const may = useMay();
  const asked = fieldsOf(detail);
  const { server, tool, model, operation, target, effect, label, integrity, session, destinations, sources } = asked;
  const { endpoint, definition, policies, commit, budget, spent_usd, cap_usd, window_ends, rights } = asked;
  // Of an operation, `request` is the body that was sent and no id.
  const request = kind === "admin" ? undefined : textOf(asked["request"]);
  const shown = `${kind === "admin" ? KNOWN.replace("request ", "") : KNOWN} ${KNOWN_OF[kind] ?? ""}`;
  const rest = without(asked, shown.split(" "));
  const facts: [string, ReactNode][] = [];
  const add = (name: string, value: unknown, told: (text: string) => ReactNode) => {
    const text = textOf(value);
    if (text) facts.push([name, told(text)]);
  };
  const code = (text: string) => <code>{visible(text)}</code>;
  add("Tool", tool, (name) => <ToolLink id={[textOf(server), name].filter(Boolean).join(".")} />);
  add("Effect", effect, (text) => <Badge tone={text === "read" ? "plain" : "warn"}>{text}</Badge>);
  add("Model", model, (name) => <PageLink to={`/models/${name}`}>{code(name)}</PageLink>);
  add("Called", endpoint, code);
  add("Operation", operation, code);
  add("Budget", budget, (text) => visible(text));
  add("Spent", spent_usd, (text) => `$${text} of $${textOf(cap_usd) ?? "?"}`);
  add("Ends", window_ends, (at) => <Time at={at} />);
  add("Rights", rights, (text) => visible(text));
  const term = numberOf(asked["term_s"]);
  if (term !== undefined) facts.push(["For", counted(Math.round(term / 3600), "hour")]);
  add("On", target, code);
  const bound = numberOf(asked["input_tokens_bound"]);
  if (bound !== undefined) facts.push(["Size", sizeOf(bound, numberOf(asked["tools"]), asked["images"] === true)]);
  add("Label", label, (text) => <LabelBadge label={text} />);
  add("Integrity", integrity, (text) => <IntegrityBadge integrity={text} />);
  if (Array.isArray(sources))
    facts.push(["Session has seen", textsOf(sources).map(visible).join(", ") || "no tool server"]);
  if (Array.isArray(destinations)) facts.push(["Goes to", <Destinations of={asked} />]);
  add("Session", session, (id) => <PageLink to={`/sessions/${id}`}>{code(id)}</PageLink>);
  if (request) facts.push(["Request", <PageLink to={`/traffic/${request}`}>{code(request)}</PageLink>]);
  if (Array.isArray(policies))
    facts.push(["Asked by policies", <PolicyLinks ids={textsOf(policies)} commit={textOf(commit) ?? ""} />]);
  add("Policies at", commit, (text) => code(text.slice(0, 12)));
  add("Definition", definition, (text) => <code className="hash">{text}</code>);
  return (
    <>
      <Section title="What is asked">
        <div className="panel">
          <Facts of={facts} />
        </div>
      </Section>
      {!isEmpty(fieldsOf(asked["arguments"])) && (
        <Section title="Arguments">
          <p className="soft">Of words, this tells what they are and how long.</p>
          <Arguments of={fieldsOf(asked["arguments"])} provenance={fieldsOf(asked["provenance"])} />
        </Section>
      )}
      {kind === "tool_call" && may("approval.arguments") && <ExactArguments key={id} id={id} />}
      {!isEmpty(fieldsOf(asked["findings"])) && (
        <Section title="Found in it">
          <Findings label="Found in it" of={asked["findings"]} />
        </Section>
      )}
      {!isEmpty(rest) && (
        <Section title="Everything else of the question">
          <JsonView label="Everything else of the question" value={rest} />
        </Section>
      )}
    </>
  );
}

/** How large a call of a model is at most, and what it brings. */
function sizeOf(tokens: number, tools = 0, hasImages: boolean): string {
  const brings = [tools > 0 && counted(tools, "tool"), hasImages && "images"].filter(Boolean).join(" and ");
  return `${counted(tokens, "token")} of input at most${brings ? `, with ${brings}` : ""}`;
}

function Destinations({ of: { destinations, named_by_user, private: isPrivate } }: { of: Record<string, unknown> }) {
  const hosts = textsOf(destinations);
  if (hosts.length === 0) return <>no place that its arguments name</>;
  return (
    <span className="badges">
      {hosts.map((host) => (
        <code key={host}>{visible(host)}</code>
      ))}
      <Badge tone={named_by_user === true ? "good" : "warn"}>
        {named_by_user === true ? "named by the user" : "not named by the user"}
      </Badge>
      {isPrivate === true && <Badge tone="bad">own network</Badge>}
    </span>
  );
}
