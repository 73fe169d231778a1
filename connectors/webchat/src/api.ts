// Requests to the server that the page came from: by cookie, or, in another page's frame, by bearer.

import type { Refusal, Uploaded } from "./protocol";

export class Refused extends Error {
  constructor(readonly told: Refusal) {
    super(told.message);
  }
}

export interface Me {
  person: string | null;
  anonymous: boolean;
  agents: string[];
  max_message_bytes: number;
  max_attachment_bytes: number;
  /** Whether anything takes a code that pairs an account. */
  pairing: boolean;
}

const KEPT = "orchestack-conversation";

export class Api {
  /** The conversation's token, where there is no cookie. */
  token: string | null = null;
  /** Who is signed in, sealed, where there is no cookie. It is not kept. */
  person: string | null = null;

  constructor(
    readonly agent: string | null,
    readonly bearer: boolean,
  ) {
    if (bearer) this.token = kept(agent);
  }

  headers(): Record<string, string> {
    const headers: Record<string, string> = {};
    if (this.token) headers["authorization"] = `Bearer ${this.token}`;
    if (this.person) headers["x-orchestack-person"] = this.person;
    return headers;
  }

  me(): Promise<Me> {
    return this.ask("GET", "/api/me");
  }

  async begin(anew: boolean): Promise<{ agent: string; person: string | null }> {
    if (this.bearer && this.token && !anew) return { agent: this.agent ?? "", person: null };
    const asked = { agent: this.agent, bearer: this.bearer, new: anew };
    const made = await this.ask<{ agent: string; person: string | null; token: string | null }>(
      "POST",
      "/api/conversation",
      asked,
    );
    if (made.token) {
      this.token = made.token;
      keep(this.agent, made.token);
    }
    return made;
  }

  async signIn(token: string): Promise<string> {
    const asked = { token, bearer: this.bearer };
    const made = await this.ask<{ person: string; sealed: string | null }>("POST", "/api/sign-in", asked);
    this.person = made.sealed;
    return made.person;
  }

  async signOut(): Promise<void> {
    this.person = null;
    await this.ask("POST", "/api/sign-out");
  }

  /** A code for whoever is signed in, and how long it can be said. */
  pair(): Promise<{ code: string; seconds: number }> {
    return this.ask("POST", "/api/pairing");
  }

  async upload(file: File): Promise<Uploaded> {
    const query = new URLSearchParams({ name: file.name || "file" });
    if (this.agent) query.set("agent", this.agent);
    const answer = await fetch(`/api/attachments?${query}`, {
      method: "POST",
      headers: { ...this.headers(), "content-type": "application/octet-stream" },
      body: file,
    });
    return read(answer);
  }

  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers = this.headers();
    const init: RequestInit = { method, headers };
    if (body !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    return read(await fetch(path, init));
  }
}

async function read<T>(answer: Response): Promise<T> {
  if (answer.ok) return answer.status === 204 ? (undefined as T) : answer.json();
  const none = { code: "failed", message: `the server answered ${answer.status}`, fix: "try again" };
  const told = await answer.json().then(
    (body: { error?: Refusal }) => body.error ?? none,
    () => none,
  );
  throw new Refused(told);
}

// A browser may refuse storage to frames: then the conversation lasts as long as the page.
function kept(agent: string | null): string | null {
  try {
    return localStorage.getItem(`${KEPT}:${agent ?? ""}`);
  } catch {
    return null;
  }
}

function keep(agent: string | null, token: string): void {
  try {
    localStorage.setItem(`${KEPT}:${agent ?? ""}`, token);
  } catch {
    // See above.
  }
}
