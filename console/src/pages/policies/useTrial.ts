import { useSend } from "../../api/hooks";
import { Refused } from "../../api/refusal";
import { useSession } from "../../api/session";
import { changesSince, type Draft, type Trial } from "./draft";
import { useDraft } from "./useDraft";

/**
 * Has the server check the draft. It answers about commits only, so the draft becomes one on a branch of its own, by
 * which no request runs; another trial goes on top of the last.
 */
export function useTrial() {
  const { person } = useSession();
  const [draft, change] = useDraft();
  const send = useSend("put", "/api/v1/policy/files", []);

  async function run() {
    const { files, base, trial } = draft;
    const branch = trial?.branch ?? branchOf(person);
    const keep = (made: Omit<Trial, "branch" | "tried">) =>
      change((now) => (now.base === base ? { ...now, trial: { ...made, branch, tried: files } } : now));
    const changes = changesSince(trial, files);
    if (trial && changes.length === 0) return keep({ commit: trial.commit, files, faults: [] });
    try {
      const body = { changes, branch, base: trial?.commit ?? base, message: messageOf(files) };
      const { commit } = await send.mutateAsync({ body });
      keep({ commit, files, faults: [] });
    } catch (error) {
      // Any other refusal is shown from the mutation.
      if (!(error instanceof Refused) || error.fault.code !== "tree_refused") return;
      keep({ commit: trial?.commit ?? null, files: trial?.files ?? {}, faults: error.fault.faults ?? [] });
    }
  }

  const refused = send.error && send.error.fault.code !== "tree_refused" ? send.error : null;
  return { run, isBusy: send.isPending, refused };
}

/** A name that says whose it is, and that no other draft has. */
function branchOf(person: string): string {
  const name = person.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-|-$/g, "") || "console";
  const at = new Date().toISOString().slice(0, 19).replace(/\D/g, "");
  return `draft/${name}-${at}`;
}

function messageOf(files: Draft["files"]): string {
  const paths = Object.keys(files);
  return `draft: try ${paths.slice(0, 3).join(", ")}${paths.length > 3 ? ` and ${paths.length - 3} more` : ""}`;
}
