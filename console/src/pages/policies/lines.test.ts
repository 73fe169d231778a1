import { expect, test } from "vitest";

import { linesOf, pieces } from "./lines";

const SIGNS = { same: " ", gone: "-", new: "+" };

function told(before: string, after: string): string[] {
  return linesOf(before, after).map(({ kind, text, number }) => `${SIGNS[kind]}${number} ${text}`);
}

test("what is gone stands before what is new, and the rest is the same", () => {
  expect(told("a\nb\nc\n", "a\nB\nc\nd\n")).toEqual([" 1 a", "-2 b", "+2 B", " 3 c", "+4 d"]);
});

test("a new file is all new, and a removed one all gone", () => {
  expect(told("", "a\nb\n")).toEqual(["+1 a", "+2 b"]);
  expect(told("a\n", "")).toEqual(["-1 a"]);
});

test("lines that moved are found where most stay", () => {
  expect(told("x\na\nb\nc", "a\nb\nc\nx")).toEqual(["-1 x", " 1 a", " 2 b", " 3 c", "+4 x"]);
});

test("far from what differs nothing is told", () => {
  const before = Array.from({ length: 30 }, (_, index) => String(index)).join("\n");
  const found = pieces(linesOf(before, before.replace("\n5\n", "\nfive\n").replace("\n20\n", "\ntwenty\n")), 1);
  expect(found.map((piece) => piece.map(({ text }) => text))).toEqual([
    ["4", "5", "five", "6"],
    ["19", "20", "twenty", "21"],
  ]);
});
