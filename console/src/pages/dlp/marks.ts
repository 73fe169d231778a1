// Findings as places of a text.

import type { Schemas } from "../../api/paths";

export type Finding = Schemas["FindingView"];

export interface Piece {
  text: string;
  /** What was found here; findings may overlap. */
  of: number[];
}

/** The text in pieces, each within or without the same findings. Places are in Unicode code points. */
export function piecesOf(text: string, findings: readonly Pick<Finding, "chars">[]): Piece[] {
  const points = Array.from(text);
  const inside = ({ chars }: Pick<Finding, "chars">) => chars.start < chars.end;
  const edges = new Set([
    0,
    points.length,
    ...findings.filter(inside).flatMap(({ chars }) => [chars.start, chars.end]),
  ]);
  const cuts = [...edges].filter((at) => at <= points.length).sort((a, b) => a - b);
  return cuts.slice(0, -1).map((start, index) => {
    const end = cuts[index + 1] ?? points.length;
    const of = findings.flatMap(({ chars }, found) => (chars.start <= start && chars.end >= end ? [found] : []));
    return { text: points.slice(start, end).join(""), of };
  });
}

/** The line and the column of a code point, both from 1. */
export function placeOf(text: string, point: number): string {
  const before = Array.from(text).slice(0, point);
  const line = before.filter((character) => character === "\n").length + 1;
  return `${line}:${before.length - before.lastIndexOf("\n")}`;
}

const RANKS = ["public", "internal", "sensitive", "restricted"];

/** Which of some findings has the highest label. */
export function highest(findings: readonly Finding[], of: readonly number[]): Finding | undefined {
  const found = of.flatMap((index) => findings[index] ?? []);
  return found.sort((a, b) => RANKS.indexOf(b.label) - RANKS.indexOf(a.label))[0];
}
