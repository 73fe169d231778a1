import { expect, test } from "vitest";

import { findingsOf, unitAt, withoutOwnTools } from "./findings";

test("places count bytes of UTF-8 and are told in units of the editor", () => {
  expect([0, 2, 5, 9].map((byte) => unitAt("é世🔑x", byte))).toEqual([0, 1, 2, 4]);
  expect(unitAt("ab", 99)).toBe(2);
});

test("what a fault is related to says where it stands", () => {
  const inner = {
    message: "unexpected token `b`",
    help: null,
    sourceLocations: [{ start: 3, end: 4, label: "expected `;`" }],
  };
  const outer = { message: "failed to parse policies from string: unexpected end", help: null, related: [inner] };
  expect(findingsOf("é b", [outer], "error")).toEqual([
    { from: 2, to: 3, severity: "error", message: "unexpected token `b`; expected `;`" },
  ]);
});

test("policies about one tool are left to the server", () => {
  const text =
    'permit (principal, action, resource); // ; "\nforbid (principal, action == A::"callTool:mail.send", resource);';
  const found = [{ policyId: "policy0" }, { policyId: "policy1" }];
  expect(withoutOwnTools(text, found)).toEqual([{ policyId: "policy0" }]);
});
