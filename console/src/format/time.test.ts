import { expect, test } from "vitest";

import { DAY_MS, HOUR_MS, isoDay, relative } from "./time";

const NOW = Date.parse("2026-11-28T10:00:00Z");

test.each([
  [0, "just now"],
  [-59_000, "just now"],
  [-3 * 60_000, "3 minutes ago"],
  [-5 * HOUR_MS, "5 hours ago"],
  [-1 * DAY_MS, "yesterday"],
  [2 * DAY_MS, "in 2 days"],
  [4 * HOUR_MS - 1_000, "in 4 hours"],
  [-4 * HOUR_MS + 1_000, "3 hours ago"],
  [-90 * DAY_MS, "3 months ago"],
])("%i ms away is %s", (away, text) => {
  expect(relative(NOW + away, NOW)).toBe(text);
});

test("a day is that of UTC", () => {
  expect(isoDay(Date.parse("2026-11-28T23:59:59Z"))).toBe("2026-11-28");
});
