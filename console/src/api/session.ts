// Who is signed in, and what they may do.

import { useQuery, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useRef } from "react";

import { call, keepCsrf } from "./client";
import type { Schemas } from "./paths";
import { Refused } from "./refusal";

export type Session = Schemas["ConsoleView"];

/** The session's path, which is its key in the cache too. */
export const SESSION = "/api/v1/console/session";

/** Where it is kept that a session ended by itself, or was ended elsewhere. */
const ENDED = "session ended";

/** Takes it that nobody is signed in any more, as the server has just said. */
export function endSession(client: QueryClient): void {
  if (client.getQueryData([SESSION])) client.setQueryData([ENDED], true);
  client.setQueryData([SESSION], null);
}

/** Whether somebody was signed in, and is not any more without having said so. */
export function useWasEnded(): boolean {
  return useQueryClient().getQueryData([ENDED]) === true;
}

/** The session that a browser has; `null` where nobody is signed in. */
export function useSavedSession() {
  return useQuery({
    queryKey: [SESSION],
    queryFn: async ({ signal }) => {
      try {
        return begun(await call("get", SESSION, {}, signal));
      } catch (error) {
        if (error instanceof Refused && error.isSignedOut) return null;
        throw error;
      }
    },
    staleTime: Infinity,
  });
}

export function useSignIn() {
  const client = useQueryClient();
  return async (token: string) => {
    const session = begun(await call("post", SESSION, { body: { token } }));
    client.removeQueries({ queryKey: [ENDED] });
    client.setQueryData([SESSION], session);
  };
}

/** Ends this session, or every session of this person. Nothing that was read stays in memory. */
export function useSignOut() {
  const client = useQueryClient();
  return async (everywhere: boolean) => {
    await call("delete", everywhere ? "/api/v1/console/sessions" : SESSION, {});
    client.setQueryData([SESSION], null);
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== SESSION });
  };
}

export const SessionContext = createContext<Session | null>(null);

/** The session of a page, which is only there for who is signed in. */
export function useSession(): Session {
  const session = use(SessionContext);
  if (!session) throw new Error("a page is shown to nobody");
  return session;
}

/**
 * Whether policy permits an operation now, by the name that audit records use. It decides only what is shown: the
 * server decides each request.
 */
export function useMay(): (operation: string) => boolean {
  const { operations } = useSession();
  return (operation) => operations.includes(operation);
}

/** Asks anew what the person may do, each time that a value is another one than before. */
export function useSessionAnew(value: unknown): void {
  const client = useQueryClient();
  const last = useRef(value);
  useEffect(() => {
    if (last.current !== undefined && last.current !== value) void client.invalidateQueries({ queryKey: [SESSION] });
    last.current = value;
  }, [client, value]);
}

/** What the starter's policies let owners do for their own agents, beside what they may do in general. */
const FOR_OWN = [
  "key.create",
  "key.rotate",
  "key.revoke",
  "grant.create",
  "grant.revoke",
  "budget.set",
  "budget.raise",
];

/** As `useMay`, of an agent that somebody answers for. */
export function useMayFor(owner: string | undefined): (operation: string) => boolean {
  const { person, groups, operations } = useSession();
  const isOwn = owner === person && groups.includes("agent-owner");
  return (operation) => operations.includes(operation) || (isOwn && FOR_OWN.includes(operation));
}

function begun(session: Session): Session {
  keepCsrf(session.csrf);
  return session;
}
