import { expect, test } from "vitest";

import { changesSince, commitOf, EMPTY, isTried, movedTo, pathsWith, withText, type Trial } from "./draft";

const ONE = withText(EMPTY, "c1", "a.cedar", { before: "old", text: "new" });

test("what is again as it was is no change", () => {
  expect(ONE).toEqual({ base: "c1", files: { "a.cedar": { before: "old", text: "new" } }, trial: null });
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

test("another trial takes back what is not in the draft any more", () => {
  const trial: Trial = {
    branch: "draft/x",
    commit: "t1",
    files: { "a.cedar": { before: "old", text: "new" }, "b.cedar": { before: null, text: "b" } },
    tried: {},
    faults: [],
  };
  expect(changesSince(trial, ONE.files)).toEqual([{ path: "b.cedar", text: null }]);
  expect(changesSince(null, ONE.files)).toEqual([{ path: "a.cedar", text: "new" }]);
});

test("a trial counts only for the draft that it was of", () => {
  const trial: Trial = { branch: "draft/x", commit: "t1", files: ONE.files, tried: ONE.files, faults: [] };
  const tried = { ...ONE, trial };
  expect([isTried(tried), commitOf(tried)]).toEqual([true, "t1"]);
  const later = withText(tried, "c1", "a.cedar", { before: "old", text: "newer" });
  expect([isTried(later), commitOf(later)]).toEqual([false, null]);
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
  expect(moved).toEqual({ base: "c2", files: { b: { before: "B", text: "c" } }, trial: null });
});
