import { expect, test } from "vitest";

import { sentence } from "./text";

test.each([
  ["the name is taken", "The name is taken."],
  ["`gpt-5` is not an id", "`gpt-5` is not an id."],
  ["agent.toml cannot be read", "agent.toml cannot be read."],
  ["Try again.", "Try again."],
  ["", ""],
])("%s", (text, told) => {
  expect(sentence(text)).toBe(told);
});
