import { expect, test } from "vitest";

import { BLANK, inputOf, listOf, questionOf } from "./question";

test("what is left empty is not sent", () => {
  const question = questionOf({ ...BLANK, agent: "a", kinds: "email, phone", inputTokens: "12" });
  expect(question).toEqual({
    agent: "a",
    label: "public",
    integrity: "trusted",
    kinds: ["email", "phone"],
    calls: 0,
    used_percent: 0,
    stream: false,
    tools: false,
    images: false,
    input_tokens: 12,
  });
});

test("a question about a tool says nothing of models", () => {
  const question = questionOf({
    ...BLANK,
    agent: "a",
    about: "tool",
    model: "m",
    tool: " mail.send ",
    input: '{"to":"x"}',
  });
  expect(question.model).toBeUndefined();
  expect(question.tool).toMatchObject({ id: "mail.send", input: { to: "x" } });
});

test("arguments are an object", () => {
  expect([inputOf(""), inputOf('{"a":1}'), inputOf("[1]"), inputOf("{")]).toEqual([{}, { a: 1 }, null, null]);
});

test("words stand between commas or spaces", () => {
  expect(listOf(" a,b  c,\n")).toEqual(["a", "b", "c"]);
});
