import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Loaded } from "../../components/Loaded";
import { Skeleton } from "../../components/Skeleton";
import { counted } from "../../format/number";
import { askOf } from "./draft";
import { Commit } from "./Places";
import { Proofs } from "./Proofs";
import { Tests } from "./Tests";
import { useDraft } from "./useDraft";

/** How the decision cases and the statements of the newest commit end, or of the draft where there is one. */
export function Checks() {
  const may = useMay();
  const [draft] = useDraft();
  const drafted = askOf(draft);
  const newest = useGet("/api/v1/policy/files", drafted ? null : {});
  const tree = drafted ?? (newest.data && { commit: newest.data.commit });
  return (
    <Loaded of={{ ...newest, data: tree }} skeleton={<Skeleton kind="row" rows={12} />}>
      {(asked) => (
        <div className="stack">
          {drafted && (
            <p className="soft">
              Of your draft: commit <Commit id={draft.base} /> with{" "}
              {counted(drafted.changes?.length ?? 0, "changed file")}. Nothing of it is saved.
            </p>
          )}
          <div className="columns">
            <Tests tree={asked} />
            {may("policy.prove") && <Proofs tree={asked} />}
          </div>
        </div>
      )}
    </Loaded>
  );
}
