import type { Schemas } from "../../api/paths";
import { Money } from "../../components/Money";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";

type Charge = Schemas["ChargeView"];

/** The rows of the ledger, corrections included. */
export function Charges({ of }: { of: Charge[] }) {
  return <DataTable label="Charges" rows={of} rowKey={({ seq }) => String(seq)} columns={COLUMNS} />;
}

const COLUMNS: Column<Charge>[] = [
  { id: "seq", title: "Row", width: 76, isMinor: true, cell: ({ seq }) => seq },
  { id: "kind", title: "Kind", width: 116, cell: ({ kind }) => kind },
  { id: "model", title: "For", isMinor: true, cell: ({ model }) => <span title={model}>{model}</span> },
  {
    id: "basis",
    title: "Counted by",
    width: 120,
    isMinor: true,
    cell: ({ basis, attempt }) => <span title={attempt}>{basis}</span>,
  },
  { id: "at", title: "Booked", width: 130, isMinor: true, cell: ({ at }) => <Time at={at} /> },
  { id: "overrun", title: "Beyond the hold", align: "end", width: 130, cell: ({ overrun }) => <Money of={overrun} /> },
  { id: "amount", title: "Amount", align: "end", width: 110, cell: ({ amount }) => <Money of={amount} /> },
];
