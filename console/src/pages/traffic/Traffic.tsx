import { TriangleAlert } from "lucide-react";
import { useMemo } from "react";

import { Dot } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Filters } from "../../components/Filters";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { RangeFilter, useRange } from "../../components/RangeFilter";
import { Skeleton } from "../../components/Skeleton";
import { Switch } from "../../components/Switch";
import { DataTable } from "../../components/table/DataTable";
import { useNow } from "../../components/Time";
import { useFilters } from "../../components/useFilters";
import { counted } from "../../format/number";
import { COLUMNS } from "./columns";
import { NO_FILTER } from "./filter";
import { merged } from "./merged";
import { MoreFilters } from "./MoreFilters";
import { TrafficFilters } from "./TrafficFilters";
import { useLive } from "./useLive";
import { useRequests } from "./useRequests";

const DEFAULTS = { ...NO_FILTER, live: "" };

/** Requests to models and tools, as they ended or were refused. */
export default function Traffic() {
  const [{ live: on, ...filter }, set] = useFilters(DEFAULTS);
  const { from, to } = useRange().range;
  // A span that is over gets no more requests.
  const canLive = Date.parse(to) > useNow();
  const isLive = on !== "" && canLive;
  const requests = useRequests({ ...filter, from, to });
  const live = useLive(filter, isLive, () => void requests.refetch());
  const pages = requests.data?.pages;
  const read = useMemo(() => pages?.flatMap(({ lines }) => lines), [pages]);
  const lines = useMemo(() => read && merged(live.lines, read), [read, live.lines]);
  return (
    <Page
      title="Traffic"
      lead="Every request to a model or a tool that ended or was refused; each opens its whole story."
      actions={
        <span className="fact-line">
          {isLive && <Connection isOn={live.isConnected} />}
          <Switch isSelected={isLive} isDisabled={!canLive} onChange={(chosen) => set({ live: chosen ? "on" : "" })}>
            Live
          </Switch>
        </span>
      }
    >
      <Filters label="Requests">
        <TrafficFilters value={filter} onChange={set} />
        <RangeFilter />
        <MoreFilters value={filter} onChange={set} />
      </Filters>
      {live.isLossy && (
        <div className="note">
          <TriangleAlert aria-hidden="true" />
          <p>There were more requests at once than can be shown live.</p>
          <Button
            onPress={() => {
              live.found();
              void requests.refetch();
            }}
          >
            Load them
          </Button>
        </div>
      )}
      <Loaded of={{ ...requests, data: lines }} skeleton={<Skeleton kind="row" rows={14} />}>
        {(shown) => (
          <>
            <DataTable
              label="Requests"
              rows={shown}
              rowKey={({ id }) => id}
              columns={COLUMNS}
              href={({ id }) => `/traffic/${id}`}
              empty={<None isMore={requests.hasNextPage} />}
            />
            <p className="more">
              {counted(shown.length, "request")}
              {requests.hasNextPage && (
                <Button isBusy={requests.isFetchingNextPage} onPress={() => void requests.fetchNextPage()}>
                  Load older ones
                </Button>
              )}
            </p>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Connection({ isOn }: { isOn: boolean }) {
  return <Dot tone={isOn ? "good" : "warn"}>{isOn ? "connected" : "connecting"}</Dot>;
}

function None({ isMore }: { isMore: boolean }) {
  return isMore ? (
    <Empty title="None among the newest records">
      <p>A search looks through 200,000 records at a time. Load older ones to go on.</p>
    </Empty>
  ) : (
    <Empty title="No request matches">
      <p>As soon as an agent calls a model or a tool, its request is here. Choose a longer time or fewer filters.</p>
    </Empty>
  );
}
