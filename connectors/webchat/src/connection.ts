// One conversation's connection: a WebSocket, or where there is none a stream of events and plain posts. It
// connects again by itself, goes on behind the last event that was seen, and sends again what was not
// acknowledged: the server keeps a message once, by its id.

import { Api, Refused } from "./api";
import type { Frame, Outgoing, Refusal } from "./protocol";

export type State = "connecting" | "open" | "waiting" | "refused";

export interface Listener {
  frame(frame: Frame): void;
  state(state: State): void;
}

const WAIT_MS = 500;
const WAIT_MAX_MS = 15_000;
/** When a server is asked again that could not keep a message. */
const AWAY_MS = 2_000;
/** The server says something at least every 20 seconds. */
const SILENCE_MAX_MS = 45_000;
/** WebSockets that did not open, after which the stream is tried. */
const SOCKETS_TRIED = 2;

export class Connection {
  private after = 0;
  private socket: WebSocket | null = null;
  private stream: AbortController | null = null;
  private unsent = new Map<string, Outgoing>();
  private failures = 0;
  private socketFailures = 0;
  private retry: number | undefined;
  private silence: number | undefined;
  private stopped = false;
  private ready = false;

  constructor(
    private readonly api: Api,
    private readonly listener: Listener,
  ) {
    addEventListener("online", () => this.now());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.now();
    });
  }

  open(): void {
    this.stopped = false;
    this.connect();
  }

  /** Ends the connection and forgets where it was: another conversation comes. */
  reset(): void {
    this.close();
    this.after = 0;
    this.unsent.clear();
    this.failures = 0;
  }

  send(message: Outgoing): void {
    this.unsent.set(message.id, message);
    this.flush(message);
  }

  /** Says nothing more of a message that the server refused. */
  drop(id: string): void {
    this.unsent.delete(id);
  }

  async decide(approval: string, decision: "approve" | "deny", reason: string): Promise<void> {
    const asked = { approval, decision, reason };
    if (this.socket && this.ready) {
      this.socket.send(JSON.stringify({ type: "decide", ...asked }));
      return;
    }
    try {
      const told = await this.api.ask<{ status: string }>("POST", "/api/decisions", asked);
      this.listener.frame({ type: "decided", approval, status: told.status });
    } catch (error) {
      this.failed(error, approval);
    }
  }

  private now(): void {
    if (this.retry === undefined || this.stopped) return;
    this.connect();
  }

  private connect(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
    this.listener.state("connecting");
    if (this.socketFailures >= SOCKETS_TRIED || typeof WebSocket === "undefined") {
      void this.follow();
    } else {
      this.dial();
    }
  }

  private dial(): void {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/api/socket`);
    this.socket = socket;
    socket.onopen = () => {
      const { token, person, agent } = this.api;
      socket.send(JSON.stringify({ type: "hello", token, person, agent, after: this.after }));
      this.heard();
    };
    socket.onmessage = (message) => {
      if (socket !== this.socket) return;
      this.heard();
      this.take(JSON.parse(String(message.data)));
    };
    socket.onclose = () => {
      if (socket !== this.socket) return;
      if (!this.ready) this.socketFailures += 1;
      this.lost();
    };
  }

  private async follow(): Promise<void> {
    const stream = new AbortController();
    this.stream = stream;
    try {
      const query = new URLSearchParams({ after: String(this.after) });
      if (this.api.agent) query.set("agent", this.api.agent);
      const answer = await fetch(`/api/events?${query}`, {
        headers: this.api.headers(),
        signal: stream.signal,
      });
      if (!answer.ok || !answer.body) {
        const told = await answer.json();
        throw new Refused(told.error);
      }
      this.heard();
      this.opened();
      await this.lines(answer.body);
    } catch (error) {
      if (stream.signal.aborted) return;
      if (error instanceof Refused) this.failed(error);
    }
    if (stream === this.stream) {
      // A network that has no WebSockets may be another one by now.
      if (this.ready) this.socketFailures = 0;
      this.lost();
    }
  }

  private async lines(body: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      this.heard();
      const lines = (rest + value).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("data: ")) this.take(JSON.parse(line.slice(6)));
      }
    }
  }

  private take(frame: Frame): void {
    switch (frame.type) {
      case "ready":
        this.opened();
        break;
      case "event":
        // Each number once and in order, whatever the network did.
        if (frame.no <= this.after) return;
        this.after = frame.no;
        if (frame.body.id) this.unsent.delete(frame.body.id);
        break;
      case "ack":
        this.unsent.delete(frame.id);
        break;
      case "error":
        if (this.again(frame)) return;
        if (!frame.about && !this.ready) this.stop();
        break;
      default:
        break;
    }
    this.listener.frame(frame);
  }

  /** Sends a message again that was refused for the moment only. */
  private again(frame: { about?: string } & Refusal): boolean {
    const message = frame.about && this.unsent.get(frame.about);
    const away = frame.code === "dependency_unavailable" ? AWAY_MS : undefined;
    const wait = frame.retry_after_ms ?? away;
    if (!message || wait === undefined) return false;
    setTimeout(() => this.flush(message), wait + 100);
    return true;
  }

  private opened(): void {
    this.ready = true;
    this.failures = 0;
    this.listener.state("open");
    for (const message of this.unsent.values()) this.flush(message);
  }

  private flush(message: Outgoing): void {
    if (!this.ready || !this.unsent.has(message.id)) return;
    if (this.socket) {
      this.socket.send(JSON.stringify({ type: "message", ...message }));
    } else {
      void this.post(message);
    }
  }

  private async post(message: Outgoing): Promise<void> {
    try {
      const asked = { ...message, agent: this.api.agent };
      const kept = await this.api.ask<{ seq: number; no: number; fresh: boolean }>("POST", "/api/messages", asked);
      this.take({ type: "ack", id: message.id, ...kept });
    } catch (error) {
      this.failed(error, message.id);
    }
  }

  private failed(error: unknown, about?: string): void {
    if (!(error instanceof Refused)) {
      this.lost();
      return;
    }
    this.take(about ? { type: "error", about, ...error.told } : { type: "error", ...error.told });
  }

  private heard(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.lost(), SILENCE_MAX_MS);
  }

  private stop(): void {
    this.stopped = true;
    this.close();
    this.listener.state("refused");
  }

  private close(): void {
    clearTimeout(this.silence);
    clearTimeout(this.retry);
    this.retry = undefined;
    const { socket, stream } = this;
    this.socket = null;
    this.stream = null;
    this.ready = false;
    socket?.close();
    stream?.abort();
  }

  private lost(): void {
    this.close();
    if (this.stopped) return;
    const most = Math.min(WAIT_MS * 2 ** this.failures, WAIT_MAX_MS);
    this.failures += 1;
    this.listener.state("waiting");
    // Everybody who lost the same server comes back at another moment.
    this.retry = setTimeout(() => this.connect(), most * (0.5 + Math.random() / 2));
  }
}
