import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useMemo, useState } from "react";

import { call } from "../../api/client";
import type { Schemas } from "../../api/paths";
import { Refused } from "../../api/refusal";
import { useMay } from "../../api/session";
import { asker } from "./asker";
import { askOf, EMPTY, isSameIn, type Draft } from "./draft";
import { useDraft } from "./useDraft";

const PATH = "/api/v1/policy/check";
/** How long typing pauses before the server is asked, in milliseconds. */
const PAUSE_MS = 600;

type Fault = Schemas["FaultView"];

/** What the server says of the draft, which it keeps nothing of. */
export interface Check {
  /** Mistakes of files that are still as they were checked. */
  faults: Fault[];
  /** Whether all of that is of the draft as it is now. */
  isDone: boolean;
  isChecking: boolean;
  /** Why it was not checked. */
  refused: Refused | null;
}

interface Answer {
  of: Draft;
  faults: Fault[];
  refused: Refused | null;
}

const NOTHING: Answer = { of: EMPTY, faults: [], refused: null };

const CheckContext = createContext<Check>({ faults: [], isDone: false, isChecking: false, refused: null });

export const CheckProvider = CheckContext.Provider;

/** What the server says of the draft, on any of its tabs. */
export function useCheck(): Check {
  return use(CheckContext);
}

/** Has the server check the draft as one types. One page does it for all of its tabs. */
export function useChecking(): Check {
  const may = useMay();
  const client = useQueryClient();
  const [draft] = useDraft();
  const [{ of, faults, refused }, setAnswer] = useState(NOTHING);
  const [{ put, stop }] = useState(() =>
    asker({
      pauseMs: PAUSE_MS,
      ask: (asked: Draft) => {
        const body = askOf(asked) ?? {};
        // What was right of these texts on this commit stays so.
        return client.fetchQuery({
          queryKey: [PATH, body],
          queryFn: () => call("post", PATH, { body }),
          staleTime: Infinity,
        });
      },
      onAnswer: (asked, report) => setAnswer({ of: asked, faults: report.faults, refused: null }),
      onFailure: (asked, error) =>
        setAnswer({ of: asked, faults: [], refused: error instanceof Refused ? error : null }),
    }),
  );
  const isAsked = may("policy.check") && askOf(draft) !== null;
  useEffect(() => {
    if (!isAsked) return;
    put(draft);
    return stop;
  }, [isAsked, draft, put, stop]);
  return useMemo(() => {
    const isOfNow = isAsked && of === draft;
    return {
      faults: faults.filter(({ file }) => isSameIn(file, of, draft)),
      isDone: isOfNow && refused === null,
      isChecking: isAsked && !isOfNow,
      refused: isOfNow ? refused : null,
    };
  }, [isAsked, draft, of, faults, refused]);
}
