import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

import type { Schemas } from "../../api/paths";
import { PageLink } from "../../components/PageLink";
import { Told } from "../../components/Told";
import { counted } from "../../format/number";

type Overview = Schemas["Overview"];

interface AttentionProps {
  overview: Overview;
  accounts?: Schemas["AccountView"][];
  approvals?: Schemas["ApprovalView"][];
}

/** What does not work, or waits for somebody; nothing where all is well. */
export function Attention({ overview, accounts = [], approvals = [] }: AttentionProps) {
  const full = accounts.filter(({ cap, spent }) => cap && spent.nanos >= cap.nanos).length;
  const waiting = approvals.length;
  const notes = [
    ...faults(overview),
    waiting > 0 && (
      <PageLink to="/approvals">
        {counted(waiting, "question")} to people {waiting === 1 ? "waits" : "wait"} for an answer.
      </PageLink>
    ),
    full > 0 && <PageLink to="/spend?tab=budgets">{counted(full, "budget")} reached the cap.</PageLink>,
  ].filter(Boolean);
  if (notes.length === 0) return null;
  return (
    <div className="note">
      <TriangleAlert aria-hidden="true" />
      <ul>
        {notes.map((note, index) => (
          <li key={index}>{note}</li>
        ))}
      </ul>
    </div>
  );
}

function faults({ database_ok, redis, policy }: Overview): ReactNode[] {
  const found: ReactNode[] = [];
  if (!database_ok) found.push("The database does not answer. Calls are refused until it does.");
  if (redis === "does not answer") found.push("Redis does not answer. Gateways count limits each by itself.");
  if (policy.rejected) {
    found.push(
      <>
        Commit <code>{policy.rejected.slice(0, 12)}</code> of the policies is not in force:{" "}
        {counted(policy.faults.length, "mistake")}, {policy.faults.map(({ file }) => file).join(", ")}.
      </>,
    );
  }
  if (policy.uncommitted.length > 0) {
    found.push(`${counted(policy.uncommitted.length, "file")} of the tree changed without a commit, and does not run.`);
  }
  if (policy.sync_error) {
    found.push(
      <>
        The remote of the tree does not answer: <Told text={policy.sync_error} />
      </>,
    );
  }
  return [...found, ...policy.notes.map((note) => <Told text={note} />)];
}
