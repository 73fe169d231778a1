// What travels between page and server: docs/webchat.md says what each frame means.

export interface Attachment {
  name: string;
  content_type: string;
  sha256: string;
  size_bytes: number;
}

export interface Uploaded extends Attachment {
  ticket: string;
}

export interface Body {
  id?: string;
  text?: string;
  state?: string;
  attachments?: Attachment[];
  approval?: string;
  tool?: string;
  arguments?: unknown;
  reason?: string;
  roles?: string[];
  /** Where nobody knows whether something happened. */
  ask?: "effect" | "attempts";
  what?: string | null;
  step?: number;
  choices?: string[];
  too_large?: { content_type: string; size_bytes: number };
}

export type Kind = "user" | "assistant" | "status" | "approval" | "error";

export interface NumberedEvent {
  type: "event";
  no: number;
  kind: Kind;
  task: string | null;
  at: string;
  body: Body;
}

export interface Delta {
  type: "delta";
  task: string;
  step: number;
  /** Characters of the step that come before, where its runner counts them. */
  offset: number | null;
  text: string;
}

export interface Refusal {
  code: string;
  message: string;
  fix: string;
  retry_after_ms?: number;
}

export type Frame =
  | { type: "ready"; agent: string; person: string | null; last: number }
  | { type: "ack"; id: string; seq: number; no: number; fresh: boolean }
  | NumberedEvent
  | Delta
  | { type: "approval"; approval: string; status: string; expires_at: string }
  | { type: "decided"; approval: string; status: string }
  | ({ type: "error"; about?: string } & Refusal)
  | { type: "ping" };

export interface Outgoing {
  id: string;
  text: string;
  attachments: string[];
}
