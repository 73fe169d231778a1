// A report as a file.

import type { Schemas } from "../../api/paths";
import type { CsvCell } from "../../format/csv";

/** The names of the columns of `csvRow`. Money is in US dollars, exact. */
export function csvHead(by: string): string[] {
  return [
    by,
    "calls",
    "errors",
    "amount_usd",
    "overrun_usd",
    "provisional_usd",
    "saved_usd",
    "routed_usd",
    "input_tokens",
    "cached_tokens",
    "output_tokens",
    "reasoning_tokens",
    "p50_ms",
    "p99_ms",
  ];
}

export function csvRow(line: Schemas["SpendLine"]): CsvCell[] {
  return [
    line.name,
    line.calls,
    line.errors,
    line.amount.usd,
    line.overrun.usd,
    line.provisional.usd,
    line.saved.usd,
    line.routed.usd,
    line.input_tokens,
    line.cached_tokens,
    line.output_tokens,
    line.reasoning_tokens,
    line.p50_ms,
    line.p99_ms,
  ];
}
