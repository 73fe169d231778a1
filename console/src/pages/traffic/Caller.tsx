import { UserRound } from "lucide-react";
import type { ReactNode } from "react";

import { Facts } from "../../components/Facts";
import { PageLink } from "../../components/PageLink";
import { StoryPart } from "../../components/Story";
import { Time } from "../../components/Time";
import { fieldsOf, textOf } from "../../format/fields";
import { absolute } from "../../format/time";
import { trafficAddress } from "./filter";
import type { Told } from "./story";
import { ToolLink } from "./ToolLink";

/** Who asked, for what, and how they proved who they are. */
export function Caller({ agent, story }: { agent: string; story: Told }) {
  const { decided, ended, decision, end, resource, action, began } = story;
  const session = textOf(decided["session"]) ?? textOf(ended["session"]);
  const partOf = textOf(decided["part_of"]);
  const traceId = textOf(fieldsOf(decided["trace"] ?? ended["trace"])["trace_id"]);
  const auth = decision?.auth ?? end?.auth ?? "";
  // What was asked for is a model, and not `auto` or a name that nothing has.
  const isModel = end?.resource === resource;
  const facts: [string, ReactNode][] = [
    ["Agent", <PageLink to={`/agents/${encodeURIComponent(agent)}`}>{agent}</PageLink>],
    ["Proved by", <Proof auth={auth} />],
    action === "callTool"
      ? ["Tool", <ToolLink id={resource} />]
      : ["Model", <code>{isModel ? <PageLink to={`/models/${resource}`}>{resource}</PageLink> : resource}</code>],
  ];
  const endpoint = textOf(decided["endpoint"]);
  if (endpoint) facts.push(["Called", <code>{endpoint}</code>]);
  if (session) {
    facts.push([
      "Session",
      <code>
        <PageLink to={`/sessions/${session}`}>{session}</PageLink>
      </code>,
    ]);
  }
  if (partOf) {
    facts.push([
      "Part of",
      <code>
        <PageLink to={`/traffic/${partOf}`}>{partOf}</PageLink>
      </code>,
    ]);
  }
  if (began) facts.push(["Came", <span title={began}>{absolute(Date.parse(began))}</span>]);
  if (traceId) facts.push(["Trace", <code>{traceId}</code>]);
  return (
    <StoryPart icon={UserRound} title="Who asked" note={<Time at={began} />}>
      <div className="panel">
        <Facts of={facts} />
      </div>
    </StoryPart>
  );
}

/** How the agent proved who it is, with the way to everything that was called by the same key or grant. */
function Proof({ auth }: { auth: string }) {
  const end = auth.indexOf(":");
  if (end < 0) return <code>{auth}</code>;
  const [how, id] = [auth.slice(0, end), auth.slice(end + 1)];
  const isFilter = how === "key" || how === "grant";
  return (
    <code>
      {how} {isFilter ? <PageLink to={trafficAddress({ credential: id })}>{id}</PageLink> : id}
    </code>
  );
}
