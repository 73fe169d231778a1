import { expect, test } from "vitest";

import { customRange, daysOf, instant, isDay, presetRange, spanBefore, withDay } from "./range";

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

test("the last day of a span is within it", () => {
  expect(daysOf({ from: "2026-11-22", to: "2026-11-29" })).toEqual({ first: "2026-11-22", last: "2026-11-28" });
  expect(daysOf({ from: "2026-11-22T10:00:00Z", to: "2026-11-22T14:00:00Z" })).toEqual({
    first: "2026-11-22",
    last: "2026-11-22",
  });
  expect(daysOf({ from: "", to: "yesterday" })).toEqual({ first: "", last: "" });
});

test.each([
  [{ first: "2026-11-25" }, { from: "2026-11-25", to: "2026-11-29" }],
  [{ last: "2026-11-30" }, { from: "2026-11-22", to: "2026-12-01" }],
  [{ first: "2026-12-24" }, { from: "2026-12-24", to: "2026-12-25" }],
  [{ last: "2026-11-01" }, { from: "2026-11-01", to: "2026-11-02" }],
  [{ first: "" }, { from: "", to: "2026-11-29" }],
  [{ last: "" }, { from: "2026-11-22", to: "" }],
])("a week with %j", (changed, ends) => {
  expect(withDay({ from: "2026-11-22", to: "2026-11-29" }, changed)).toEqual(ends);
});

test("a day that is half typed is none", () => {
  expect(["2026-11-28", "0202-11-28", "2026-02-31", ""].map(isDay)).toEqual([true, false, true, false]);
});
