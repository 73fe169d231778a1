import "./settings.css";

import { useMay } from "../../api/session";
import { Page } from "../../components/Page";
import { Tabs } from "../../components/Tabs";
import { InForce } from "./InForce";
import { System } from "./System";

/** What this server runs with, and how its parts are. */
export default function Settings() {
  const may = useMay();
  const tabs = [{ id: "settings", title: "In force", content: <InForce /> }];
  if (may("overview.show")) tabs.push({ id: "parts", title: "State of the parts", content: <System /> });
  return (
    <Page
      title="Settings"
      lead="As this process read them when it started. A file or the environment changes them; nothing here does."
    >
      <Tabs label="Settings" tabs={tabs} />
    </Page>
  );
}
