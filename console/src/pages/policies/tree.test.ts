import { expect, test } from "vitest";

import { rowsOf } from "./tree";

function told(paths: string[], ...closed: string[]): string[] {
  return rowsOf(paths, new Set(closed)).map(
    ({ name, level, isFolder }) => `${"  ".repeat(level - 1)}${name}${isFolder ? "/" : ""}`,
  );
}

const PATHS = ["README.md", "agents/b/agent.toml", "agents/a/policy.cedar", "policies/x.cedar"];

test("folders come first, then files, by name", () => {
  expect(told(PATHS)).toEqual([
    "agents/",
    "  a/",
    "    policy.cedar",
    "  b/",
    "    agent.toml",
    "policies/",
    "  x.cedar",
    "README.md",
  ]);
});

test("of a closed folder nothing is seen", () => {
  expect(told(PATHS, "agents")).toEqual(["agents/", "policies/", "  x.cedar", "README.md"]);
});

test("each row knows its place among its siblings", () => {
  const rows = rowsOf(PATHS, new Set(["agents", "policies"]));
  expect(rows.map(({ place, siblings }) => [place, siblings])).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
  ]);
});
