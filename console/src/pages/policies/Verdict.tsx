import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Loaded } from "../../components/Loaded";
import { Section } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import type { Tree } from "./draft";
import { Meaning } from "./Meaning";
import { Proofs } from "./Proofs";
import { Tests } from "./Tests";
import { useAsk } from "./useAsk";

/** How many recorded decisions are asked again. */
const REPLAYED = 1_000;

/** What a tree that does not run would change, and how its cases and statements end. */
export function Verdict({ tree }: { tree: Tree }) {
  const may = useMay();
  return (
    <>
      {may("policy.diff") && (
        <Section title="What it means">
          <Difference after={tree} />
        </Section>
      )}
      <div className="columns">
        {may("policy.test") && <Tests tree={tree} />}
        {may("policy.prove") && <Proofs tree={tree} />}
      </div>
    </>
  );
}

interface DifferenceProps {
  /** A commit; what is in force where absent. */
  before?: string;
  after: Tree;
}

/** How two trees decide differently: for every request there can be, and for those on record. */
export function Difference({ before, after: { commit, ...laid } }: DifferenceProps) {
  const may = useMay();
  const status = useGet("/api/v1/policy", may("policy.status") ? {} : null);
  const from = before ?? status.data?.commit;
  const isKnown = from !== undefined || !may("policy.status");
  const body = { replay: REPLAYED, ...(from && { before: from }), ...(commit ? { after: commit } : laid) };
  const diff = useAsk("/api/v1/policy/diff", may("policy.diff") && isKnown ? { body } : null);
  return (
    <Loaded of={diff} skeleton={<Skeleton kind="tile" rows={2} />}>
      {(data) => <Meaning diff={data} />}
    </Loaded>
  );
}
