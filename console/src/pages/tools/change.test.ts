import { expect, test } from "vitest";

import { changeOf, flagOf, parted } from "./change";

test("a change is told by its place, what was and what is", () => {
  expect(changeOf("send: /description\n  - Sends.\n  + Sends.\\u{200b}", "send")).toEqual({
    path: "/description",
    before: "Sends.",
    after: "Sends.\\u{200b}",
  });
  expect(changeOf("send: /inputSchema/properties/bcc\n  + {}", "send")).toEqual({
    path: "/inputSchema/properties/bcc",
    after: "{}",
  });
  expect(changeOf("and 3 changes more", "send")).toEqual({ path: "and 3 changes more" });
});

test("what is the same is cut off at both ends, between words", () => {
  expect(parted("Sends an e-mail.", "Sends every e-mail.")).toEqual([
    ["Sends ", "an", " e-mail."],
    ["Sends ", "every", " e-mail."],
  ]);
  expect(parted("a", "a a")).toEqual([
    ["a", "", ""],
    ["a", " a", ""],
  ]);
});

test("a flag is told by how bad it is, its place and its words", () => {
  expect(flagOf("refuse: mail.send: /description: it: hides", "mail.send")).toEqual({
    severity: "refuse",
    place: "/description",
    what: "it: hides",
  });
  expect(flagOf("something else", "mail.send")).toEqual({ severity: "warn", place: "", what: "something else" });
});
