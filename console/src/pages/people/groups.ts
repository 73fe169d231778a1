/** The groups that were ticked and those that were written, each once. */
export function groupsOf(ticked: string[], written: string): string[] {
  return [...new Set([...ticked, ...written.split(/[\s,]+/)])].filter(Boolean).sort();
}
