import { expect, test } from "vitest";

import { countdown } from "./clock";

test("a countdown tells hours only where there are some", () => {
  expect(countdown(4 * 3_600_000)).toBe("4:00:00");
  expect(countdown(59 * 60_000 + 6_200)).toBe("59:07");
  expect(countdown(-1)).toBe("0:00");
});
