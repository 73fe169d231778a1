import { expect, test } from "vitest";

import { ordered } from "./order";

const of = (row: number | string | null) => row;

test("numbers within text count as numbers", () => {
  expect(ordered(["m10", "m2", "M1"], of, false)).toEqual(["M1", "m2", "m10"]);
});

test("what is absent is last in both directions", () => {
  expect(ordered([null, 1, 2], of, false)).toEqual([1, 2, null]);
  expect(ordered([null, 1, 2], of, true)).toEqual([2, 1, null]);
});
