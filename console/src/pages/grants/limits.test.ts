import { expect, test } from "vitest";

import { limitsTold, names } from "./limits";

test("limits are told in a few words", () => {
  expect(limitsTold({})).toEqual([]);
  expect(limitsTold({ max_cost: 500_000_000, models: ["a/b"], tools: [] })).toEqual([
    "at most $0.5000",
    "a/b",
    "no tool",
  ]);
});

test("names are written with commas or spaces between", () => {
  expect(names("a, b  c,")).toEqual(["a", "b", "c"]);
  expect(names(" ")).toBeUndefined();
});
