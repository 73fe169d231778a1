import { expect, test } from "vitest";

import { askOf, EMPTY, isSameIn, movedTo, pathsWith, withText } from "./draft";

const ONE = withText(EMPTY, "c1", "a.cedar", { before: "old", text: "new" });

test("what is again as it was is no change", () => {
  expect(ONE).toEqual({ base: "c1", files: { "a.cedar": { before: "old", text: "new" } } });
  expect(withText(ONE, "c2", "a.cedar", { before: "old", text: "old" })).toBe(EMPTY);
  expect(withText(EMPTY, "c1", "new.cedar", { before: null, text: null })).toBe(EMPTY);
});

test("the base stays that of the first change", () => {
  expect(withText(ONE, "c2", "b.cedar", { before: "x", text: "y" }).base).toBe("c1");
});

test("new files are listed and removed ones are not", () => {
  const draft = withText(withText(ONE, "c1", "b", { before: null, text: "" }), "c1", "z", { before: "z", text: null });
  expect(pathsWith(draft, ["a.cedar", "z"])).toEqual(["a.cedar", "b"]);
});

test("the server is asked about the draft and its base, and about nothing where nothing changes", () => {
  const draft = withText(ONE, "c1", "z", { before: "z", text: null });
  expect(askOf(draft)).toEqual({
    base: "c1",
    changes: [
      { path: "a.cedar", text: "new" },
      { path: "z", text: null },
    ],
  });
  expect(askOf(EMPTY)).toBeNull();
});

test("what was said of a file counts as long as its text is the same", () => {
  const two = withText(ONE, "c1", "b", { before: "b", text: "c" });
  expect([isSameIn("a.cedar", ONE, two), isSameIn("z", ONE, two)]).toEqual([true, true]);
  expect(isSameIn("b", ONE, two)).toBe(false);
  expect(isSameIn("z", EMPTY, ONE)).toBe(false);
  expect(isSameIn("a.cedar", ONE, { ...ONE, base: "c2" })).toBe(false);
});

test("on another commit a change that is there already is none", () => {
  const two = withText(ONE, "c1", "b", { before: "b", text: "c" });
  const moved = movedTo(
    two,
    "c2",
    new Map([
      ["a.cedar", "new"],
      ["b", "B"],
    ]),
  );
  expect(moved).toEqual({ base: "c2", files: { b: { before: "B", text: "c" } } });
});
