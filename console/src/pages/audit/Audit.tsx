import { Download } from "lucide-react";
import { useMemo } from "react";

import { useAgentName } from "../../api/agents";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { DayFields } from "../../components/DayFields";
import { Empty } from "../../components/Empty";
import { ChoiceFilter, Filters, SearchFilter } from "../../components/Filters";
import { Loaded } from "../../components/Loaded";
import { NameFilter } from "../../components/NameFilter";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { DataTable } from "../../components/table/DataTable";
import { useFilters } from "../../components/useFilters";
import { counted } from "../../format/number";
import { columns } from "./columns";
import { DEFAULTS, queryOf } from "./query";
import { RequestFilter } from "./RequestFilter";
import { useActors } from "./useActors";
import { useRecords } from "./useRecords";
import { useVerdict, Verdict, VerifyButton } from "./Verify";

type Record = Schemas["AuditView"];

const KINDS = [
  { id: "*", title: "All" },
  { id: "decision", title: "Decisions" },
  { id: "completion", title: "Ends" },
  { id: "admin", title: "Administration" },
  { id: "system", title: "System" },
];

/** The chain of records: who did what, who decided, and the proof that none was changed. */
export default function Audit() {
  const may = useMay();
  const nameOf = useAgentName();
  const [filter, set] = useFilters(DEFAULTS);
  const { kind, request, actor, from, to, search } = filter;
  const actors = useActors();
  const audit = useRecords(queryOf(filter));
  const pages = audit.data?.pages;
  const read = useMemo(() => pages?.flatMap(({ records }) => records.toReversed()), [pages]);
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
        <ChoiceFilter label="Kind" options={KINDS} value={kind} onChange={(chosen) => set({ kind: chosen })} />
        <SearchFilter label="Words of these records" value={search} onChange={(text) => set({ search: text })} />
        <NameFilter label="Who, by name or id" names={actors} value={actor} onChange={(name) => set({ actor: name })} />
        <RequestFilter key={request} value={request} onChange={(id) => set({ request: id })} />
        <DayFields value={{ from, to }} onChange={(ends) => set(ends)} />
      </Filters>
      <Loaded of={{ ...audit, data: read }} skeleton={<Skeleton kind="row" rows={14} />}>
        {(records) => (
          <>
            <DataTable
              label="Records"
              rows={records.filter(matches)}
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
            <p className="more">
              {counted(records.length, "record")}
              {audit.hasNextPage && (
                <Button isBusy={audit.isFetchingNextPage} onPress={() => void audit.fetchNextPage()}>
                  Older
                </Button>
              )}
            </p>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function textOf({ actor, action, resource, outcome, auth }: Record, nameOf: (id: string) => string): string {
  return `${nameOf(actor)} ${actor} ${action} ${resource} ${outcome} ${auth}`.toLowerCase();
}
