import { expect, test } from "vitest";

import { addressOf } from "../../api/client";
import { NO_FILTER, rareCount, trafficAddress, withoutRare } from "./filter";

test("the server is asked only for what narrows", () => {
  const filter = { ...NO_FILTER, session: "ses_1", label: "restricted" };
  expect(addressOf("/api/v1/requests", { query: { ...filter, limit: 10 } })).toBe(
    "/api/v1/requests?label=restricted&session=ses_1&limit=10",
  );
});

test("filters out of sight are counted, and others are not", () => {
  expect(rareCount(NO_FILTER)).toBe(0);
  expect(rareCount({ ...NO_FILTER, agent: "a", user: "eve", credential: "key_1" })).toBe(2);
  expect(rareCount({ ...NO_FILTER, agent: "a", user: "eve", ...withoutRare() })).toBe(0);
});

test("an address has what narrows, and the span where one is meant", () => {
  expect(trafficAddress({})).toBe("/traffic");
  expect(trafficAddress({ credential: "grt_1", agent: "" })).toBe("/traffic?credential=grt_1");
  const range = { from: "2026-11-01", to: "2026-11-02", bucket: "hour" };
  expect(trafficAddress({ provider: "a b" }, range)).toBe("/traffic?provider=a+b&from=2026-11-01&to=2026-11-02");
});
