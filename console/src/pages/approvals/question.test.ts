import { expect, test } from "vitest";

import { isOffered, subjectOf, type Approval } from "./question";

const ASKED = {
  kind: "model_call",
  requester: "support",
  owner: "olive",
  roles: ["infra-admin"],
  votes: [],
  detail: { model: "large" },
} as unknown as Approval;
const NOBODY = { person: "nina", groups: ["auditor"], operations: ["approval.list"] };

test.each([
  ["an auditor", NOBODY, {}, false],
  ["who may vote on everything", { ...NOBODY, operations: ["approval.approve"] }, {}, true],
  ["who has a role that is asked for", { ...NOBODY, groups: ["infra-admin"] }, {}, true],
  ["who answers for the agent", { ...NOBODY, person: "olive" }, {}, true],
  ["who raises budgets, of a model", { ...NOBODY, operations: ["budget.raise"] }, {}, false],
  ["who raises budgets, of a budget", { ...NOBODY, operations: ["budget.raise"] }, { kind: "budget", roles: [] }, true],
  ["who asks", { ...NOBODY, operations: ["approval.approve"] }, { requester: "nina" }, false],
  ["who has voted", { ...NOBODY, operations: ["approval.approve"] }, { votes: [{ person: "nina" }] }, false],
])("a vote of %s", (_, voter, asked, offered) => {
  expect(isOffered({ ...ASKED, ...asked } as Approval, voter)).toBe(offered);
});

test("a question about a budget tells whose it is", () => {
  const detail: unknown = { agent: "support", budget: "agent support day" };
  expect(subjectOf({ ...ASKED, kind: "budget", detail } as unknown as Approval)).toBe("more for support");
  expect(subjectOf(ASKED)).toBe("large");
});
