import type { ReactNode } from "react";

import { useAgentName } from "../../api/agents";
import { Dot } from "../../components/Badge";
import { None } from "../../components/Money";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { Told } from "../../components/Told";
import { count, duration } from "../../format/number";
import { visible } from "../../format/visible";
import { TONES, type Task } from "./state";

interface TaskTableProps {
  tasks: Task[];
  /** Whether all are of one session, whose agent and person are told elsewhere. */
  isOfOne?: boolean;
  empty?: ReactNode;
}

/** Tasks, each of which opens its timeline. */
export function TaskTable({ tasks, isOfOne = false, empty }: TaskTableProps) {
  const nameOf = useAgentName();
  return (
    <DataTable
      label="Tasks"
      rows={tasks}
      rowKey={({ id }) => id}
      columns={columns(nameOf).filter(({ id }) => !isOfOne || id !== "person")}
      href={({ id }) => `/tasks/${id}`}
      empty={empty}
    />
  );
}

function columns(nameOf: (id: string) => string): Column<Task>[] {
  return [
    {
      id: "agent",
      title: "Agent",
      minWidth: 120,
      cell: ({ agent }) => nameOf(agent),
      sort: ({ agent }) => nameOf(agent),
    },
    { id: "state", title: "State", width: 118, cell: ({ state }) => <Dot tone={TONES[state] ?? "plain"}>{state}</Dot> },
    { id: "reason", title: "Why, or what it waits for", minWidth: 112, cell: (task) => <Why of={task} /> },
    { id: "kind", title: "Cause", width: 100, isMinor: true, cell: ({ kind }) => kind, sort: ({ kind }) => kind },
    {
      id: "person",
      title: "For",
      isMinor: true,
      cell: ({ person }) => <span title={person}>{person}</span>,
      sort: ({ person }) => person,
    },
    {
      id: "attempts",
      title: "Begun",
      align: "end",
      width: 82,
      isMinor: true,
      cell: ({ attempts }) => count(attempts),
      sort: ({ attempts }) => attempts,
    },
    { id: "took", title: "Took", align: "end", width: 86, isMinor: true, cell: (task) => <Took of={task} /> },
    {
      id: "created",
      title: "Made",
      width: 130,
      isMinor: true,
      cell: ({ created_at }) => <Time at={created_at} />,
      sort: ({ created_at }) => created_at,
    },
  ];
}

function Why({ of: { reason, waiting_for } }: { of: Task }) {
  if (reason)
    return (
      <span title={visible(reason)}>
        <Told text={visible(reason)} />
      </span>
    );
  if (!waiting_for) return <None />;
  return <span>{waiting_for === "children" ? "work that it gave away" : "an approval"}</span>;
}

function Took({ of: { created_at, ended_at } }: { of: Task }) {
  return ended_at ? duration(Date.parse(ended_at) - Date.parse(created_at)) : <None />;
}
