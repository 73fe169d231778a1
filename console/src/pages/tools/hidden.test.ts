import { expect, test } from "vitest";

import { pieces } from "./hidden";

test("what is hidden is shown by its number", () => {
  expect(pieces("a\u200bb")).toEqual([{ text: "a" }, { text: "U+200B", hidden: "no width" }, { text: "b" }]);
  expect(pieces("\u202e\x1b\u{e0041}").map(({ hidden }) => hidden)).toEqual(["direction", "control", "tag"]);
});

test("ordinary text of any language stays as it is", () => {
  const text = "Grüße, 世界\n\tпривет 🎉 “é”";
  expect(pieces(text)).toEqual([{ text }]);
});

test("a name tells letters that may be taken for others", () => {
  expect(pieces("se\u0430rch", true)).toEqual([{ text: "se" }, { text: "\u0430", hidden: "foreign" }, { text: "rch" }]);
});
