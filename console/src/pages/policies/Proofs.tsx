import { CircleCheck, CircleHelp, CircleX, Play } from "lucide-react";

import type { Schemas } from "../../api/paths";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Loaded } from "../../components/Loaded";
import { Section } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { Told } from "../../components/Told";
import { counted, duration } from "../../format/number";
import type { Tree } from "./draft";
import { Example } from "./Example";
import { Faults, Place } from "./Places";
import { useAsk } from "./useAsk";

type Proof = Schemas["ProofView"];

/** A proof that takes so long is told how long, in milliseconds. */
const SLOW_MS = 100;

/** The statements of a tree: what the solver proves of every request there can be. */
export function Proofs({ tree }: { tree: Tree }) {
  const report = useAsk("/api/v1/policy/prove", { body: tree });
  return (
    <Section
      title="Statements"
      actions={
        <Button icon={Play} isBusy={report.isFetching} onPress={() => void report.refetch()}>
          Prove again
        </Button>
      }
    >
      <Loaded of={report} skeleton={<Skeleton kind="row" rows={12} />}>
        {(data) => (
          <div className="panel">
            <Statements of={data} />
          </div>
        )}
      </Loaded>
    </Section>
  );
}

function Statements({ of: { proofs, faults, no_solver } }: { of: Schemas["ProofReport"] }) {
  if (faults.length > 0) return <Faults faults={faults} />;
  const open = proofs.filter(({ verdict }) => verdict !== "proved");
  const isBroken = open.some(({ binding }) => binding);
  return (
    <>
      {no_solver && (
        <p className="policy-unknown">
          <Told text={no_solver} />
        </p>
      )}
      {proofs.length === 0 ? (
        <Empty title="There is no statement">What must hold for every request is in invariants/*.toml.</Empty>
      ) : (
        <p className="check-sum" data-tone={isBroken ? "bad" : open.length > 0 ? "warn" : "good"}>
          {open.length > 0
            ? `${counted(open.length, "statement")} of ${proofs.length} not proved`
            : `All ${counted(proofs.length, "statement")} hold for every request there can be`}
        </p>
      )}
      <ul className="check-list">
        {[...open, ...proofs.filter(({ verdict }) => verdict === "proved")].map((proof, index) => (
          <Statement key={index} proof={proof} />
        ))}
      </ul>
    </>
  );
}

function Statement({ proof }: { proof: Proof }) {
  const { id, file, line, binding, verdict, told, shown, example, cached, ms } = proof;
  return (
    <li>
      <Sign verdict={verdict} binding={binding} />
      <div>
        <p className="check-name">
          {id} {!binding && <Badge>does not bind</Badge>}
          {!cached && ms >= SLOW_MS && <span className="soft"> {duration(ms)}</span>}
        </p>
        {told && (
          <p className="soft">
            <Told text={told} />
          </p>
        )}
        {shown && <Example title="A request that breaks it" shown={shown} request={example} />}
      </div>
      <Place file={file} line={line} />
    </li>
  );
}

function Sign({ verdict, binding }: Pick<Proof, "verdict" | "binding">) {
  if (verdict === "proved") return <CircleCheck role="img" aria-label="Proved" data-tone="good" />;
  const tone = binding ? "bad" : "warn";
  if (verdict === "refuted") return <CircleX role="img" aria-label="Does not hold" data-tone={tone} />;
  return <CircleHelp role="img" aria-label="Not known" data-tone={tone} />;
}
