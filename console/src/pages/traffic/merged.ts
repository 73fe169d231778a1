import type { Schemas } from "../../api/paths";

export type Line = Schemas["RequestLine"];

/** Lines of several answers as one list, newest first, each request once by the last that is known of it. */
export function merged(...lists: Line[][]): Line[] {
  const last = new Map<string, Line>();
  for (const line of lists.flat()) {
    const known = last.get(line.id);
    if (!known || known.seq < line.seq) last.set(line.id, line);
  }
  return [...last.values()].sort((a, b) => b.seq - a.seq);
}
