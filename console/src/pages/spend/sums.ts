import type { Schemas } from "../../api/paths";

type Line = Schemas["SpendLine"];

/** The numbers of a report's lines together; money in nano-dollars. */
export function sums(lines: Line[]) {
  const sum = (part: (line: Line) => number) => lines.reduce((all, line) => all + part(line), 0);
  return {
    calls: sum((line) => line.calls),
    errors: sum((line) => line.errors),
    input: sum((line) => line.input_tokens),
    cached: sum((line) => line.cached_tokens),
    output: sum((line) => line.output_tokens),
    saved: sum((line) => line.saved.nanos),
    routed: sum((line) => line.routed.nanos),
    provisional: sum((line) => line.provisional.nanos),
  };
}
