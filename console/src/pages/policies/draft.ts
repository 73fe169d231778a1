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
}

/** A tree that the server looks at: a commit, or what the draft makes of one. */
export type Tree = Schemas["PolicyCheck"];

export const EMPTY: Draft = { base: "", files: {} };

/** The draft with another text for a file; what is again as it was is no change. */
export function withText(draft: Draft, base: string, path: string, changed: Changed): Draft {
  const { [path]: _, ...others } = draft.files;
  const files = changed.text === changed.before ? others : { ...others, [path]: changed };
  return Object.keys(files).length > 0 ? { base: draft.base || base, files } : EMPTY;
}

/** The paths of a commit as the draft has them. */
export function pathsWith(draft: Draft, paths: readonly string[]): string[] {
  const left = paths.filter((path) => draft.files[path]?.text !== null);
  const added = Object.entries(draft.files).filter(([path, { text }]) => text !== null && !paths.includes(path));
  return [...left, ...added.map(([path]) => path)].sort();
}

/** What an edit on top of the base has to send. */
export function changesOf({ files }: Draft): Schemas["NewText"][] {
  return Object.entries(files).map(([path, { text }]) => ({ path, text }));
}

/** The draft as the server is asked about it; `null` where there is none. */
export function askOf(draft: Draft): Tree | null {
  const changes = changesOf(draft);
  return changes.length > 0 ? { base: draft.base, changes } : null;
}

/** Whether a file has the same text in both. */
export function isSameIn(path: string, a: Draft, b: Draft): boolean {
  const [one, other] = [a.files[path], b.files[path]];
  return a.base === b.base && (one && other ? one.text === other.text : one === other);
}

/** The draft on another commit, whose texts of the same files are given. */
export function movedTo(draft: Draft, base: string, texts: ReadonlyMap<string, string | null>): Draft {
  const moved = Object.entries(draft.files).map(([path, { text }]): [string, Changed] => [
    path,
    { before: texts.get(path) ?? null, text },
  ]);
  const files = Object.fromEntries(moved.filter(([, { before, text }]) => before !== text));
  return Object.keys(files).length > 0 ? { base, files } : EMPTY;
}
