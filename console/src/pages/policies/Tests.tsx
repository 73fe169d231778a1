import { CircleCheck, CircleX, Play } from "lucide-react";

import type { Schemas } from "../../api/paths";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Loaded } from "../../components/Loaded";
import { Section } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { Told } from "../../components/Told";
import { counted } from "../../format/number";
import type { Tree } from "./draft";
import { Faults, Place } from "./Places";
import { useAsk } from "./useAsk";

/** The decision cases of a tree: requests with the answers that they must get. */
export function Tests({ tree }: { tree: Tree }) {
  const report = useAsk("/api/v1/policy/test", { body: tree });
  return (
    <Section
      title="Decision cases"
      actions={
        <Button icon={Play} isBusy={report.isFetching} onPress={() => void report.refetch()}>
          Run again
        </Button>
      }
    >
      <Loaded of={report} skeleton={<Skeleton kind="row" rows={12} />}>
        {(data) => (
          <div className="panel">
            <Cases of={data} />
          </div>
        )}
      </Loaded>
    </Section>
  );
}

function Cases({ of: { cases, faults } }: { of: Schemas["TestReport"] }) {
  if (faults.length > 0) return <Faults faults={faults} />;
  if (cases.length === 0) {
    return <Empty title="There is no case">Requests with the answers that they must get are in tests/*.toml.</Empty>;
  }
  const failed = cases.filter((known) => known.failed);
  const sorted = [...failed, ...cases.filter((known) => !known.failed)];
  return (
    <>
      <p className="check-sum" data-tone={failed.length > 0 ? "bad" : "good"}>
        {failed.length > 0
          ? `${counted(failed.length, "case")} of ${cases.length} failed`
          : `All ${counted(cases.length, "case")} got the answers they must`}
      </p>
      <ul className="check-list">
        {sorted.map((known, index) => (
          <li key={index}>
            {known.failed ? (
              <CircleX role="img" aria-label="Failed" data-tone="bad" />
            ) : (
              <CircleCheck role="img" aria-label="Passed" data-tone="good" />
            )}
            <div>
              <p>{known.name}</p>
              {known.failed && (
                <p className="soft">
                  <Told text={known.failed} />
                </p>
              )}
            </div>
            <Place file={known.file} line={known.line} />
          </li>
        ))}
      </ul>
    </>
  );
}
