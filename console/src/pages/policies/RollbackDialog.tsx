import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { SESSION, useMay } from "../../api/session";
import { ConfirmDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { Time } from "../../components/Time";
import { Commit } from "./Places";
import { Difference } from "./Verdict";

interface RollbackDialogProps {
  to: Schemas["CommitView"];
  onClose: () => void;
}

/** Makes the tree what it was, and shows before what that changes. */
export function RollbackDialog({ to, onClose }: RollbackDialogProps) {
  const may = useMay();
  const notify = useNotify();
  const send = useSend("post", "/api/v1/policy/rollback", [
    "/api/v1/policy",
    "/api/v1/policy/files",
    "/api/v1/policy/log",
    "/api/v1/agents",
    "/api/v1/models",
    "/api/v1/providers",
    SESSION,
  ]);

  function rollBack(message: string) {
    const onSuccess = ({ commit }: { commit: string }) => {
      notify(`The tree is as it was: commit ${commit.slice(0, 10)} is in force`);
      onClose();
    };
    send.mutate({ body: { commit: to.commit, message } }, { onSuccess });
  }

  return (
    <ConfirmDialog
      title={`Roll back to “${to.subject}”`}
      submit="Roll back"
      kind="danger"
      reason="required"
      busy={send.isPending}
      refused={send.error}
      onConfirm={rollBack}
      onClose={onClose}
    >
      <p>
        All files become what they were at <Commit id={to.commit} /> (<Time at={to.at} />
        ), by a new commit on top. The history stays as it is, and so does this way back.
      </p>
      {may("policy.diff") && (
        <div className="policy-wide rollback-meaning" tabIndex={0} role="region" aria-label="What it changes">
          <Difference after={{ commit: to.commit }} />
        </div>
      )}
    </ConfirmDialog>
  );
}
