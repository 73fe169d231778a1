import { useParams } from "wouter";

import { useAgentName } from "../../api/agents";
import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Facts } from "../../components/Facts";
import { Loaded } from "../../components/Loaded";
import { Sum } from "../../components/Money";
import { Page, Section } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { Stat, Stats, StatsSkeleton } from "../../components/Stat";
import { useNow } from "../../components/Time";
import { Dot } from "../../components/Badge";
import { exact } from "../../format/money";
import { compact, count, duration } from "../../format/number";
import { facts } from "./facts";
import { isOver, TONES } from "./state";
import { Steps } from "./Steps";
import { TaskActions } from "./TaskActions";
import { TaskTable } from "./TaskTable";
import { Waits } from "./Waits";

type Detail = Schemas["TaskDetail"];

/** One task: where it stands, what it waits for, and its run step by step. */
export default function Task() {
  const { id = "" } = useParams<{ id: string }>();
  const nameOf = useAgentName();
  const task = useGet("/api/v1/tasks/{id}", { path: { id } }, { everyMs: 2_000, isLast: (data) => isOver(data.task) });
  const { data } = task;
  return (
    <Page
      title={data ? `Task of ${nameOf(data.task.agent)}` : "Task"}
      up={{ href: "/tasks", title: "Tasks" }}
      lead={<code>{id}</code>}
      actions={data && <TaskActions detail={data} />}
    >
      <Loaded of={task} skeleton={<TaskSkeleton />}>
        {(detail) => (
          <>
            <Waits detail={detail} />
            <Totals detail={detail} />
            <div className="panel">
              <Facts of={facts(detail, nameOf)} />
            </div>
            <Section title="Steps">
              <Steps detail={detail} />
            </Section>
            <Children detail={detail} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

const TOTALS = ["State", "Took", "Cost", "Tokens", "Calls of tools"];

function Totals({ detail }: { detail: Detail }) {
  const now = useNow();
  const { task, cost_nanos, input_tokens, output_tokens, tool_calls } = detail;
  const began = Date.parse(task.created_at);
  const ended = task.ended_at ? Date.parse(task.ended_at) : Math.max(now, began);
  return (
    <Stats>
      <Stat
        label="State"
        value={<Dot tone={TONES[task.state] ?? "plain"}>{task.state}</Dot>}
        note={detail.run_state && `its run is ${detail.run_state}`}
      />
      <Stat label="Took" value={duration(ended - began)} note={task.ended_at ? undefined : "so far"} />
      <Stat label="Cost" value={<Sum of={exact(cost_nanos)} />} note="of its models and tools" />
      <Stat
        label="Tokens"
        value={compact(input_tokens + output_tokens)}
        note={`${compact(input_tokens)} in, ${compact(output_tokens)} out`}
      />
      <Stat label="Calls of tools" value={count(tool_calls)} />
    </Stats>
  );
}

/** Tasks that this one's run gave to others. */
function Children({ detail: { task, run } }: { detail: Detail }) {
  const may = useMay();
  const isKnown = may("task.list") && task.session && run;
  const query = { limit: 1000, ...(task.session && { session: task.session }) };
  const tasks = useGet("/api/v1/tasks", isKnown ? { query } : null, { everyMs: 5_000 });
  const given = tasks.data?.tasks.filter(({ parent_run }) => parent_run === run) ?? [];
  if (given.length === 0) return null;
  return (
    <Section title="Work that it gave away">
      <TaskTable tasks={given} isOfOne />
    </Section>
  );
}

function TaskSkeleton() {
  return (
    <>
      <StatsSkeleton labels={TOTALS} />
      <Skeleton kind="row" rows={10} />
    </>
  );
}
