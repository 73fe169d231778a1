import { expect, test } from "vitest";

import { likely, policyIn } from "./policyText";

const FILE = `// First.
@id("one")
permit (principal, action, resource);

// Second, with two
// lines of comment.
@id("two")
@approval("ops")
forbid (
  principal, // whoever
  action,
  resource
)
when { context.label_rank > 1 };
`;

test("a policy is found with what stands right above it", () => {
  expect(policyIn(FILE, "one")).toEqual({ line: 2, text: FILE.split("\n").slice(0, 3).join("\n") });
  const two = policyIn(FILE, "two");
  expect(two?.line).toBe(7);
  expect(two?.text).toMatch(/^\/\/ Second/);
  expect(two?.text).toMatch(/label_rank > 1 };$/);
});

test("a name within another is not found", () => {
  expect(policyIn(FILE, "tw")).toBeUndefined();
});

test("an agent's own files come first, those of others last", () => {
  const paths = ["agents/b/policy.cedar", "policies/models.cedar", "agents/a/policy.cedar", "tests/x.toml"];
  expect(likely(paths, "a-calls")).toEqual(["agents/a/policy.cedar", "policies/models.cedar", "agents/b/policy.cedar"]);
});
