import { DataTable } from "../../components/table/DataTable";
import { fieldsOf, numberOf, textsOf } from "../../format/fields";
import { count } from "../../format/number";

/** What was found, by kind; where, and never what it was. */
export function Findings({ label, of }: { label: string; of: unknown }) {
  const rows = Object.entries(fieldsOf(of)).map(([kind, found]) => {
    const { count: times, places } = fieldsOf(found);
    return { kind, times: numberOf(times) ?? 0, places: [...new Set(textsOf(places))] };
  });
  if (rows.length === 0) return null;
  return (
    <DataTable
      label={label}
      rows={rows}
      rowKey={({ kind }) => kind}
      columns={[
        { id: "kind", title: "Kind", width: 150, cell: ({ kind }) => kind },
        { id: "times", title: "Times", align: "end", width: 76, cell: ({ times }) => count(times) },
        {
          id: "places",
          title: "Where",
          cell: ({ places }) => <code title={places.join("\n")}>{places.join(", ")}</code>,
        },
      ]}
    />
  );
}
