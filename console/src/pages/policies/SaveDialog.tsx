import { TriangleAlert } from "lucide-react";
import { useState } from "react";

import { useSend } from "../../api/hooks";
import { SESSION } from "../../api/session";
import { FormDialog } from "../../components/Dialog";
import { ChoiceFilter } from "../../components/Filters";
import { useNotify } from "../../components/Notices";
import { TextField } from "../../components/TextField";
import { counted } from "../../format/number";
import { changesOf, EMPTY } from "./draft";
import { Moved } from "./Moved";
import { useCheck } from "./useCheck";
import { useDraft } from "./useDraft";

const WHERE = [
  { id: "main", title: "What runs" },
  { id: "branch", title: "Another branch" },
] as const;

/** Makes the draft a commit: of what runs, or of a branch that somebody else looks at first. */
export function SaveDialog({ onClose }: { onClose: () => void }) {
  const notify = useNotify();
  const [draft, change] = useDraft();
  const { faults } = useCheck();
  const [message, setMessage] = useState("");
  const [where, setWhere] = useState<(typeof WHERE)[number]["id"]>("main");
  const [branch, setBranch] = useState("review/");
  const send = useSend("put", "/api/v1/policy/files", [
    "/api/v1/policy",
    "/api/v1/policy/files",
    "/api/v1/policy/log",
    "/api/v1/agents",
    "/api/v1/models",
    "/api/v1/providers",
    // Other policies may give other rights.
    SESSION,
  ]);
  const onBranch = where === "branch";
  const isConflict = send.error?.fault.code === "tree_conflict";

  function save() {
    const body = { changes: changesOf(draft), message: message.trim() };
    // A branch has its own newest commit, which the server goes on top of.
    const target = onBranch ? { branch: branch.trim() } : { base: draft.base };
    const onSuccess = ({ commit, in_force }: { commit: string; in_force: boolean }) => {
      change(() => EMPTY);
      const where = onBranch ? `on ${branch.trim()}, and what runs is as before` : in_force ? "in force" : "saved";
      notify(`Commit ${commit.slice(0, 10)} is ${where}`);
      onClose();
    };
    send.mutate({ body: { ...body, ...target } }, { onSuccess });
  }

  return (
    <FormDialog
      title="Save the changes as a commit"
      submit={onBranch ? "Save on the branch" : "Save and put in force"}
      busy={send.isPending}
      refused={isConflict ? null : send.error}
      canSubmit={!isConflict && message.trim() !== "" && (!onBranch || /[^/]$/.test(branch.trim()))}
      onSubmit={save}
      onClose={onClose}
    >
      {isConflict && <Moved newest="" onDone={onClose} />}
      {faults.length > 0 && (
        <div className="note">
          <TriangleAlert aria-hidden="true" />
          <p>The server finds {counted(faults.length, "mistake")} in it, and would not take it as it is.</p>
        </div>
      )}
      <TextField
        label="Why"
        rows={3}
        isRequired
        autoFocus
        value={message}
        onChange={setMessage}
        description="The message of the commit, which the history and the audit record keep."
      />
      <div className="field">
        <span className="label" aria-hidden="true">
          Where
        </span>
        <ChoiceFilter label="Where" options={WHERE} value={where} onChange={setWhere} />
      </div>
      {onBranch && (
        <TextField
          label="Branch"
          isRequired
          value={branch}
          onChange={setBranch}
          description="For review: merge it with git when it is right. A branch that is there is gone on with."
        />
      )}
    </FormDialog>
  );
}
