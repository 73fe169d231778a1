import { expect, test } from "vitest";

import { axis, exact, fine, short } from "./money";

test.each([
  [0, "$0.0000"],
  [12_300_000, "$0.0123"],
  [1_234_567_800_000, "$1,234.5678"],
  [1, "<$0.0001"],
  [-1, "−<$0.0001"],
])("%i nano-dollars are told to a hundredth of a cent", (nanos, text) => {
  expect(fine(nanos)).toBe(text);
});

test("headlines have cents from a dollar on", () => {
  expect(short(0)).toBe("$0.00");
  expect(short(999_900_000)).toBe("$0.9999");
  expect(short(12_345_600_000)).toBe("$12.35");
});

test("an axis has the digits that its steps need", () => {
  expect(axis(2_000_000_000, 1_000_000_000)).toBe("$2");
  expect(axis(2_500_000_000, 500_000_000)).toBe("$2.50");
  expect(axis(20_000, 10_000)).toBe("$0.00002");
});

test.each([
  [0, "0.00"],
  [403_000, "0.000403"],
  [14_000_000_000, "14.00"],
  [-1_500_000_000, "-1.50"],
])("%i nano-dollars are exactly $%s", (nanos, usd) => {
  expect(exact(nanos)).toEqual({ nanos, usd });
});
