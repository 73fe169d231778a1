import type { ReactNode } from "react";

import { Badge, Dot } from "../../components/Badge";
import { None } from "../../components/Money";
import { DataTable, type Column } from "../../components/table/DataTable";
import { toolAddress } from "./address";
import { flagOf } from "./change";
import { Shown } from "./Shown";
import { EFFECTS, isShadowed, REPLAYS, stateOf, type Tool } from "./state";

/** Tools; what is to be decided stands first. */
export function ToolTable({ tools, empty }: { tools: Tool[]; empty: ReactNode }) {
  return (
    <DataTable
      label="Tools"
      rows={tools}
      rowKey={(tool) => tool.id}
      columns={COLUMNS}
      sort={{ column: "state", descending: false }}
      href={({ server, tool }) => toolAddress(server, tool)}
      empty={empty}
    />
  );
}

const ORDER = ["drifted", "quarantined", "rejected"];

const COLUMNS: Column<Tool>[] = [
  { id: "id", title: "Tool", minWidth: 170, cell: ({ id }) => <Shown text={id} isName />, sort: ({ id }) => id },
  {
    id: "state",
    title: "State",
    width: 128,
    cell: (tool) => <State tool={tool} />,
    sort: (tool) => {
      const place = ORDER.indexOf(stateOf(tool).word);
      return `${place < 0 ? ORDER.length : place} ${tool.id}`;
    },
  },
  {
    id: "effect",
    title: "Effect",
    width: 110,
    isMinor: true,
    cell: ({ effect }) => (
      <span title={EFFECTS[effect]}>
        <Badge tone={effect === "unknown" ? "warn" : "plain"}>{effect}</Badge>
      </span>
    ),
    sort: ({ effect }) => effect,
  },
  {
    id: "replay",
    title: "Replay",
    width: 110,
    isMinor: true,
    cell: ({ replay }) => <span title={REPLAYS[replay]}>{replay}</span>,
    sort: ({ replay }) => replay,
  },
  {
    id: "trusted",
    title: "Results",
    width: 110,
    isMinor: true,
    cell: ({ trusted }) => (trusted ? "trusted" : <span className="soft">untrusted</span>),
    sort: ({ trusted }) => trusted,
  },
  {
    id: "flags",
    title: "Flags",
    width: 150,
    isMinor: true,
    cell: (tool) => <FlagCount tool={tool} />,
    sort: ({ flags }) => -flags.length,
  },
];

function State({ tool }: { tool: Tool }) {
  const { word, tone, means } = stateOf(tool);
  return (
    <span title={means}>
      <Dot tone={tone}>{word}</Dot>
    </span>
  );
}

function FlagCount({ tool }: { tool: Tool }) {
  if (tool.flags.length === 0) return <None />;
  const isHard = tool.flags.some((flag) => flagOf(flag, tool.id).severity === "refuse");
  return (
    <span className="badges">
      <Badge tone={isHard ? "bad" : "warn"}>{String(tool.flags.length)}</Badge>
      {isShadowed(tool) && <Badge tone="bad">shadowed</Badge>}
    </span>
  );
}
