import { expect, test } from "vitest";

import type { Schemas } from "../../api/paths";
import { told, type StoryRecord } from "./story";

const record = (kind: string, resource: string, outcome: string, detail: object) =>
  ({ kind, action: "callModel", resource, outcome, detail, at: "2026-11-29T08:00:01.000Z" }) as StoryRecord;

const story = (records: StoryRecord[], charges: object[] = []) =>
  told({ id: "req_1", agent: "a", records, charges } as Schemas["RequestStory"]);

test("a refused request ends with its decision", () => {
  const { outcome, attempts, began } = story([record("decision", "gpt", "policy_denied", { ms: 1000 })]);
  expect(outcome).toBe("policy_denied");
  expect(attempts).toEqual([]);
  expect(began).toBe("2026-11-29T08:00:00.000Z");
});

test("a permitted request without an end still runs", () => {
  expect(story([record("decision", "gpt", "permit", {})]).outcome).toBeUndefined();
});

test("attempts are those with a record and those that are only named, in order", () => {
  const before = [
    { model: "a", outcome: "overloaded" },
    { model: "b", outcome: "upstream_failed" },
  ];
  const { attempts, costNanos, outcome } = story([
    record("decision", "auto", "permit", {}),
    record("completion", "b", "upstream_failed", { cost_nanos: 2, attempts: before.slice(0, 1) }),
    record("completion", "c", "ok", { cost_nanos: 3, attempts: before }),
  ]);
  expect(attempts.map(({ resource, costNanos }) => [resource, costNanos])).toEqual([
    ["a", undefined],
    ["b", 2],
    ["c", 3],
  ]);
  expect(costNanos).toBe(5);
  expect(outcome).toBe("ok");
});

test("what the ledger has is what it cost", () => {
  const end = record("completion", "c", "ok", { cost_nanos: 3 });
  expect(story([end], [{ amount: { nanos: 5 } }, { amount: { nanos: -1 } }]).costNanos).toBe(4);
});
