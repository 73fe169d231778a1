// What differs between two definitions, as the server tells it, taken apart to be shown.

export interface Change {
  /** Where in the definition; `added` and `removed` are of the whole tool. */
  path: string;
  before?: string;
  after?: string;
}

/** Reads `tool: /path`, then `  - before` and `  + after`, each on one line of its own. */
export function changeOf(text: string, tool: string): Change {
  const [head = "", ...lines] = text.split("\n");
  const after = (mark: string) => lines.find((line) => line.startsWith(mark))?.slice(mark.length);
  const [before, now] = [after("  - "), after("  + ")];
  return {
    path: head.startsWith(`${tool}: `) ? head.slice(tool.length + 2) : head,
    ...(before !== undefined && { before }),
    ...(now !== undefined && { after: now }),
  };
}

/** A text in three: what is the same at its beginning, what is not, and what is the same at its end. */
export type Parts = [start: string, middle: string, end: string];

/** Cuts both texts where they begin and end to be the same, between words. */
export function parted(before: string, after: string): [Parts, Parts] {
  const [a, b] = [words(before), words(after)];
  const shorter = Math.min(a.length, b.length);
  let start = 0;
  while (start < shorter && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < shorter - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const cut = (all: string[]): Parts => [
    all.slice(0, start).join(""),
    all.slice(start, all.length - end).join(""),
    all.slice(all.length - end).join(""),
  ];
  return [cut(a), cut(b)];
}

function words(text: string): string[] {
  return text.match(/\\u\{[0-9a-f]+\}|\w+|\W/gu) ?? [];
}

export interface Flag {
  /** `refuse` is told of what nobody can approve. */
  severity: string;
  /** Where in the definition. */
  place: string;
  what: string;
}

/** Reads `severity: server.tool: /place: what`. */
export function flagOf(text: string, id: string): Flag {
  const [, severity = "warn", rest = text] = /^(warn|refuse): (.*)$/su.exec(text) ?? [];
  const told = rest.startsWith(`${id}: `) ? rest.slice(id.length + 2) : rest;
  const [, place = "", what = told] = /^(\/\S*): (.*)$/su.exec(told) ?? [];
  return { severity, place, what };
}
