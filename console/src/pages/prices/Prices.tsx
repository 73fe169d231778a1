import { useMay } from "../../api/session";
import { Page } from "../../components/Page";
import { Tabs } from "../../components/Tabs";
import { PriceList } from "./PriceList";
import { Reconcile } from "./Reconcile";

/** What models cost, and what providers say they billed. */
export default function Prices() {
  const may = useMay();
  const tabs = [{ id: "prices", title: "Prices", content: <PriceList /> }];
  if (may("budget.compare")) tabs.push({ id: "reconcile", title: "Compare with a bill", content: <Reconcile /> });
  return (
    <Page title="Prices" lead="What every model costs now, by which each call is held, charged and reported.">
      <Tabs label="Prices" tabs={tabs} />
    </Page>
  );
}
