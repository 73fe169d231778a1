import type { ReactNode } from "react";

import type { Schemas } from "../../api/paths";
import { PageLink } from "../../components/PageLink";
import { Time } from "../../components/Time";
import { counted } from "../../format/number";
import { DAY_MS, isoDay } from "../../format/time";
import { visible } from "../../format/visible";
import { trafficAddress } from "../traffic/filter";
import type { Task } from "./state";

const CAUSES: Record<string, string> = {
  message: "somebody wrote to the agent",
  schedule: "its time came",
  subagent: "another agent gave it the work",
};

/** What is known of a task beside its steps. */
export function facts(detail: Schemas["TaskDetail"], nameOf: (id: string) => string): [string, ReactNode][] {
  const { task, run, worker, grant, sandbox } = detail;
  const name = nameOf(task.agent);
  const found: [string, ReactNode][] = [
    ["Agent", <PageLink to={`/agents/${encodeURIComponent(name)}`}>{name}</PageLink>],
    ["Cause", CAUSES[task.kind] ?? task.kind],
    ["For", visible(task.person)],
  ];
  if (task.session) {
    found.push([
      "Session",
      <code>
        <PageLink to={`/sessions/${task.session}`}>{task.session}</PageLink>
      </code>,
    ]);
  }
  found.push(["Made", <Time at={task.created_at} />]);
  if (task.ended_at) found.push(["Ended", <Time at={task.ended_at} />]);
  else if (task.deadline_at) found.push(["Fails by itself", <Time at={task.deadline_at} />]);
  found.push(["Put into the queue", counted(task.attempts, "time")]);
  if (run) found.push(["Run", <code>{run}</code>]);
  if (grant) found.push(["Calls with", <Grant id={grant} task={task} />]);
  if (sandbox) found.push(["Sandbox", <PageLink to={`/policies?file=sandboxes/${sandbox}.toml`}>{sandbox}</PageLink>]);
  if (worker) found.push(["Worker", <code>{worker}</code>]);
  found.push(["Policies at", <code>{task.commit.slice(0, 12)}</code>]);
  return found;
}

/** The capability grant of a run, with the way to what was called by it. */
function Grant({ id, task }: { id: string; task: Task }) {
  const from = isoDay(Date.parse(task.created_at));
  const to = isoDay((task.ended_at ? Date.parse(task.ended_at) : Date.now()) + DAY_MS);
  return (
    <span className="fact-line">
      <code>{id}</code>
      <PageLink to={trafficAddress({ credential: id }, { from, to })}>requests of this run</PageLink>
    </span>
  );
}
