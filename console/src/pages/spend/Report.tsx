import { Download } from "lucide-react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Button } from "../../components/Button";
import { ChoiceFilter, Filters } from "../../components/Filters";
import { useFilters } from "../../components/useFilters";
import { Loaded } from "../../components/Loaded";
import { Sum } from "../../components/Money";
import { RangeFilter, useRange } from "../../components/RangeFilter";
import { Skeleton } from "../../components/Skeleton";
import { Stat, Stats, StatsSkeleton } from "../../components/Stat";
import { csv, save } from "../../format/csv";
import { short } from "../../format/money";
import { compact, count, share } from "../../format/number";
import { spanBefore, type Range } from "../../format/range";
import { Breakdown } from "./Breakdown";
import { csvHead, csvRow } from "./export";
import { SpendChart, SpendChartSkeleton } from "./SpendChart";
import { sums } from "./sums";

const BY = [
  { id: "model", title: "Model" },
  { id: "provider", title: "Provider" },
  { id: "agent", title: "Agent" },
  { id: "user", title: "User" },
  { id: "key", title: "Key" },
  { id: "tenant", title: "Tenant" },
];

const DEFAULTS = { by: "model" };
const TOTALS = ["Spent", "Calls", "Tokens", "Saved by caches", "Saved by routing", "This month"];

/** What a span of time cost: in all, over time, and by who or what it was spent. */
export function Report() {
  const [{ by }, set] = useFilters(DEFAULTS);
  const { range, zoom } = useRange();
  const { from, to, bucket } = range;
  const report = useGet("/api/v1/spend", { query: { by, from, to } }, { keep: true });
  const series = useGet("/api/v1/spend/series", { query: { by, from, to, bucket } }, { keep: true });
  const before = useGet("/api/v1/spend", { query: { by, ...spanBefore(range) } }, { keep: true });
  return (
    <div className="stack">
      <Filters label="Report">
        <ChoiceFilter label="By" options={BY} value={by} onChange={(chosen) => set({ by: chosen })} />
        <RangeFilter />
        <Export report={report.data} range={range} />
      </Filters>
      <Loaded of={report} skeleton={<StatsSkeleton labels={TOTALS} />}>
        {(data) => <Totals report={data} />}
      </Loaded>
      <Loaded of={series} skeleton={<SpendChartSkeleton by={by} bucket={bucket} />}>
        {(data) => <SpendChart series={data} onZoom={zoom} />}
      </Loaded>
      <Loaded of={report} skeleton={<Skeleton kind="row" rows={6} />}>
        {(data) => <Breakdown report={data} before={before.data} range={range} />}
      </Loaded>
    </div>
  );
}

function Totals({ report: { total, forecast, lines } }: { report: Schemas["SpendReport"] }) {
  const { calls, errors, input, cached, output, saved, routed, provisional } = sums(lines);
  return (
    <Stats>
      <Stat
        label="Spent"
        value={<Sum of={total} />}
        note={provisional > 0 ? `${short(provisional)} of it provisional` : "all of it settled"}
      />
      <Stat label="Calls" value={count(calls)} note={`${count(errors)} failed (${share(errors, calls)})`} />
      <Stat label="Tokens" value={compact(input + output)} note={`${compact(input)} in, ${compact(output)} out`} />
      <Stat label="Saved by caches" value={short(saved)} note={`${share(cached, input)} of input was cached`} />
      <Stat label="Saved by routing" value={short(routed)} note="below the dearest choice" />
      <Stat
        label="This month"
        value={<Sum of={forecast.spent} />}
        note={`${short(forecast.amount.nanos)} at its end`}
      />
    </Stats>
  );
}

function Export({ report, range: { from, to } }: { report: Schemas["SpendReport"] | undefined; range: Range }) {
  function keep({ by, lines }: Schemas["SpendReport"]) {
    save(`spend-by-${by}-${from}-${to}.csv`.replaceAll(":", ""), csv(csvHead(by), lines.map(csvRow)));
  }
  return (
    <Button icon={Download} isDisabled={!report} onPress={() => report && keep(report)}>
      CSV
    </Button>
  );
}
