import { Download, X } from "lucide-react";

import { useAgentName } from "../../api/agents";
import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { ChoiceFilter, Filters, SearchFilter } from "../../components/Filters";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { DataTable } from "../../components/table/DataTable";
import { useFilters } from "../../components/useFilters";
import { columns } from "./columns";
import { RequestFilter } from "./RequestFilter";
import { useVerdict, Verdict, VerifyButton } from "./Verify";

type Record = Schemas["AuditView"];

const KINDS = [
  { id: "*", title: "All" },
  { id: "decision", title: "Decisions" },
  { id: "completion", title: "Ends" },
  { id: "admin", title: "Administration" },
  { id: "system", title: "System" },
];

const DEFAULTS = { kind: "*", request: "", after: "", search: "" };
const RECORDS = 200;

/** The chain of records: who did what, who decided, and the proof that none was changed. */
export default function Audit() {
  const may = useMay();
  const nameOf = useAgentName();
  const [{ kind, request, after, search }, set] = useFilters(DEFAULTS);
  const query = {
    limit: RECORDS,
    ...(kind !== "*" && { kind }),
    ...(request && { request }),
    ...(/^\d+$/.test(after) && { after: Number(after) }),
  };
  const audit = useGet("/api/v1/audit", { query }, { keep: true });
  const verdict = useVerdict();
  const matches = (record: Record) => textOf(record, nameOf).includes(search.toLowerCase());
  return (
    <Page
      title="Audit"
      lead="Each record has the hash of the one before it, so that none can be changed or taken out unseen."
      actions={
        <>
          {may("audit.verify") && <VerifyButton of={verdict} />}
          {may("audit.export") && (
            <a className="button" href="/api/v1/audit/export" download="audit.jsonl">
              <Download aria-hidden="true" />
              Export all
            </a>
          )}
        </>
      }
    >
      <Verdict of={verdict} />
      <Filters label="Records">
        <ChoiceFilter
          label="Kind"
          options={KINDS}
          value={kind}
          onChange={(chosen) => set({ kind: chosen, after: "" })}
        />
        <SearchFilter label="Words of these records" value={search} onChange={(text) => set({ search: text })} />
        <RequestFilter key={request} value={request} onChange={(id) => set({ request: id, after: "" })} />
      </Filters>
      <Loaded of={audit} skeleton={<Skeleton kind="row" rows={14} />}>
        {({ records }) => (
          <>
            <DataTable
              label="Records"
              rows={records.filter(matches).reverse()}
              rowKey={({ seq }) => String(seq)}
              columns={columns(nameOf)}
              href={({ seq }) => `/audit/${seq}`}
              empty={
                <Empty title="No record matches">
                  <p>
                    Only the records that are loaded are searched for words. Go to older ones, or ask for another kind.
                  </p>
                </Empty>
              }
            />
            <Pager records={records} after={after} onAfter={(number) => set({ after: number })} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function textOf({ actor, action, resource, outcome, auth }: Record, nameOf: (id: string) => string): string {
  return `${nameOf(actor)} ${actor} ${action} ${resource} ${outcome} ${auth}`.toLowerCase();
}

interface PagerProps {
  records: Record[];
  after: string;
  onAfter: (after: string) => void;
}

/** Goes to older and newer records, or to those behind a number. */
function Pager({ records, after, onAfter }: PagerProps) {
  const first = records[0]?.seq ?? (after ? Number(after) + 1 : 1);
  const last = records.at(-1)?.seq;
  return (
    <p className="more">
      <Button isDisabled={first <= 1} onPress={() => onAfter(String(Math.max(0, first - 1 - RECORDS)))}>
        Older
      </Button>
      {last === undefined ? "None here" : `Records ${first} to ${last}`}
      <Button isDisabled={!after || records.length < RECORDS} onPress={() => onAfter(String(last ?? ""))}>
        Newer
      </Button>
      {after && (
        <Button icon={X} onPress={() => onAfter("")}>
          To the newest
        </Button>
      )}
    </p>
  );
}
