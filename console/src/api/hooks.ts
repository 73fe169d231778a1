// How pages read from the server and change what it has.

import { QueryCache, QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { call } from "./client";
import type { AnswerOf, AskOf, Method, PathOf } from "./paths";
import { Refused } from "./refusal";
import { endSession } from "./session";

declare module "@tanstack/react-query" {
  interface Register {
    defaultError: Refused;
  }
}

/** How long an answer counts as fresh, in milliseconds. */
const FRESH_MS = 15_000;

export function queryClient(): QueryClient {
  const client: QueryClient = new QueryClient({
    queryCache: new QueryCache({
      onError: (error) => {
        if (error.isSignedOut) endSession(client);
      },
    }),
    defaultOptions: {
      queries: { staleTime: FRESH_MS, retry: (count, error) => error.isPassing && count < 2 },
    },
  });
  return client;
}

interface Reading<T> {
  /** Asks again after as many milliseconds, as long as the page is seen. */
  everyMs?: number;
  /** Whether an answer is the last one that can be expected: then it is not asked again. */
  isLast?: (data: T) => boolean;
  /** Keeps showing the answer for the last parameters until there is one for the new ones. */
  keep?: boolean;
}

/** What a path answers; `null` in place of parameters does not ask. */
export function useGet<P extends PathOf<"get">>(
  path: P,
  ask: AskOf<"get", P> | null,
  reading: Reading<AnswerOf<"get", P>> = {},
) {
  return useQuery({
    queryKey: [path, ask],
    queryFn: ({ signal }) => call("get", path, ask ?? ({} as AskOf<"get", P>), signal),
    enabled: ask !== null,
    refetchInterval: ({ state: { data, error } }) => {
      // What is refused stays so, and each refusal is on record.
      const isOver = (error && !error.isPassing) || (data && reading.isLast?.(data));
      return isOver ? false : (reading.everyMs ?? false);
    },
    ...(reading.keep && { placeholderData: <T>(last: T) => last }),
  });
}

/** A change, and the paths whose answers are other ones after it. */
export function useSend<M extends Exclude<Method, "get">, P extends PathOf<M>>(
  method: M,
  path: P,
  touches: PathOf<"get">[],
) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (ask: AskOf<M, P>) => call(method, path, ask),
    onSuccess: () => Promise.all(touches.map((touched) => client.invalidateQueries({ queryKey: [touched] }))),
    onError: (error) => {
      if (error.isSignedOut) endSession(client);
    },
  });
}
