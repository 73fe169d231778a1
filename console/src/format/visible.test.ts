import { expect, test } from "vitest";

import { visible } from "./visible";

test.each([
  ["plain <b>text</b>\n\tüber 日本 👍", "plain <b>text</b>\n\tüber 日本 👍"],
  ["a\u202eb", "a⟨U+202E⟩b"],
  ["a\u200bb\u0000", "a⟨U+200B⟩b⟨U+0000⟩"],
  ["\u{e0041}", "⟨U+E0041⟩"],
])("%j", (text, seen) => {
  expect(visible(text)).toBe(seen);
});
