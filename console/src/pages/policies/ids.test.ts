import { expect, test } from "vitest";

import { idLine } from "./ids";

test("a policy is found by its annotation, and not in comments", () => {
  expect(idLine("b", "x.cedar", '// @id("b")\n@id("a")\n  @id("b")\npermit')).toBe(3);
  expect(idLine("c", "x.cedar", '@id("a")')).toBeNull();
});

test("a policy without one is named by its file", () => {
  expect([idLine("x.cedar#2", "x.cedar", ""), idLine("x.cedar#2", "y.cedar", "")]).toEqual([1, null]);
});
