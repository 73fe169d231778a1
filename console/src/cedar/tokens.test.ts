import { expect, test } from "vitest";

import { tokensOf } from "./tokens";

function told(path: string, text: string): string[] {
  return tokensOf(path, text).map(({ from, to, kind }) => `${kind} ${text.slice(from, to)}`);
}

test("policies", () => {
  expect(
    told(
      "a.cedar",
      '@id("x") permit (principal, action == A::Action::"go", resource) when { context.n >= 2 }; // "end',
    ),
  ).toEqual([
    "note @id",
    'text "x"',
    "word permit",
    "name principal",
    "name action",
    "type A::Action",
    'text "go"',
    "name resource",
    "word when",
    "name context",
    "name .n",
    "value 2",
    'comment // "end',
  ]);
});

test("texts of TOML may have several lines, and may not end", () => {
  expect(told("t.toml", "[[case]]\nname = '''a\n# b'''\nok = true # c\nx = \"\"\"open\n")).toEqual([
    "word [[case]]",
    "name name",
    "text '''a\n# b'''",
    "name ok",
    "value true",
    "comment # c",
    "name x",
    'text """open\n',
  ]);
});

test("attributes of a schema are names, and other files have no colours", () => {
  expect(told("s.cedarschema", "entity A in [B] = { left?: Long };")).toEqual([
    "word entity",
    "type A",
    "word in",
    "type B",
    "name left?",
    "type Long",
  ]);
  expect(told("README.md", "true")).toEqual([]);
});
