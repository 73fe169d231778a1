import { useQuery } from "@tanstack/react-query";

import { call } from "../../api/client";
import type { AskOf, PathOf } from "../../api/paths";

/** Paths that are posted to and change nothing. */
type Question = Extract<PathOf<"post">, `/api/v1/policy/${"test" | "prove" | "diff"}`>;

/**
 * What the server answers to a question that has a body. Each names its commits and changes, so that an answer stays
 * right. `null` does not ask.
 */
export function useAsk<P extends Question>(path: P, ask: AskOf<"post", P> | null) {
  return useQuery({
    queryKey: [path, ask],
    queryFn: ({ signal }) => call("post", path, ask ?? ({} as AskOf<"post", P>), signal),
    enabled: ask !== null,
    staleTime: Infinity,
  });
}
