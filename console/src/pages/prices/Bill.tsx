import type { ReactNode } from "react";

import type { Schemas } from "../../api/paths";
import { Empty } from "../../components/Empty";
import { Money, Sum } from "../../components/Money";
import { Section } from "../../components/Page";
import { Stat, Stats } from "../../components/Stat";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Told } from "../../components/Told";
import { short } from "../../format/money";
import { count, counted } from "../../format/number";
import { absolute } from "../../format/time";

type Reconciliation = Schemas["Reconciliation"];
type Line = Schemas["ReconciledModel"];

/** A provider's bill beside the ledger: what differs, what explains it, and what could not be compared. */
export function Bill({ of }: { of: Reconciliation }) {
  return (
    <>
      <Totals of={of} />
      <Section
        title={of.from && of.to ? `${absolute(Date.parse(of.from))} – ${absolute(Date.parse(of.to))}` : "Models"}
      >
        <DataTable
          label="Models of the export"
          rows={of.models}
          rowKey={({ model }) => model}
          columns={COLUMNS}
          sort={{ column: "difference", descending: true }}
          empty={
            <Empty title="Nothing was compared">
              <p>No bucket of the export is old enough, or none of its models is one of ours. Below is why.</p>
            </Empty>
          }
        />
      </Section>
      <Rest of={of} />
    </>
  );
}

function Totals({ of: { total, calls, booked, provider } }: { of: Reconciliation }) {
  return (
    <Stats>
      <Stat label={`${provider} billed`} value={<Sum of={total.theirs} />} note="its tokens at our prices" />
      <Stat label="We charged" value={<Sum of={total.ours} />} note={`in ${counted(total.buckets, "bucket")}`} />
      <Stat
        label="Difference"
        value={<Sum of={total.difference} />}
        note={`${total.explained_percent}% of it is explained`}
      />
      <Stat label="Not explained" value={<Sum of={total.unexplained} />} note="never booked" />
      {booked ? (
        <Stat
          label="Booked"
          value={counted(booked.calls, "call")}
          note={`${short(booked.credited.nanos)} credited, ${short(booked.charged.nanos)} charged`}
        />
      ) : (
        <Stat label="To book" value={counted(calls, "call")} note="each once" />
      )}
    </Stats>
  );
}

const COLUMNS: Column<Line>[] = [
  {
    id: "model",
    title: "Model",
    minWidth: 160,
    cell: ({ model, ids }) => <span title={ids.join(", ")}>{model}</span>,
    sort: ({ model }) => model,
  },
  { id: "buckets", title: "Buckets", width: 84, align: "end", isMinor: true, cell: ({ buckets }) => count(buckets) },
  amount("theirs", "Billed", ({ theirs }) => theirs, true),
  amount("ours", "Charged", ({ ours }) => ours, true),
  amount("difference", "Difference", (line) => line.difference),
  amount("edges", "Rounding, edges", ({ edges }) => edges, true),
  amount("booked", "By calls", ({ counted: own, worst_case, provisional }) => sum(own, worst_case, provisional), true),
  amount("unexplained", "Unexplained", ({ unexplained }) => unexplained, true),
];

function amount(id: string, title: string, of: (line: Line) => Schemas["Money"], isMinor = false): Column<Line> {
  return {
    id,
    title,
    width: 124,
    align: "end",
    isMinor,
    cell: (line) => <Money of={of(line)} />,
    sort: (line) => of(line).nanos,
  };
}

function sum(...parts: Schemas["Money"][]): Schemas["Money"] {
  const nanos = parts.reduce((total, part) => total + part.nanos, 0);
  return { nanos, usd: (nanos / 1_000_000_000).toFixed(9) };
}

/** What was not compared, and what else should be looked at. */
function Rest({ of: { left_out, unmatched, absent, notes } }: { of: Reconciliation }) {
  return (
    <>
      <List
        title="Look at"
        items={notes.map((note) => (
          <Told text={note} />
        ))}
      />
      <List
        title="Left out"
        items={left_out.map(({ model, buckets, from, to, why }) => (
          <>
            {counted(buckets, "bucket")}
            {model && (
              <>
                {" "}
                of <code>{model}</code>
              </>
            )}
            , {absolute(Date.parse(from))} – {absolute(Date.parse(to))}: <Told text={why} />
          </>
        ))}
      />
      <List
        title="Billed, and none of ours"
        items={unmatched.map(({ model, requests, input_tokens, output_tokens }) => (
          <>
            <code>{model}</code>: {requests > 0 && `${counted(requests, "call")}, `}
            {count(input_tokens)} tokens in, {count(output_tokens)} out
          </>
        ))}
      />
      <List
        title="Ours, and not billed"
        items={absent.map(({ model, calls, charged }) => (
          <>
            <code>{model}</code>: {counted(calls, "call")}, <Sum of={charged} /> charged. It stays.
          </>
        ))}
      />
    </>
  );
}

function List({ title, items }: { title: string; items: ReactNode[] }) {
  if (items.length === 0) return null;
  return (
    <Section title={title}>
      <ul className="panel bill-list">
        {items.map((item, index) => (
          <li key={index}>{item}</li>
        ))}
      </ul>
    </Section>
  );
}
