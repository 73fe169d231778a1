import { GitCompareArrows, History as Clock } from "lucide-react";
import { useState } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Badge } from "../../components/Badge";
import { Dialog } from "../../components/Dialog";
import { Loaded } from "../../components/Loaded";
import { RowMenu } from "../../components/RowMenu";
import { Skeleton } from "../../components/Skeleton";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { Commit } from "./Places";
import { RollbackDialog } from "./RollbackDialog";
import { Difference } from "./Verdict";

type Entry = Schemas["CommitView"];

const NEWEST = 200;

const COLUMNS: Column<Entry>[] = [
  {
    id: "subject",
    title: "Commit",
    minWidth: 150,
    cell: ({ subject, in_force }) => (
      <span className="policy-commit">
        <span className="policy-subject" title={subject}>
          {subject}
        </span>
        {in_force && <Badge tone="good">in force</Badge>}
      </span>
    ),
  },
  { id: "author", title: "By", cell: ({ author }) => <span title={author}>{author}</span>, isMinor: true, width: 240 },
  { id: "at", title: "When", cell: ({ at }) => <Time at={at} />, sort: ({ at }) => at, width: 130 },
  { id: "commit", title: "Id", cell: ({ commit }) => <Commit id={commit} />, isMinor: true, width: 120 },
];

/** The commits of the tree, what each changed, and the way back to one. */
export function History() {
  const may = useMay();
  const log = useGet("/api/v1/policy/log", { query: { limit: NEWEST } });
  const [compared, setCompared] = useState<{ of: Entry; before: string } | null>(null);
  const [target, setTarget] = useState<Entry | null>(null);

  function actions(commits: Entry[], entry: Entry) {
    const before = commits[commits.indexOf(entry) + 1]?.commit;
    const compare = { title: "What it changed", icon: GitCompareArrows };
    const back = { title: "Roll back to it", icon: Clock, isDangerous: true };
    return [
      ...(before && may("policy.diff") ? [{ ...compare, onAction: () => setCompared({ of: entry, before }) }] : []),
      ...(entry !== commits[0] && may("policy.rollback") ? [{ ...back, onAction: () => setTarget(entry) }] : []),
    ];
  }

  return (
    <>
      <Loaded of={log} skeleton={<Skeleton kind="row" rows={8} />}>
        {({ commits }) => (
          <DataTable
            label="Commits"
            rows={commits}
            rowKey={({ commit }) => commit}
            columns={COLUMNS}
            actions={(entry) => <RowMenu label={`Actions for ${entry.subject}`} actions={actions(commits, entry)} />}
          />
        )}
      </Loaded>
      {compared && (
        <Dialog title={`What “${compared.of.subject}” changed`} onClose={() => setCompared(null)}>
          <div className="dialog-body policy-wide">
            <Difference before={compared.before} after={{ commit: compared.of.commit }} />
          </div>
        </Dialog>
      )}
      {target && <RollbackDialog to={target} onClose={() => setTarget(null)} />}
    </>
  );
}
