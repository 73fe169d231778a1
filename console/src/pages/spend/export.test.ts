import { expect, test } from "vitest";

import type { Schemas } from "../../api/paths";
import { exact } from "../../format/money";
import { csvHead, csvRow } from "./export";
import { sums } from "./sums";

const LINE: Schemas["SpendLine"] = {
  name: "gpt-5",
  calls: 4,
  errors: 1,
  amount: exact(14_000_000_000),
  overrun: exact(0),
  provisional: exact(0),
  saved: exact(1_500_000_000),
  routed: exact(-250_000_000),
  input_tokens: 100,
  cached_tokens: 40,
  output_tokens: 20,
  reasoning_tokens: 5,
};

test("each figure stands below its name, with exact money", () => {
  const row = csvRow(LINE);
  const named = Object.fromEntries(csvHead("model").map((name, at) => [name, row[at]]));
  expect(row).toHaveLength(csvHead("model").length);
  expect(named).toMatchObject({ model: "gpt-5", saved_usd: "1.50", routed_usd: "-0.25", cached_tokens: 40 });
});

test("what caches and routing saved is summed apart", () => {
  expect(sums([LINE, LINE])).toMatchObject({ saved: 3_000_000_000, routed: -500_000_000 });
});
