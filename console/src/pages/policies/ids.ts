// Ids of policies: what an annotation says, or the file and the number of the statement in it.

/** The line of a policy in a file, from 1; `null` where the file does not have it. */
export function idLine(id: string, file: string, text: string): number | null {
  if (id.startsWith(`${file}#`)) return 1;
  const written = `@id("${id}")`;
  const line = text.split("\n").findIndex((known) => known.trimStart().startsWith(written));
  return line >= 0 ? line + 1 : null;
}
