// What Cedar says is wrong, as places in a text.

export interface Finding {
  /** Where it begins and ends, in UTF-16 units as editors count. */
  from: number;
  to: number;
  severity: "error" | "warning";
  message: string;
}

/** A fault as Cedar tells it; places are in bytes of UTF-8. */
interface CedarError {
  message: string;
  help: string | null;
  sourceLocations?: { start: number; end: number; label: string | null }[];
  related?: CedarError[];
}

/** The faults with their places; those that only stand for others, such as the end of the input, are passed over. */
export function findingsOf(text: string, errors: CedarError[], severity: Finding["severity"]): Finding[] {
  return errors.flatMap((error): Finding[] => {
    if (error.related && error.related.length > 0) return findingsOf(text, error.related, severity);
    const { start = 0, end = start, label = null } = error.sourceLocations?.[0] ?? {};
    const message = [plain(error.message), label, error.help].filter(Boolean).join("; ");
    return [{ from: unitAt(text, start), to: unitAt(text, end), severity, message }];
  });
}

/**
 * Leaves out what is said of policies that name one tool's own action: the server adds those actions to the schema by
 * the definitions that the tree pins, so that only it can check them.
 */
export function withoutOwnTools<T extends { policyId: string }>(text: string, found: T[]): T[] {
  if (!text.includes('"callTool:')) return found;
  const all = statements(text);
  return found.filter(({ policyId }) => !all[Number(policyId.replace("policy", ""))]?.includes('"callTool:'));
}

/** The statements of a file, each with what stands before it. */
function statements(text: string): string[] {
  const found: string[] = [];
  let begin = 0;
  for (const token of text.matchAll(/\/\/.*|"(?:[^"\\]|\\.)*"|;/g)) {
    if (token[0] !== ";") continue;
    found.push(text.slice(begin, token.index));
    begin = token.index + 1;
  }
  return found;
}

/** The text without what says where it stands, which the mark in the editor shows. */
function plain(message: string): string {
  return message.replace(/^failed to parse \w+ from string: /, "").replace(/^for policy `[^`]*`, /, "");
}

/** The place of a byte of UTF-8 in a string. */
export function unitAt(text: string, byte: number): number {
  let bytes = 0;
  let unit = 0;
  while (unit < text.length && bytes < byte) {
    const point = text.codePointAt(unit) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
    unit += point < 0x1_0000 ? 1 : 2;
  }
  return unit;
}
