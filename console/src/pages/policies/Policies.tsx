import "./policies.css";

import { useMay } from "../../api/session";
import { Page } from "../../components/Page";
import { Tabs } from "../../components/Tabs";
import { Changes } from "./Changes";
import { Checks } from "./Checks";
import { Explain } from "./Explain";
import { Files } from "./Files";
import { History } from "./History";
import { Status } from "./Status";
import { CheckProvider, useChecking } from "./useCheck";
import { useDraft, useKeptInWindow } from "./useDraft";

/** The policy tree: what is in force, its files, what a change to them means, and why a call is decided as it is. */
export default function Policies() {
  const may = useMay();
  const [draft] = useDraft();
  const changes = Object.keys(draft.files).length;
  useKeptInWindow(changes > 0);
  const check = useChecking();
  const tabs = [
    { id: "files", title: "Files", content: <Files /> },
    {
      id: "changes",
      title: changes > 0 ? `Changes (${changes})` : "Changes",
      content: <Changes />,
      needs: "policy.edit",
    },
    { id: "checks", title: "Tests and proofs", content: <Checks />, needs: "policy.test" },
    { id: "history", title: "History", content: <History />, needs: "policy.log" },
    { id: "explain", title: "Explain", content: <Explain />, needs: "policy.explain" },
  ];
  return (
    <Page title="Policies" lead="Cedar files in a git tree. Nothing is allowed that no policy permits.">
      {may("policy.status") && <Status />}
      <CheckProvider value={check}>
        <Tabs label="Policies" tabs={tabs.filter(({ needs }) => !needs || may(needs))} />
      </CheckProvider>
    </Page>
  );
}
