import type { Schemas } from "../../api/paths";
import { coded } from "../../format/text";
import { visible } from "../../format/visible";

/** Each place of which something is not shown, with what that is. */
export function maskedPlaces(masked: Schemas["ApprovalArguments"]["masked"]): [path: string, kinds: string][] {
  const kinds = new Map<string, Set<string>>();
  for (const { path, kind } of masked) {
    kinds.set(path, (kinds.get(path) ?? new Set()).add(coded(kind)));
  }
  return [...kinds].map(([path, found]) => [visible(path) || "the whole of it", [...found].join(", ")]);
}
