import { expect, test } from "vitest";

import { csv } from "./csv";

test("fields with commas and quotes are quoted", () => {
  expect(csv(["name", "calls"], [['a "b", c', 2]])).toBe('name,calls\r\n"a ""b"", c",2\r\n');
});

test("no name becomes a formula", () => {
  expect(csv(["name"], [["=HYPERLINK(0)"]])).toBe("name\r\n'=HYPERLINK(0)\r\n");
  expect(csv(["amount"], [[-5]])).toBe("amount\r\n-5\r\n");
});

test("what is absent is empty", () => {
  expect(csv(["a", "b"], [[null, undefined]])).toBe("a,b\r\n,\r\n");
});
