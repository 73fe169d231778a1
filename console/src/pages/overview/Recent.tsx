import { useLocation } from "wouter";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Loaded } from "../../components/Loaded";
import { Sum } from "../../components/Money";
import { Stat, Stats } from "../../components/Stat";
import { useNow } from "../../components/Time";
import { short } from "../../format/money";
import { compact, count, share } from "../../format/number";
import { instant, presetRange } from "../../format/range";
import { SpendChart, SpendChartSkeleton } from "../spend/SpendChart";
import { sums } from "../spend/sums";

type Report = Schemas["SpendReport"];

const BY = "provider";

/** What the last 30 days cost, by provider; a part of the chart leads to the report of that time. */
export function Recent({ report }: { report: Report }) {
  const [, navigate] = useLocation();
  const { from, to, bucket } = presetRange("30d", useNow());
  const series = useGet("/api/v1/spend/series", { query: { by: BY, from, to, bucket } });
  const zoom = (first: number, end: number) =>
    navigate(`/spend?${new URLSearchParams({ by: BY, from: instant(first), to: instant(end) })}`);
  return (
    <>
      <Totals report={report} />
      <Loaded of={series} skeleton={<SpendChartSkeleton by={BY} bucket={bucket} />}>
        {(data) => <SpendChart series={data} onZoom={zoom} />}
      </Loaded>
    </>
  );
}

function Totals({ report: { total, forecast, lines } }: { report: Report }) {
  const { calls, errors, input, output, saved } = sums(lines);
  return (
    <Stats>
      <Stat
        label="Spent this month"
        value={<Sum of={forecast.spent} />}
        note={`${short(forecast.amount.nanos)} at its end`}
      />
      <Stat label="Spent in 30 days" value={<Sum of={total} />} note={`${short(saved)} saved by caches`} />
      <Stat label="Calls in 30 days" value={count(calls)} note={`${share(errors, calls)} failed`} />
      <Stat
        label="Tokens in 30 days"
        value={compact(input + output)}
        note={`${compact(input)} in, ${compact(output)} out`}
      />
    </Stats>
  );
}
