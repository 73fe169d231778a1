import { expect, test } from "vitest";

import { faultText } from "./fault";

test.each([
  [{ key: "budget.dya", message: "this key is unknown" }, "`budget.dya`: this key is unknown"],
  [{ key: "day", message: "`day` is no amount" }, "`day` is no amount"],
  [{ key: "", message: "the file is too long" }, "the file is too long"],
])("%j", (fault, text) => {
  expect(faultText(fault)).toBe(text);
});
