import { useState } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import type { Refused } from "../../api/refusal";

const WATCH_MS = 1_000;

interface FirstCall {
  /** The newest call since the mark. */
  call: Schemas["RequestLine"] | undefined;
  /** Why nobody knows. */
  error: Refused | null;
  /** From here on calls count. */
  mark: () => void;
}

/** Watches for the first call after a moment that the page names. */
export function useFirstCall(may: boolean): FirstCall {
  const [before, setBefore] = useState<number | null>(null);
  const requests = useGet("/api/v1/requests", may ? { query: { limit: 1 } } : null, { everyMs: WATCH_MS });
  const newest = requests.data?.lines[0];
  return {
    call: newest && before !== null && newest.seq > before ? newest : undefined,
    error: requests.error,
    mark: () => setBefore(newest?.seq ?? 0),
  };
}
