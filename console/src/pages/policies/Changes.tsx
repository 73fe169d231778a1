import { FlaskConical, GitCommitVertical } from "lucide-react";
import { useState } from "react";

import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { ErrorBox } from "../../components/ErrorBox";
import { Section } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { counted } from "../../format/number";
import { commitOf, isTried } from "./draft";
import { FileDiff } from "./FileDiff";
import { Moved } from "./Moved";
import { Faults } from "./Places";
import { SaveDialog } from "./SaveDialog";
import { useDraft } from "./useDraft";
import { useTree } from "./useTree";
import { useTrial } from "./useTrial";
import { Verdict } from "./Verdict";

/** The draft: what differs, what the server says of it and what it means, and the way to a commit. */
export function Changes() {
  const [draft] = useDraft();
  const tree = useTree();
  const trial = useTrial();
  const [isOpen, setOpen] = useState(false);
  const files = Object.entries(draft.files);
  if (files.length === 0) {
    return (
      <div className="panel">
        <Empty title="Nothing is changed">
          <p>
            Edit a file of the <PageLink to="/policies">tree</PageLink>. Before it is saved, this page shows what the
            change means: who may do more, who may do less, and how the calls on record would have been decided.
          </p>
        </Empty>
      </div>
    );
  }
  const isDone = isTried(draft);
  return (
    <div className="stack">
      {tree.isBehind && <Moved newest={tree.newest} />}
      <Section
        title={counted(files.length, "changed file")}
        actions={
          <div className="policy-buttons">
            <Button
              kind={isDone ? "plain" : "primary"}
              icon={FlaskConical}
              isBusy={trial.isBusy}
              onPress={() => void trial.run()}
            >
              {trial.isBusy ? "Checking, testing and proving…" : "Check and compare"}
            </Button>
            <Button kind={isDone ? "primary" : "plain"} icon={GitCommitVertical} onPress={() => setOpen(true)}>
              Save…
            </Button>
          </div>
        }
      >
        {trial.refused && <ErrorBox error={trial.refused} />}
        {files.map(([path, changed]) => (
          <FileDiff key={path} path={path} changed={changed} />
        ))}
      </Section>
      <Outcome />
      {isOpen && <SaveDialog onClose={() => setOpen(false)} />}
    </div>
  );
}

/** What the server said of the draft as it is now. */
function Outcome() {
  const [draft] = useDraft();
  const commit = commitOf(draft);
  if (!isTried(draft)) {
    return (
      <Section title="What it means">
        <p className="soft">
          {draft.trial ? "The draft has changed since it was compared. " : ""}Check and compare puts the draft on a
          branch by which no request runs. There the server checks, tests and proves it, and compares it with what is in
          force.
        </p>
      </Section>
    );
  }
  if (commit) return <Verdict commit={commit} />;
  const faults = draft.trial?.faults ?? [];
  return (
    <Section title={`It would be refused: ${counted(faults.length, "mistake")}`}>
      <div className="panel">
        <Faults faults={faults} />
      </div>
    </Section>
  );
}
