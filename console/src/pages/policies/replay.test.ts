import { expect, test } from "vitest";

import { replayTold } from "./replay";

const NOTHING = { replayed: 0, skipped: 0, permits: 0, denies: 0, obliges: 0, told: [] };

test.each([
  [
    { replayed: 1200, skipped: 3, permits: 0, denies: 7, obliges: 2 },
    "1,200 recorded calls asked again: 0 newly permitted, 7 newly denied, 2 under other obligations. " +
      "3 could not be asked again: their records say too little.",
  ],
  [{ replayed: 1 }, "1 recorded call asked again: 0 newly permitted, 0 newly denied, 0 under other obligations."],
  [{ skipped: 2 }, "Of the recorded calls, 2 could not be asked again: their records say too little."],
  [{}, "No call is on record."],
])("%j", (counts, text) => {
  expect(replayTold({ ...NOTHING, ...counts })).toBe(text);
});
