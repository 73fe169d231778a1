// What records are asked for.

import type { AskOf, Schemas } from "../../api/paths";

/** Records of one answer. */
export const RECORDS = 200;

/** In the address. */
export const DEFAULTS = { kind: "*", request: "", actor: "", from: "", to: "", search: "" };

export type AuditFilter = typeof DEFAULTS;

export type AuditQuery = NonNullable<AskOf<"get", "/api/v1/audit">["query"]>;

/** The question to the server. Words are looked for here, in what it answers. */
export function queryOf({ kind, request, actor, from, to }: AuditFilter): AuditQuery {
  return {
    limit: RECORDS,
    ...(kind !== "*" && { kind }),
    ...(request && { request }),
    ...(actor && { actor }),
    ...(isTime(from) && { from }),
    ...(isTime(to) && { to }),
  };
}

/** The number before which older records are; `null` where there are none. */
export function olderThan({ records, next }: Schemas["AuditList"]): number | null {
  // Fewer than were asked for are all there are, unless the server did not look through everything.
  return next ?? (records.length === RECORDS ? (records[0]?.seq ?? null) : null);
}

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}
