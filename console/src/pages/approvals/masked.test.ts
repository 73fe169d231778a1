import { expect, test } from "vitest";

import { maskedPlaces } from "./masked";

test("each place is told once, with everything that is not shown of it", () => {
  const masked = [
    { path: "body", kind: "us_ssn" },
    { path: "to", kind: "iban" },
    { path: "body", kind: "iban" },
    { path: "body", kind: "iban" },
  ];
  expect(maskedPlaces(masked)).toEqual([
    ["body", "us ssn, iban"],
    ["to", "iban"],
  ]);
});

test("nothing hides in the name of a place", () => {
  expect(maskedPlaces([{ path: "a\u202eb", kind: "iban" }])).toEqual([["a⟨U+202E⟩b", "iban"]]);
});
