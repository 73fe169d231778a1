import { Badge, type Tone } from "../../components/Badge";
import { None } from "../../components/Money";
import { DataTable } from "../../components/table/DataTable";
import { textOf, textsOf, type Fields } from "../../format/fields";
import { visible } from "../../format/visible";

/** Where an argument's words come from, worst first. */
const ORIGINS: { name: string; title: string; tone: Tone }[] = [
  { name: "untrusted", title: "untrusted content", tone: "bad" },
  { name: "unmatched", title: "nowhere in the session", tone: "warn" },
  { name: "trusted", title: "trusted words", tone: "good" },
];

/** The arguments that were asked about, as far as the question keeps them, and where each comes from. */
export function Arguments({ of, provenance }: { of: Fields; provenance: Fields }) {
  const rows = Object.entries(of).map(([name, value]) => ({
    name,
    value: visible(textOf(value) ?? JSON.stringify(value)),
    origin: ORIGINS.find((origin) => textsOf(provenance[origin.name]).includes(name)),
  }));
  return (
    <DataTable
      label="Arguments"
      rows={rows}
      rowKey={({ name }) => name}
      columns={[
        { id: "name", title: "Name", width: 150, cell: ({ name }) => <code>{visible(name)}</code> },
        { id: "value", title: "What it is", cell: ({ value }) => <code title={value}>{value}</code> },
        {
          id: "origin",
          title: "Comes from",
          width: 190,
          cell: ({ origin }) => (origin ? <Badge tone={origin.tone}>{origin.title}</Badge> : <None />),
        },
      ]}
    />
  );
}
