import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";

import { EMPTY, type Draft } from "./draft";

const DRAFT = ["policies", "draft"];

/**
 * The draft, which outlasts a visit to other pages and ends with the session: it lies where the answers of the server
 * do, which signing out removes.
 */
export function useDraft(): [Draft, (change: (draft: Draft) => Draft) => void] {
  const client = useQueryClient();
  const { data } = useQuery<Draft>({
    queryKey: DRAFT,
    queryFn: () => EMPTY,
    initialData: EMPTY,
    staleTime: Infinity,
    gcTime: Infinity,
    enabled: false,
  });
  const change = useCallback(
    (made: (draft: Draft) => Draft) => client.setQueryData<Draft>(DRAFT, (draft) => made(draft ?? EMPTY)),
    [client],
  );
  return [data, change];
}

/** Has the browser ask before the window goes with changes in it. */
export function useKeptInWindow(isChanged: boolean): void {
  useEffect(() => {
    if (!isChanged) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [isChanged]);
}
