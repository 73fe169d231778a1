import { useGet } from "../../api/hooks";
import { pathsWith } from "./draft";
import { useDraft } from "./useDraft";

/** How often it is looked whether somebody else changed the tree, in milliseconds. */
const LOOK_MS = 20_000;

/** The commit that edits go on top of, its files with those of the draft, and the newest commit. */
export function useTree() {
  const [draft] = useDraft();
  const newest = useGet("/api/v1/policy/files", {}, { everyMs: LOOK_MS });
  const isBehind = draft.base !== "" && newest.data !== undefined && newest.data.commit !== draft.base;
  const own = useGet("/api/v1/policy/files", isBehind ? { query: { commit: draft.base } } : null);
  const of = isBehind ? own : newest;
  const data = of.data && { base: of.data.commit, paths: pathsWith(draft, of.data.paths) };
  return { data, error: of.error, refetch: of.refetch, newest: newest.data?.commit ?? "", isBehind };
}
