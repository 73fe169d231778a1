import { BrainCircuit, Wrench } from "lucide-react";

import { Clock } from "../../components/Clock";
import { LabelBadge } from "../../components/LabelBadge";
import { Money, None } from "../../components/Money";
import { Outcome } from "../../components/Outcome";
import type { Column } from "../../components/table/DataTable";
import { count, duration } from "../../format/number";
import type { Line } from "./merged";

export const COLUMNS: Column<Line>[] = [
  { id: "at", title: "Ended", width: 112, cell: ({ at }) => <Clock at={at} /> },
  { id: "resource", title: "Model or tool", minWidth: 116, cell: (line) => <Resource of={line} /> },
  { id: "outcome", title: "Outcome", minWidth: 122, cell: ({ outcome }) => <Outcome code={outcome} /> },
  { id: "agent", title: "Agent", width: 150, isMinor: true, cell: ({ agent }) => <span title={agent}>{agent}</span> },
  { id: "label", title: "Label", width: 100, isMinor: true, cell: ({ label }) => <LabelBadge label={label} /> },
  { id: "ms", title: "Took", align: "end", width: 82, isMinor: true, cell: ({ ms }) => figure(ms, duration) },
  { id: "input", title: "Input", align: "end", width: 82, isMinor: true, cell: (line) => figure(line.input_tokens) },
  { id: "output", title: "Output", align: "end", width: 82, isMinor: true, cell: (line) => figure(line.output_tokens) },
  {
    id: "cost",
    title: "Cost",
    align: "end",
    width: 112,
    isMinor: true,
    cell: ({ cost, cached }) =>
      cached ? <span title="An earlier answer was given again">cached</span> : <Money of={cost} />,
  },
];

function Resource({ of: { action, resource } }: { of: Line }) {
  const isTool = action === "callTool";
  const Icon = isTool ? Wrench : BrainCircuit;
  return (
    <span className="named-icon" title={`${isTool ? "Tool" : "Model"} ${resource}`}>
      <Icon aria-hidden="true" />
      <span>{resource}</span>
    </span>
  );
}

function figure(value: number | null | undefined, told = count) {
  return value == null ? <None /> : told(value);
}
