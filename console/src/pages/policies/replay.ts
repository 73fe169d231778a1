import type { Schemas } from "../../api/paths";
import { count, counted } from "../../format/number";

/** What came of the calls on record, in a sentence. */
export function replayTold({ replayed, skipped, permits, denies, obliges }: Schemas["ReplayView"]): string {
  const left = `${count(skipped)} could not be asked again: their records say too little.`;
  if (replayed === 0) return skipped > 0 ? `Of the recorded calls, ${left}` : "No call is on record.";
  const changed = [
    `${count(permits)} newly permitted`,
    `${count(denies)} newly denied`,
    `${count(obliges)} under other obligations`,
  ];
  const asked = `${counted(replayed, "recorded call")} asked again: ${changed.join(", ")}.`;
  return skipped > 0 ? `${asked} ${left}` : asked;
}
