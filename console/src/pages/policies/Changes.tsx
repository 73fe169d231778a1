import { GitCommitVertical } from "lucide-react";
import { useState } from "react";

import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { ErrorBox } from "../../components/ErrorBox";
import { Section } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { Skeleton } from "../../components/Skeleton";
import { counted } from "../../format/number";
import { askOf } from "./draft";
import { FileDiff } from "./FileDiff";
import { Moved } from "./Moved";
import { Faults } from "./Places";
import { SaveDialog } from "./SaveDialog";
import { useCheck } from "./useCheck";
import { useDraft } from "./useDraft";
import { useTree } from "./useTree";
import { Verdict } from "./Verdict";

/** The draft: what differs, what the server says of it and what it means, and the way to a commit. */
export function Changes() {
  const [draft] = useDraft();
  const tree = useTree();
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
  return (
    <div className="stack">
      {tree.isBehind && <Moved newest={tree.newest} />}
      <Section
        title={counted(files.length, "changed file")}
        actions={
          <Button kind="primary" icon={GitCommitVertical} onPress={() => setOpen(true)}>
            Save…
          </Button>
        }
      >
        {files.map(([path, changed]) => (
          <FileDiff key={path} path={path} changed={changed} />
        ))}
      </Section>
      <Outcome />
      {isOpen && <SaveDialog onClose={() => setOpen(false)} />}
    </div>
  );
}

/** What the server says of the draft, which it compares, tests and proves without keeping anything of it. */
function Outcome() {
  const [draft] = useDraft();
  const { faults, isChecking, refused } = useCheck();
  const tree = askOf(draft);
  if (refused || isChecking || !tree) {
    return (
      <Section title="What it means">
        {refused ? <ErrorBox error={refused} /> : <Skeleton kind="tile" rows={2} />}
      </Section>
    );
  }
  // What fails a case is a tree nonetheless, and what it means is worth knowing.
  const isTree = faults.every(({ file }) => file.startsWith("tests/"));
  return (
    <>
      {faults.length > 0 && (
        <Section title={`It would be refused: ${counted(faults.length, "mistake")}`}>
          <div className="panel">
            <Faults faults={faults} />
          </div>
        </Section>
      )}
      {isTree && <Verdict tree={tree} />}
    </>
  );
}
