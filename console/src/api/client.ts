// Requests to the admin API, typed by its OpenAPI document.

import type { AnswerOf, AskOf, Method, PathOf } from "./paths";
import { refusalOf, unreachable } from "./refusal";

/** The parts of a request that the path does not have. */
interface Parts {
  path?: Record<string, string>;
  query?: Record<string, unknown>;
  body?: unknown;
}

let csrf = "";

/** Remembers what every change has to carry as long as this session lasts. */
export function keepCsrf(token: string): void {
  csrf = token;
}

/** Asks the server. Whatever it answers but success is thrown as a `Refused`. */
export async function call<M extends Method, P extends PathOf<M>>(
  method: M,
  path: P,
  ask: AskOf<M, P>,
  signal?: AbortSignal,
): Promise<AnswerOf<M, P>> {
  const { body, ...parts } = ask as Parts;
  const headers: Record<string, string> = { accept: "application/json" };
  const init: RequestInit = { method: method.toUpperCase(), headers, signal: signal ?? null };
  if (method !== "get") headers["x-orchestack-csrf"] = csrf;
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  const response = await fetch(addressOf(path, parts), init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw unreachable();
  });
  if (!response.ok) throw await refusalOf(response);
  return (response.status === 204 ? undefined : await response.json()) as AnswerOf<M, P>;
}

/** The address of a path of the document with its parameters filled in. */
export function addressOf(path: string, parts: Pick<Parts, "path" | "query">): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(parts.path?.[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts.query ?? {})) {
    if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
  }
  return query.size > 0 ? `${filled}?${query}` : filled;
}
