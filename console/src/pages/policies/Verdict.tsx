import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Loaded } from "../../components/Loaded";
import { Section } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { Proofs } from "./Proofs";
import { Tests } from "./Tests";
import { Meaning } from "./Meaning";
import { useAsk } from "./useAsk";

/** How many recorded decisions are asked again. */
const REPLAYED = 1_000;

/** What a commit that does not run yet would change, and how its cases and statements end. */
export function Verdict({ commit }: { commit: string }) {
  return (
    <>
      <Section title="What it means">
        <Difference after={commit} />
      </Section>
      <div className="columns">
        <Tests commit={commit} />
        <Proofs commit={commit} />
      </div>
    </>
  );
}

interface DifferenceProps {
  /** What is in force where absent. */
  before?: string;
  after: string;
}

/** How two commits decide differently: for every request there can be, and for those on record. */
export function Difference({ before, after }: DifferenceProps) {
  const may = useMay();
  const status = useGet("/api/v1/policy", may("policy.status") ? {} : null);
  const from = before ?? status.data?.commit;
  const isKnown = from !== undefined || !may("policy.status");
  const diff = useAsk(
    "/api/v1/policy/diff",
    may("policy.diff") && isKnown ? { body: { after, replay: REPLAYED, ...(from && { before: from }) } } : null,
  );
  return (
    <Loaded of={diff} skeleton={<Skeleton kind="tile" rows={2} />}>
      {(data) => <Meaning diff={data} />}
    </Loaded>
  );
}
