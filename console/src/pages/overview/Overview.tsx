import { Redirect } from "wouter";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { wasLed } from "../start/seen";
import { Attention } from "./Attention";
import { Begin } from "./Begin";
import { Parts } from "./Parts";
import { Recent } from "./Recent";

/** The whole at a glance: what wants a look, what is spent, and what answers. */
export default function Overview() {
  const may = useMay();
  const overview = useGet("/api/v1/overview", { query: {} }, { everyMs: 30_000 });
  const newest = useGet("/api/v1/requests", may("request.show") ? { query: { limit: 1 } } : null);
  const report = useGet("/api/v1/spend", may("spend.show") ? { query: { by: "provider" } } : null);
  const budget = useGet("/api/v1/budget", may("budget.show") ? { query: {} } : null);
  const approvals = useGet("/api/v1/approvals", may("approval.list") ? { query: { status: "pending" } } : null);
  // Parts that are there only sometimes stand at the top: shown one by one, they would push the page about.
  const isLoading = [newest, report, budget, approvals].some((reading) => reading.isLoading);
  const isUnused = newest.data?.lines.length === 0;
  if (isUnused && !wasLed()) return <Redirect to="/start" replace />;
  return (
    <Page title="Overview">
      <Loaded of={isLoading ? { ...overview, data: undefined } : overview} skeleton={<Skeleton kind="row" rows={8} />}>
        {(data) => (
          <>
            <Attention overview={data} accounts={budget.data?.accounts} approvals={approvals.data?.approvals} />
            {isUnused && <Begin />}
            {report.data && !isUnused && <Recent report={report.data} />}
            <Parts overview={data} />
          </>
        )}
      </Loaded>
    </Page>
  );
}
