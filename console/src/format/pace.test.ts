import { expect, test } from "vitest";

import { atPace } from "./pace";

test("half of a window costs half of it", () => {
  expect(atPace(100, 0, 1000, 500)).toBe(200);
});

test("nothing is told too early, or of what has no end", () => {
  expect(atPace(100, 0, 1000, 10)).toBeNull();
  expect(atPace(100, 0, null, 500)).toBeNull();
});

test("a window that is over costs what it cost", () => {
  expect(atPace(100, 0, 1000, 2000)).toBe(100);
});
