// One policy in the text of a file.

/** A policy with its annotations, and the line that it begins in. */
export interface PolicyText {
  line: number;
  text: string;
}

/** The policy of this id, with the comments and annotations right above it. */
export function policyIn(file: string, id: string): PolicyText | undefined {
  const lines = file.split("\n");
  const named = lines.findIndex((line) => line.trim() === `@id(${JSON.stringify(id)})`);
  if (named < 0) return undefined;
  let first = named;
  while (first > 0 && /^(\/\/|@)/.test(lines[first - 1]?.trim() ?? "")) first -= 1;
  const end = lines.findIndex((line, at) => at >= named && line.trimEnd().endsWith(";"));
  const text = lines.slice(first, end < 0 ? undefined : end + 1).join("\n");
  return { line: named + 1, text };
}

/** Files that may have the policy, the likely ones first: an agent's policies often begin with its name. */
export function likely(paths: string[], id: string): string[] {
  const near = (path: string) => {
    const owner = /^agents\/([^/]+)\//.exec(path)?.[1];
    if (owner) return id.startsWith(owner) ? 0 : 2;
    return 1;
  };
  return paths.filter((path) => path.endsWith(".cedar")).sort((a, b) => near(a) - near(b));
}
