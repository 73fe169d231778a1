import { useMay } from "../../api/session";
import { Page } from "../../components/Page";
import { Tabs } from "../../components/Tabs";
import { Budgets } from "./Budgets";
import { Report } from "./Report";

export default function Spend() {
  const may = useMay();
  const tabs = [{ id: "report", title: "Report", content: <Report /> }];
  if (may("budget.show")) tabs.push({ id: "budgets", title: "Budgets", content: <Budgets /> });
  return (
    <Page title="Spend" lead="What calls cost, from the ledger; days and hours are those of UTC.">
      <Tabs label="Spend" tabs={tabs} />
    </Page>
  );
}
