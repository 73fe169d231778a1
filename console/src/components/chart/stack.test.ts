import { expect, test } from "vitest";

import { edges } from "./stack";

test("each series stands on the ones before it", () => {
  const series = [
    { name: "a", values: [1, 0, 2] },
    { name: "b", values: [3, 4, 0] },
    { name: "c", values: [1, 1, 1] },
  ];
  expect(edges(series)).toEqual([
    [1, 0, 2],
    [4, 4, 2],
    [5, 5, 3],
  ]);
});

test("nothing has no edges", () => {
  expect(edges([])).toEqual([]);
});
