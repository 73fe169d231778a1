import { expect, test } from "vitest";

import { piecesOf, placeOf } from "./marks";

test("places count code points, and what overlaps is cut", () => {
  const found = [{ chars: { start: 2, end: 5 } }, { chars: { start: 4, end: 6 } }];
  expect(piecesOf("🔑é12345", found)).toEqual([
    { text: "🔑é", of: [] },
    { text: "12", of: [0] },
    { text: "3", of: [0, 1] },
    { text: "4", of: [1] },
    { text: "5", of: [] },
  ]);
});

test("a text without findings is one piece, and no text none", () => {
  expect(piecesOf("abc", [])).toEqual([{ text: "abc", of: [] }]);
  expect(piecesOf("", [])).toEqual([]);
});

test("a place is a line and a column", () => {
  expect([placeOf("ab\n🔑d", 0), placeOf("ab\n🔑d", 4)]).toEqual(["1:1", "2:2"]);
});
