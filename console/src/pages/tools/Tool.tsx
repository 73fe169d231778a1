import "./tools.css";

import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { useParams } from "wouter";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Badge, Dot, type Tone } from "../../components/Badge";
import { Empty } from "../../components/Empty";
import { Facts } from "../../components/Facts";
import { Loaded } from "../../components/Loaded";
import { Page, Section } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { visible } from "../../format/visible";
import { toolName } from "./address";
import { Definition } from "./Definition";
import { Flags } from "./Flags";
import { Shown } from "./Shown";
import { EFFECTS, isShadowed, REPLAYS, stateOf } from "./state";

type Detail = Schemas["ToolDetail"];

/** One tool: what agents are offered, what its server gives, and a person's word on each definition. */
export default function Tool() {
  const { server = "", "*": rest = "" } = useParams<{ server: string; "*": string }>();
  const tool = toolName(rest);
  const detail = useGet("/api/v1/tools/{server}/{tool}", { path: { server, tool } });
  return (
    <Page title={visible(`${server}.${tool}`)} up={{ href: "/tools", title: "Tools" }}>
      <Loaded of={detail} skeleton={<Skeleton kind="row" rows={10} />}>
        {(data) => (
          <>
            <Standing tool={data} />
            <div className="panel">
              <Facts of={facts(data)} />
            </div>
            <OtherFlags of={data} />
            <Definitions tool={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** What wants a look, in a sentence; nothing where all is as pinned. */
function Standing({ tool }: { tool: Detail }) {
  const { means, tone } = stateOf(tool);
  if (!isLoud(tone)) return null;
  return (
    <div className="note">
      <TriangleAlert aria-hidden="true" />
      <p>{means}</p>
    </div>
  );
}

/** Whether a state is told above all else. */
function isLoud(tone: Tone): boolean {
  return tone === "bad" || tone === "warn";
}

/** What should be known of the tool beside what is told of its definitions. */
function OtherFlags({ of: { flags, definitions, id } }: { of: Detail }) {
  const told = definitions.flatMap((known) => known.flags);
  const others = flags.filter((flag) => !told.includes(flag));
  if (others.length === 0) return null;
  return (
    <Section title="What should be known of it">
      <div className="panel">
        <Flags flags={others} id={id} />
      </div>
    </Section>
  );
}

function facts(tool: Detail): [string, ReactNode][] {
  const { word, tone, means } = stateOf(tool);
  return [
    [
      "State",
      <span className="fact-line">
        <Dot tone={tone}>{word}</Dot>
        {isShadowed(tool) && <Badge tone="bad">shadowed</Badge>}
        {!isLoud(tone) && <span className="soft">{means}</span>}
      </span>,
    ],
    ["Name", <Shown text={tool.tool} isName />],
    ["Server", <code>{tool.server}</code>],
    ["Effect", <Word word={tool.effect} means={EFFECTS[tool.effect]} />],
    ["Replay", <Word word={tool.replay} means={REPLAYS[tool.replay]} />],
    [
      "Results",
      tool.trusted ? (
        <Word word="trusted" means="they are the organisation's own word" />
      ) : (
        <Word word="untrusted" means="once a session has seen one, somebody else may speak through the agent" />
      ),
    ],
    ["Declared in", <code>{`tools/${tool.server}.toml`}</code>],
    ...(tool.hash ? [["Hash", <code>{tool.hash}</code>] as [string, ReactNode]] : []),
  ];
}

function Word({ word, means }: { word: string; means: string | undefined }) {
  return (
    <span className="fact-line">
      {word}
      <span className="soft">{means}</span>
    </span>
  );
}

function Definitions({ tool }: { tool: Detail }) {
  const isWaiting = ({ state, offered }: Schemas["DefinitionView"]) => state === "seen" && !offered;
  const waiting = tool.definitions.filter(isWaiting);
  const offered = tool.definitions.filter((known) => known.offered);
  const others = tool.definitions.filter((known) => !known.offered && !isWaiting(known));
  if (tool.definitions.length === 0) {
    return (
      <div className="panel">
        <Empty title="It has no definition">
          <p>
            {tool.offered === "function"
              ? "Callers describe this function themselves, and run it."
              : "No gateway has seen one, and the tree pins none."}
          </p>
        </Empty>
      </div>
    );
  }
  const groups: [string, typeof waiting][] = [
    ["What its server gives now", waiting],
    ["What agents are offered", offered],
    ["Other definitions", others],
  ];
  return groups.map(
    ([title, definitions]) =>
      definitions.length > 0 && (
        <Section key={title} title={title}>
          {definitions.map((known) => (
            <Definition key={known.hash} of={known} tool={tool} isWaiting={isWaiting(known)} />
          ))}
        </Section>
      ),
  );
}
