import { expect, test } from "vitest";

import { choicesAfter, matching, written } from "./complete";
import { vocabularyOf } from "./vocabulary";

const WORDS = vocabularyOf({
  Shop: {
    commonTypes: {
      Money: { type: "Record", attributes: { left: { type: "EntityOrCommon", name: "Long", required: false } } },
    },
    entityTypes: {
      User: {},
      Item: {
        shape: {
          type: "Record",
          attributes: { tags: { type: "Set", element: { type: "EntityOrCommon", name: "String" } } },
        },
      },
    },
    actions: {
      buy: {
        appliesTo: {
          principalTypes: ["User"],
          resourceTypes: ["Item"],
          context: { type: "Record", attributes: { money: { type: "EntityOrCommon", name: "Money" } } },
        },
      },
      look: {
        appliesTo: {
          principalTypes: ["User"],
          resourceTypes: ["Item"],
          context: { type: "Record", attributes: { now: { type: "EntityOrCommon", name: "datetime" } } },
        },
      },
    },
  },
});

function labels(before: string): string[] {
  return choicesAfter(before, WORDS)?.choices.map(({ label }) => label) ?? [];
}

test("types and actions come from the schema", () => {
  expect(labels("permit (principal is Shop::")).toEqual(["Action", "User", "Item"]);
  expect(labels('permit (principal, action == Shop::Action::"b')).toEqual(["buy", "look"]);
});

test("attributes are those of the action that the statement names", () => {
  const head = 'permit (principal, action == Shop::Action::"buy", resource) when { ';
  expect(labels(`${head}context.`)).toEqual(["money"]);
  expect(labels(`${head}context.money.`)).toEqual(["left"]);
  expect(labels(`${head}context.money has `)).toEqual(["left"]);
  expect(labels("permit (principal, action, resource) when { context.")).toEqual(["money", "now"]);
  expect(labels(`${head}resource.tags.`)).toEqual(["contains", "containsAll", "containsAny", "isEmpty"]);
});

test("the statement before does not count", () => {
  expect(
    labels('permit (principal, action == Shop::Action::"buy", resource);\nforbid (p, a, r) when { context.'),
  ).toEqual(["money", "now"]);
});

test("nothing is offered in comments and texts", () => {
  expect(labels("// per")).toEqual([]);
  expect(labels('@id("per')).toEqual([]);
  expect(labels('@id("a") per')).toContain("permit");
  expect(labels("@red")).toContain("@redact");
});

test("what begins as typed comes first, and what is typed already is not offered", () => {
  const all = ["forbid", "permit", "if"].map((label) => ({ label }));
  expect(matching(all, "i").map(({ label }) => label)).toEqual(["if", "forbid", "permit"]);
  expect(matching(all, "if")).toEqual([]);
});

test("a choice selects the first place to fill in", () => {
  expect(written({ label: "a" }, "")).toEqual({ text: "a", anchor: 1, length: 0 });
  expect(written({ label: "@max", snippet: '@max("${0.50}")' }, "")).toEqual({
    text: '@max("0.50")',
    anchor: 6,
    length: 4,
  });
  expect(written({ label: "p", snippet: "p (${a}) { ${b} };" }, "")).toEqual({
    text: "p (a) { b };",
    anchor: 3,
    length: 1,
  });
  expect(written({ label: "go", snippet: 'go"' }, '"').text).toBe("go");
});
