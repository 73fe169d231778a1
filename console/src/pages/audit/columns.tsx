import type { Schemas } from "../../api/paths";
import { Clock } from "../../components/Clock";
import { Outcome } from "../../components/Outcome";
import type { Column } from "../../components/table/DataTable";

type Record = Schemas["AuditView"];

export function columns(nameOf: (id: string) => string): Column<Record>[] {
  return [
    { id: "seq", title: "No.", width: 78, cell: ({ seq }) => seq },
    { id: "at", title: "When", width: 112, isMinor: true, cell: ({ at }) => <Clock at={at} /> },
    { id: "kind", title: "Kind", width: 106, isMinor: true, cell: ({ kind }) => kind },
    { id: "actor", title: "Who", isMinor: true, cell: ({ actor }) => <span title={actor}>{nameOf(actor)}</span> },
    { id: "action", title: "Did", minWidth: 110, cell: ({ action }) => <span title={action}>{action}</span> },
    { id: "resource", title: "To", cell: ({ resource }) => <span title={resource}>{nameOf(resource)}</span> },
    { id: "outcome", title: "Outcome", width: 150, isMinor: true, cell: ({ outcome }) => <Outcome code={outcome} /> },
  ];
}
