import type { ReactNode } from "react";

import type { Schemas } from "../../api/paths";
import { PageLink } from "../../components/PageLink";
import { Time } from "../../components/Time";
import { counted } from "../../format/number";
import { visible } from "../../format/visible";

const CAUSES: Record<string, string> = {
  message: "somebody wrote to the agent",
  schedule: "its time came",
  subagent: "another agent gave it the work",
};

/** What is known of a task beside its steps. */
export function facts(detail: Schemas["TaskDetail"], nameOf: (id: string) => string): [string, ReactNode][] {
  const { task, run, worker } = detail;
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
  if (worker) found.push(["Worker", <code>{worker}</code>]);
  found.push(["Policies at", <code>{task.commit.slice(0, 12)}</code>]);
  return found;
}
