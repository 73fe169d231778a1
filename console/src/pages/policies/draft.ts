// Changes to the tree that are no commit yet.

import type { Schemas } from "../../api/paths";

/** A file that changes; `null` stands for no file. */
export interface Changed {
  /** Its text in the commit that the draft is made on. */
  before: string | null;
  text: string | null;
}

export interface Draft {
  /** The commit that it is made on; empty while nothing changes. */
  base: string;
  files: Readonly<Record<string, Changed>>;
  /** Where the server has tried it. */
  trial: Trial | null;
}

/** A branch that no request runs by, where the server has checked what the draft was. */
export interface Trial {
  branch: string;
  /** Its newest commit; `null` before the first that was accepted. */
  commit: string | null;
  /** What that commit has of the draft. */
  files: Draft["files"];
  /** What was tried last, whether it was accepted or not. */
  tried: Draft["files"];
  /** What the server found wrong with it. */
  faults: Schemas["FaultView"][];
}

type Change = Schemas["NewText"];

export const EMPTY: Draft = { base: "", files: {}, trial: null };

/** The draft with another text for a file; what is again as it was is no change. */
export function withText(draft: Draft, base: string, path: string, changed: Changed): Draft {
  const { [path]: _, ...others } = draft.files;
  const files = changed.text === changed.before ? others : { ...others, [path]: changed };
  return Object.keys(files).length > 0 ? { ...draft, base: draft.base || base, files } : EMPTY;
}

/** The paths of a commit as the draft has them. */
export function pathsWith(draft: Draft, paths: readonly string[]): string[] {
  const left = paths.filter((path) => draft.files[path]?.text !== null);
  const added = Object.entries(draft.files).filter(([path, { text }]) => text !== null && !paths.includes(path));
  return [...left, ...added.map(([path]) => path)].sort();
}

/** What an edit on top of the base has to send. */
export function changesOf(files: Draft["files"]): Change[] {
  return Object.entries(files).map(([path, { text }]) => ({ path, text }));
}

/** What an edit on top of what was tried before has to send so that the branch has the draft and nothing else. */
export function changesSince(trial: Trial | null, files: Draft["files"]): Change[] {
  const had = trial?.files ?? {};
  const undone = Object.entries(had).filter(([path]) => !files[path]);
  const changed = Object.entries(files).filter(([path, { text }]) => !had[path] || had[path].text !== text);
  return [
    ...changed.map(([path, { text }]) => ({ path, text })),
    ...undone.map(([path, { before }]) => ({ path, text: before })),
  ];
}

/** Whether the server has tried exactly this. */
export function isTried({ trial, files }: Draft): boolean {
  return trial !== null && isSame(trial.tried, files);
}

/** The commit of the trial branch that has exactly this draft. */
export function commitOf(draft: Draft): string | null {
  return draft.trial && isSame(draft.trial.files, draft.files) ? draft.trial.commit : null;
}

function isSame(a: Draft["files"], b: Draft["files"]): boolean {
  const paths = Object.keys(a);
  return paths.length === Object.keys(b).length && paths.every((path) => b[path] && b[path].text === a[path]?.text);
}

/** The draft on another commit, whose texts of the same files are given. */
export function movedTo(draft: Draft, base: string, texts: ReadonlyMap<string, string | null>): Draft {
  const moved = Object.entries(draft.files).map(([path, { text }]): [string, Changed] => [
    path,
    { before: texts.get(path) ?? null, text },
  ]);
  const files = Object.fromEntries(moved.filter(([, { before, text }]) => before !== text));
  return Object.keys(files).length > 0 ? { base, files, trial: null } : EMPTY;
}
