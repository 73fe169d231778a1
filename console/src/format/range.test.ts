import { expect, test } from "vitest";

import { customRange, instant, presetRange, spanBefore } from "./range";

const NOW = Date.parse("2026-11-28T10:20:30Z");

test("a preset ends with today", () => {
  expect(presetRange("7d", NOW)).toEqual({ from: "2026-11-22", to: "2026-11-29", bucket: "day" });
});

test("one day is drawn in hours", () => {
  expect(presetRange("1d", NOW)).toEqual({ from: "2026-11-28", to: "2026-11-29", bucket: "hour" });
});

test("a month begins with its first day", () => {
  expect(presetRange("month", NOW)).toEqual({ from: "2026-11-01", to: "2026-11-29", bucket: "day" });
});

test("what is not in order is no span", () => {
  expect(customRange("2026-11-02", "2026-11-01")).toBeUndefined();
  expect(customRange("yesterday", "2026-11-01")).toBeUndefined();
});

test("midnight is written as its day", () => {
  expect(instant(Date.parse("2026-11-28T00:00:00Z"))).toBe("2026-11-28");
  expect(instant(Date.parse("2026-11-28T14:00:00Z"))).toBe("2026-11-28T14:00:00Z");
});

test("the span before ends where the span begins, and is as long", () => {
  expect(spanBefore({ from: "2026-11-22", to: "2026-11-29" })).toEqual({ from: "2026-11-15", to: "2026-11-22" });
});
