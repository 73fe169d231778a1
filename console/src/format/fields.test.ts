import { expect, test } from "vitest";

import { fieldsOf, itemsOf, textsOf, without } from "./fields";

test("what is no object has no fields", () => {
  expect(fieldsOf(null)).toEqual({});
  expect(fieldsOf(["a"])).toEqual({});
  expect(fieldsOf("a")).toEqual({});
});

test("of a list, only what is expected is read", () => {
  expect(textsOf(["a", 1, null, "b"])).toEqual(["a", "b"]);
  expect(itemsOf([{ a: 1 }, 2])).toEqual([{ a: 1 }, {}]);
  expect(textsOf("a")).toEqual([]);
});

test("what is not known is left", () => {
  expect(without({ a: 1, b: 2 }, ["a"])).toEqual({ b: 2 });
});
