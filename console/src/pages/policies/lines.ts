// What differs between two texts, line by line.

export interface Line {
  kind: "same" | "gone" | "new";
  text: string;
  /** The number of the line in the text that has it, from 1; of a line of both, in the later one. */
  number: number;
}

/** Beyond so many lines of either text, all of what differs is told as one piece. */
const LINES_MAX = 2_000;

/** All lines of both texts in order. */
export function linesOf(before: string, after: string): Line[] {
  const a = split(before);
  const b = split(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = between(a.slice(head, a.length - tail), b.slice(head, b.length - tail), head);
  const same = (from: number, to: number) =>
    b.slice(from, to).map((text, index): Line => ({ kind: "same", text, number: from + index + 1 }));
  return [...same(0, head), ...middle, ...same(b.length - tail, b.length)];
}

/** The lines that differ with a few around them; each piece is whole. */
export function pieces(lines: Line[], around = 3): Line[][] {
  const isNear = lines.map((_, at) => lines.slice(Math.max(0, at - around), at + around + 1).some(differs));
  const found: Line[][] = [];
  lines.forEach((line, at) => {
    if (!isNear[at]) return;
    if (isNear[at - 1]) found.at(-1)?.push(line);
    else found.push([line]);
  });
  return found;
}

export function differs({ kind }: Line): boolean {
  return kind !== "same";
}

/** By the longest common subsequence, which a table of lengths from the ends tells. */
function between(a: string[], b: string[], offset: number): Line[] {
  const gone = (at: number): Line => ({ kind: "gone", text: a[at] ?? "", number: offset + at + 1 });
  const added = (at: number): Line => ({ kind: "new", text: b[at] ?? "", number: offset + at + 1 });
  if (a.length > LINES_MAX || b.length > LINES_MAX) {
    return [...a.map((_, at) => gone(at)), ...b.map((_, at) => added(at))];
  }
  const lengths = lengthsOf(a, b);
  const length = (i: number, j: number) => lengths[i]?.[j] ?? 0;
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ ...added(j), kind: "same" });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && length(i + 1, j) >= length(i, j + 1))) {
      lines.push(gone(i++));
    } else {
      lines.push(added(j++));
    }
  }
  return lines;
}

/** How many lines two texts have in common from each pair of lines on. */
function lengthsOf(a: string[], b: string[]): Uint16Array[] {
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const [here, below] = [lengths[i], lengths[i + 1]];
      if (here && below) here[j] = a[i] === b[j] ? (below[j + 1] ?? 0) + 1 : Math.max(below[j] ?? 0, here[j + 1] ?? 0);
    }
  }
  return lengths;
}

function split(text: string): string[] {
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}
