import { expect, test } from "vitest";

import { gatewayAt, isOnlyLocal, snippets } from "./snippets";

test("a gateway that listens everywhere is at the name of this page", () => {
  expect(gatewayAt("0.0.0.0:8080", "ai.example.com")).toBe("ai.example.com:8080");
  expect(gatewayAt("[::]:8080", "ai.example.com")).toBe("ai.example.com:8080");
  expect(gatewayAt("10.0.0.7:8080", "ai.example.com")).toBe("10.0.0.7:8080");
  expect([isOnlyLocal("127.0.0.1:8080"), isOnlyLocal("0.0.0.0:8080")]).toEqual([true, false]);
});

test("each snippet has the address, the key and the model", () => {
  for (const { text } of snippets("127.0.0.1:8080", "ork_1", "ollama/qwen3")) {
    for (const part of ["http://127.0.0.1:8080/v1", "ork_1", "ollama/qwen3"]) expect(text).toContain(part);
  }
});
