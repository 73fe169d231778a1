import { expect, test } from "vitest";

import { groupsOf } from "./groups";

test("groups are those ticked and written, each once", () => {
  expect(groupsOf(["operator"], " finance,operator  platform,")).toEqual(["finance", "operator", "platform"]);
  expect(groupsOf([], "")).toEqual([]);
});
