import { useGet } from "../../api/hooks";
import { Empty } from "../../components/Empty";
import { ChoiceFilter, Filters } from "../../components/Filters";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { Told } from "../../components/Told";
import { useFilters } from "../../components/useFilters";
import { count } from "../../format/number";
import { visible } from "../../format/visible";
import { Verdict, type Letter } from "./Verdict";

const SHOWN = [
  { id: "open", title: "Waiting" },
  { id: "all", title: "All" },
];
const DEFAULTS = { show: "open" };

/** Tasks and events that were tried as often as may be, and then given up. */
export default function DeadLetters() {
  const [{ show }, set] = useFilters(DEFAULTS);
  const query = { all: show === "all", limit: 1000 };
  const letters = useGet("/api/v1/dead-letters", { query }, { everyMs: 10_000, keep: true });
  return (
    <Page
      title="Dead letters"
      lead="What was given up after every try failed. It stays until somebody tries it again or puts it away."
    >
      <Filters label="Dead letters">
        <ChoiceFilter label="Which" options={SHOWN} value={show} onChange={(chosen: string) => set({ show: chosen })} />
      </Filters>
      <Loaded of={letters} skeleton={<Skeleton kind="row" rows={5} />}>
        {(data) => (
          <DataTable
            label="Dead letters"
            rows={data.dead_letters}
            rowKey={({ id }) => id}
            columns={COLUMNS}
            href={({ id }) => `/dead-letters/${id}`}
            empty={
              <Empty title={show === "all" ? "Nothing was ever given up" : "Nothing is given up"}>
                <p>Work that fails again and again would be here, and wait for you.</p>
              </Empty>
            }
          />
        )}
      </Loaded>
    </Page>
  );
}

const COLUMNS: Column<Letter>[] = [
  {
    id: "reason",
    title: "Why",
    minWidth: 200,
    cell: ({ reason }) => (
      <span title={visible(reason)}>
        <Told text={visible(reason)} />
      </span>
    ),
    sort: ({ reason }) => reason,
  },
  { id: "verdict", title: "State", width: 112, cell: (letter) => <Verdict of={letter} /> },
  {
    id: "subject",
    title: "Where",
    width: 180,
    isMinor: true,
    cell: ({ subject }) => <code title={subject}>{subject}</code>,
    sort: ({ subject }) => subject,
  },
  {
    id: "attempts",
    title: "Tries",
    align: "end",
    width: 80,
    isMinor: true,
    cell: ({ attempts }) => count(attempts),
    sort: ({ attempts }) => attempts,
  },
  { id: "at", title: "Given up", width: 130, isMinor: true, cell: ({ at }) => <Time at={at} />, sort: ({ at }) => at },
];
