import { Dot, type Tone } from "../../components/Badge";
import { Money, None } from "../../components/Money";
import { toneOf } from "../../components/Outcome";
import { DataTable, type Column } from "../../components/table/DataTable";
import { itemsOf, numberOf, textOf, textsOf, type Fields } from "../../format/fields";
import { exact } from "../../format/money";
import { duration } from "../../format/number";
import { coded } from "../../format/text";
import type { Attempt } from "./story";
import { standing, whyNot } from "./words";

interface Candidate {
  model: string;
  /** Its place in the plan, from 1. */
  place: number | undefined;
  why: string;
  became: { text: string; tone: Tone };
  cost: number | undefined;
  latency: number | undefined;
  quality: number | undefined;
  /** Everything that is on record of it. */
  all: Fields;
}

/** Models that could have served, in the order of the plan, and why each other one could not. */
export function Candidates({ plan, dropped, attempts }: { plan: unknown; dropped: unknown; attempts: Attempt[] }) {
  const rows = [
    ...itemsOf(plan).map((choice, index) => planned(choice, index + 1, attempts)),
    ...itemsOf(dropped).map(left),
  ];
  return <DataTable label="Candidates" rows={rows} rowKey={({ model }) => model} columns={COLUMNS} />;
}

function planned(choice: Fields, place: number, attempts: Attempt[]): Candidate {
  const model = textOf(choice["model"]) ?? "";
  const attempt = attempts.findLast(({ resource }) => resource === model);
  return {
    model,
    place,
    why: standing(textOf(choice["standing"])),
    became: attempt
      ? { text: attempt.outcome === "ok" ? "answered" : coded(attempt.outcome), tone: toneOf(attempt.outcome) }
      : { text: "not needed", tone: "plain" },
    cost: numberOf(choice["cost"]),
    latency: numberOf(choice["latency_ms"]),
    quality: numberOf(choice["quality"]),
    all: choice,
  };
}

function left(dropped: Fields): Candidate {
  const policies = textsOf(dropped["policies"]);
  return {
    model: textOf(dropped["model"]) ?? "",
    place: undefined,
    why: policies.length > 0 ? `${whyNot(dropped)}: ${policies.join(", ")}` : whyNot(dropped),
    became: { text: "left out", tone: dropped["reason"] === "not_permitted" ? "bad" : "plain" },
    cost: undefined,
    latency: undefined,
    quality: undefined,
    all: dropped,
  };
}

const COLUMNS: Column<Candidate>[] = [
  { id: "place", title: "Place", width: 64, isMinor: true, cell: ({ place }) => place ?? <None /> },
  { id: "model", title: "Model", cell: ({ model }) => <span title={model}>{model}</span> },
  { id: "became", title: "Became", width: 156, cell: ({ became: { text, tone } }) => <Dot tone={tone}>{text}</Dot> },
  {
    id: "why",
    title: "Why",
    minWidth: 220,
    cell: ({ why, all }) => <span title={`${why}\n${JSON.stringify(all)}`}>{why}</span>,
  },
  {
    id: "cost",
    title: "At worst",
    align: "end",
    width: 104,
    isMinor: true,
    cell: ({ cost }) => <Money of={cost === undefined ? null : exact(cost)} />,
  },
  {
    id: "latency",
    title: "Expected",
    align: "end",
    width: 92,
    isMinor: true,
    cell: ({ latency }) => (latency === undefined ? <None /> : duration(latency)),
  },
  {
    id: "quality",
    title: "Quality",
    align: "end",
    width: 80,
    isMinor: true,
    cell: ({ quality }) => quality ?? <None />,
  },
];
