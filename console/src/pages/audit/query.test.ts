import { expect, test } from "vitest";

import type { Schemas } from "../../api/paths";
import { DEFAULTS, olderThan, queryOf, RECORDS } from "./query";

test("only what narrows is asked for", () => {
  expect(queryOf(DEFAULTS)).toEqual({ limit: RECORDS });
  const filter = { ...DEFAULTS, kind: "admin", actor: "eve", from: "2026-11-01", to: "x", search: "word" };
  expect(queryOf(filter)).toEqual({ limit: RECORDS, kind: "admin", actor: "eve", from: "2026-11-01" });
});

test("only a full answer has more before its oldest record", () => {
  const answer = (first: number, length: number) => ({
    records: Array.from({ length }, (_, at) => ({ seq: first + at }) as Schemas["AuditView"]),
  });
  expect(olderThan(answer(801, RECORDS))).toBe(801);
  expect(olderThan(answer(1, 3))).toBeNull();
  expect(olderThan(answer(1, 0))).toBeNull();
});

test("where the server looked no further, it says where to go on", () => {
  expect(olderThan({ records: [], next: 5000 })).toBe(5000);
});
