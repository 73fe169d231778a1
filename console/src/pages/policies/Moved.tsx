import { GitMerge } from "lucide-react";

import { Button } from "../../components/Button";
import { ErrorBox } from "../../components/ErrorBox";
import { Commit } from "./Places";
import { useDraft } from "./useDraft";
import { useRebase } from "./useRebase";

/** Says that somebody else changed the tree meanwhile, and lets the person choose what becomes of the draft. */
export function Moved({ newest, onDone }: { newest: string; onDone?: () => void }) {
  const [draft] = useDraft();
  const { keep, drop, isBusy, refused } = useRebase();
  return (
    <div className="note policy-moved" role="status">
      <GitMerge aria-hidden="true" />
      <div>
        <p>
          <strong>The tree has moved on.</strong> Your changes are made on <Commit id={draft.base} />, and the newest
          commit is {newest ? <Commit id={newest} /> : "another one"}. Keep them and they are compared with the newest
          texts: look at them again, for where both changed a file, yours is the whole of it.
        </p>
        <p className="policy-buttons">
          <Button kind="primary" isBusy={isBusy} onPress={() => void keep().then(onDone)}>
            Keep my changes
          </Button>
          <Button onPress={() => void drop().then(onDone)}>Drop them and reload</Button>
        </p>
        {refused && <ErrorBox error={refused} />}
      </div>
    </div>
  );
}
