import { useGet } from "../../api/hooks";
import { Empty } from "../../components/Empty";
import { ChoiceFilter, Filters } from "../../components/Filters";
import { LabelBadge } from "../../components/LabelBadge";
import { Loaded } from "../../components/Loaded";
import { None } from "../../components/Money";
import { Page } from "../../components/Page";
import { SelectField } from "../../components/SelectField";
import { Skeleton } from "../../components/Skeleton";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { useFilters } from "../../components/useFilters";
import { fieldsOf, textOf } from "../../format/fields";
import { counted } from "../../format/number";
import { coded } from "../../format/text";
import { ApprovalState } from "./ApprovalState";
import { subjectOf, type Approval } from "./question";

const ANY = "*";

const STATES = [
  { id: "pending", title: "Waiting" },
  { id: "approved", title: "Approved" },
  { id: "used", title: "Used" },
  { id: "denied", title: "Denied" },
  { id: "cancelled", title: "Cancelled" },
  { id: "revoked", title: "Revoked" },
  { id: "expired", title: "Expired" },
  { id: ANY, title: "All" },
];

const KINDS = [
  { id: ANY, title: "any" },
  ...["tool_call", "model_call", "admin", "budget", "break_glass"].map((id) => ({ id, title: coded(id) })),
];

const DEFAULTS = { status: "pending", kind: ANY };

/** Questions that policy asks people, before something is done. */
export default function Approvals() {
  const [{ status, kind }, set] = useFilters(DEFAULTS);
  const query = { limit: 1000, ...(status !== ANY && { status }), ...(kind !== ANY && { kind }) };
  const approvals = useGet("/api/v1/approvals", { query }, { everyMs: 5_000, keep: true });
  return (
    <Page
      title="Approvals"
      lead="What policy lets happen only when people say yes. A yes counts once, for exactly what was asked."
    >
      <Filters label="Questions">
        <ChoiceFilter label="Status" options={STATES} value={status} onChange={(chosen) => set({ status: chosen })} />
        <SelectField isInline label="Kind" options={KINDS} value={kind} onChange={(chosen) => set({ kind: chosen })} />
      </Filters>
      <Loaded of={approvals} skeleton={<Skeleton kind="row" rows={8} />}>
        {(data) => (
          <DataTable
            label="Questions"
            rows={data.approvals}
            rowKey={({ id }) => id}
            columns={COLUMNS}
            href={({ id }) => `/approvals/${id}`}
            empty={
              <Empty title={status === "pending" ? "Nothing waits for an answer" : "No question matches"}>
                <p>Policies with @approval ask people. What they ask is here as soon as somebody needs an answer.</p>
              </Empty>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}

const COLUMNS: Column<Approval>[] = [
  { id: "what", title: "What", minWidth: 128, cell: (approval) => subjectOf(approval), sort: subjectOf },
  { id: "kind", title: "Kind", width: 108, isMinor: true, cell: ({ kind }) => coded(kind), sort: ({ kind }) => kind },
  {
    id: "requester",
    title: "Who asks",
    minWidth: 110,
    cell: ({ requester }) => <span title={requester}>{requester}</span>,
    sort: ({ requester }) => requester,
  },
  {
    id: "label",
    title: "Label",
    width: 100,
    isMinor: true,
    cell: ({ detail }) => <LabelBadge label={textOf(fieldsOf(detail)["label"])} />,
  },
  { id: "status", title: "Status", width: 110, cell: (approval) => <ApprovalState of={approval} /> },
  { id: "missing", title: "Still missing", width: 190, isMinor: true, cell: (approval) => <Missing of={approval} /> },
  {
    id: "created",
    title: "Asked",
    width: 124,
    isMinor: true,
    cell: ({ created_at }) => <Time at={created_at} />,
    sort: ({ created_at }) => created_at,
  },
  {
    id: "expires",
    title: "Expires",
    width: 116,
    isMinor: true,
    cell: ({ expires_at, status }) =>
      status === "pending" || status === "approved" ? <Time at={expires_at} /> : <None />,
    sort: ({ expires_at }) => expires_at,
  },
];

function Missing({ of: { missing } }: { of: Approval }) {
  if (!missing) return <None />;
  const { people, roles } = missing;
  const told = [roles.join(", "), people > 1 ? counted(people, "person", "people") : ""].filter(Boolean).join(", ");
  return <span title={told}>{told || counted(people, "person", "people")}</span>;
}
