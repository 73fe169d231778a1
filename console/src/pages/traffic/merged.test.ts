import { expect, test } from "vitest";

import { merged, type Line } from "./merged";

const line = (seq: number, id: string) => ({ seq, id }) as Line;

test("a request that came live and was read too is there once, by its last record", () => {
  const live = [line(9, "c"), line(7, "b")];
  const read = [line(8, "b"), line(7, "a")];
  expect(merged(live, read).map(({ seq, id }) => `${id}${seq}`)).toEqual(["c9", "b8", "a7"]);
});
