import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Loaded } from "../../components/Loaded";
import { Skeleton } from "../../components/Skeleton";
import { Proofs } from "./Proofs";
import { Tests } from "./Tests";

/** How the decision cases and the statements of the newest commit end. */
export function Checks() {
  const may = useMay();
  const newest = useGet("/api/v1/policy/files", {});
  return (
    <Loaded of={newest} skeleton={<Skeleton kind="row" rows={12} />}>
      {({ commit }) => (
        <div className="columns">
          <Tests commit={commit} />
          {may("policy.prove") && <Proofs commit={commit} />}
        </div>
      )}
    </Loaded>
  );
}
