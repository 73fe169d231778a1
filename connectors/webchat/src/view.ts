// What the page shows: messages, answers as they are written, questions to people, and what failed.

import { element, exact, render } from "./markdown";
import type { Attachment, Body, Delta, NumberedEvent, Outgoing, Uploaded } from "./protocol";

export interface Deciding {
  signedIn(): boolean;
  signIn(): void;
  decide(approval: string, decision: "approve" | "deny", reason: string): void;
}

interface Stream {
  node: HTMLElement;
  text: HTMLElement;
  step: number;
  /** Characters of the step that came, or were before the first that did. */
  have: number;
  written: string;
  due: number;
}

/** Beyond this many, the oldest messages leave the page; they stay in the transcript. */
const SHOWN_MAX = 2_000;

export class View {
  private readonly log: HTMLElement;
  private readonly pending = new Map<string, HTMLElement>();
  private readonly streams = new Map<string, Stream>();
  private readonly cards = new Map<string, HTMLElement>();
  private working: HTMLElement | null = null;

  constructor(
    log: HTMLElement,
    private readonly deciding: Deciding,
  ) {
    this.log = log;
  }

  clear(): void {
    this.log.replaceChildren();
    this.pending.clear();
    this.streams.clear();
    this.cards.clear();
    this.working = null;
  }

  /** A message that is on its way. */
  sending(message: Outgoing, files: Uploaded[]): void {
    const node = this.bubble("user", "You");
    node.classList.add("pending");
    node.append(element("p", message.text, "plain"), attachments(files), element("p", "Sending", "note"));
    this.pending.set(message.id, node);
    this.add(node, true);
  }

  acked(id: string): void {
    const node = this.pending.get(id);
    node?.classList.remove("pending");
    node?.querySelector(".note")?.remove();
    this.works(true);
  }

  /** A message that will not be taken. */
  refused(id: string, why: string): void {
    const node = this.pending.get(id);
    const note = node?.querySelector(".note");
    if (!node || !note) return;
    node.classList.add("failed");
    note.textContent = `Not sent: ${why}`;
    note.setAttribute("role", "alert");
  }

  event(event: NumberedEvent): void {
    if (event.task && event.kind !== "status" && event.kind !== "approval") this.endStream(event.task);
    switch (event.kind) {
      case "user":
        this.user(event);
        break;
      case "assistant":
        this.works(false);
        this.add(this.answer(event), false);
        break;
      case "approval":
        this.works(false);
        this.card(event);
        break;
      case "error":
        this.works(false);
        this.add(this.failure(event), false);
        break;
      default:
        this.status(event);
    }
  }

  delta(delta: Delta): void {
    let stream = this.streams.get(delta.task);
    if (!stream) {
      const node = this.bubble("assistant", "Answer");
      const text = element("div", undefined, "text");
      node.setAttribute("aria-busy", "true");
      // What grows is not read aloud piece by piece: the whole answer is, once it is there.
      node.setAttribute("aria-live", "off");
      node.append(text);
      stream = { node, text, step: delta.step, have: 0, written: "", due: 0 };
      this.streams.set(delta.task, stream);
      this.works(false);
      this.add(node, false);
    }
    if (delta.step !== stream.step) Object.assign(stream, { step: delta.step, have: 0, written: "" });
    const characters = [...delta.text];
    const offset = delta.offset ?? stream.have;
    if (offset > stream.have) stream.written += "\u2026 ";
    const fresh = characters.slice(Math.max(0, stream.have - offset));
    if (fresh.length === 0) return;
    stream.have = offset + characters.length;
    stream.written += fresh.join("");
    this.paint(stream);
  }

  /** Where a question stands. */
  decided(approval: string, status: string): void {
    const card = this.cards.get(approval);
    if (!card) return;
    card.dataset["status"] = status;
    const shown = card.querySelector(".status");
    if (shown) shown.textContent = words(status);
    if (status !== "pending") card.querySelector(".answers")?.remove();
  }

  /** Why a decision was not taken. */
  undecided(approval: string, why: string): void {
    const card = this.cards.get(approval);
    const shown = card?.querySelector(".status");
    if (shown) shown.textContent = why;
    card?.querySelectorAll("button").forEach((button) => (button.disabled = false));
  }

  /** Questions change with who looks at them. */
  signedIn(): void {
    for (const card of this.cards.values()) this.answers(card);
  }

  private user(event: NumberedEvent): void {
    const own = event.body.id ? this.pending.get(event.body.id) : undefined;
    if (event.body.id) this.pending.delete(event.body.id);
    const node = this.bubble("user", "You", event.at);
    node.append(element("p", event.body.text ?? "", "plain"), attachments(event.body.attachments ?? []));
    node.dataset["no"] = String(event.no);
    own?.remove();
    this.add(node, own !== undefined);
    this.works(true);
  }

  private answer(event: NumberedEvent): HTMLElement {
    const node = this.bubble("assistant", "Answer", event.at);
    node.dataset["no"] = String(event.no);
    const large = event.body.too_large;
    const text = element("div", undefined, "text");
    if (large) text.append(element("p", `This answer is too long to show (${size(large.size_bytes)}).`));
    else text.append(render(event.body.text ?? ""));
    node.append(text, attachments(event.body.attachments ?? []));
    return node;
  }

  private failure(event: NumberedEvent): HTMLElement {
    const node = this.bubble("error", "Failed", event.at);
    node.dataset["no"] = String(event.no);
    node.append(element("p", event.body.reason ?? event.body.text ?? "This went wrong.", "plain"));
    return node;
  }

  private status(event: NumberedEvent): void {
    const { tool, state, text } = event.body;
    if (!text && !state) return;
    const node = element("p", text ?? `${tool ?? "Step"}: ${state}`, "step");
    node.dataset["no"] = String(event.no);
    this.add(node, false);
  }

  private card(event: NumberedEvent): void {
    const { approval = "", reason, roles, choices } = event.body;
    const card = element("section", undefined, "card");
    const title = element("h2", question(event.body));
    title.id = `card-${event.no}`;
    card.dataset["no"] = String(event.no);
    card.dataset["approval"] = approval;
    card.dataset["status"] = "pending";
    card.setAttribute("role", "group");
    card.setAttribute("aria-labelledby", title.id);
    card.append(title);
    if (reason) card.append(element("p", reason, "plain"));
    if (event.body.arguments !== undefined) {
      const code = element("pre", exact(event.body.arguments), "arguments");
      code.tabIndex = 0;
      code.setAttribute("aria-label", "Exact arguments");
      card.append(element("h3", "Exact arguments"), code);
    }
    if (choices?.length) card.append(element("p", `An operator says what becomes of it: ${choices.join(", ")}.`, "note"));
    if (roles?.length) card.append(element("p", `Needs: ${roles.join(", ")}`, "note"));
    card.append(element("p", words("pending"), "status"));
    if (approval) {
      this.cards.set(approval, card);
      this.answers(card);
    }
    this.add(card, false);
  }

  /** The buttons of a question that waits. */
  private answers(card: HTMLElement): void {
    card.querySelector(".answers")?.remove();
    const { approval = "", status } = card.dataset;
    if (status !== "pending") return;
    const row = element("div", undefined, "answers");
    if (!this.deciding.signedIn()) {
      const enter = button("Sign in to decide");
      enter.onclick = () => this.deciding.signIn();
      row.append(enter);
      card.append(row);
      return;
    }
    const why = element("input") as HTMLInputElement;
    why.type = "text";
    why.maxLength = 500;
    why.placeholder = "Reason (optional)";
    why.setAttribute("aria-label", "Reason");
    const deny = button("Deny");
    const approve = button("Approve", "first");
    const answer = (decision: "approve" | "deny") => () => {
      deny.disabled = approve.disabled = true;
      this.deciding.decide(approval, decision, why.value);
    };
    deny.onclick = answer("deny");
    approve.onclick = answer("approve");
    row.append(why, deny, approve);
    card.append(row);
  }

  /** Shows that the agent works, or not any more. */
  private works(yes: boolean): void {
    this.working?.remove();
    this.working = null;
    if (!yes || this.streams.size > 0) return;
    this.working = element("p", "Working", "working");
    this.working.setAttribute("aria-live", "off");
    this.add(this.working, false);
  }

  private endStream(task: string): void {
    const stream = this.streams.get(task);
    if (!stream) return;
    cancelAnimationFrame(stream.due);
    stream.node.remove();
    this.streams.delete(task);
  }

  /** Once a frame: a long answer is not laid out for each of its pieces. */
  private paint(stream: Stream): void {
    if (stream.due) return;
    stream.due = requestAnimationFrame(() => {
      stream.due = 0;
      this.keepEnd(() => stream.text.replaceChildren(render(stream.written)));
    });
  }

  private bubble(kind: string, who: string, at?: string): HTMLElement {
    const node = element("article", undefined, kind);
    const head = element("p", undefined, "who");
    head.append(element("span", who));
    if (at) {
      const time = element("time", new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
      time.setAttribute("datetime", at);
      head.append(time);
    }
    node.append(head);
    return node;
  }

  private add(node: HTMLElement, follow: boolean): void {
    this.keepEnd(() => {
      // What has no number yet stays below what has: numbers are the order.
      const below = node.classList.contains("pending") ? null : this.log.querySelector(":scope > .pending");
      this.log.insertBefore(node, below);
      if (this.working && node !== this.working) this.log.append(this.working);
      while (this.log.childElementCount > SHOWN_MAX) this.log.firstElementChild?.remove();
    }, follow);
  }

  /** Whoever looks at the end goes on looking at it; whoever reads above is left there. */
  private keepEnd(change: () => void, follow = false): void {
    const { log } = this;
    const atEnd = follow || log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    change();
    if (atEnd) log.scrollTop = log.scrollHeight;
  }
}

/** What people are asked: whether something may be done, or whether it was. */
function question({ ask, what, step, tool }: Body): string {
  if (ask === "effect") return `Did ${what ?? `step ${step ?? 0}`} happen? Nobody knows.`;
  if (ask === "attempts") return `Step ${step ?? 0} was tried too often. Go on?`;
  return tool ? `May it use ${tool}?` : "May it go on?";
}

function attachments(files: Attachment[]): HTMLElement {
  const list = element("ul", undefined, "attachments");
  list.hidden = files.length === 0;
  for (const file of files) list.append(element("li", `${file.name} (${size(file.size_bytes)})`));
  return list;
}

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.round(bytes / 1024)} KB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function button(text: string, name?: string): HTMLButtonElement {
  const node = element("button", text, name) as HTMLButtonElement;
  node.type = "button";
  return node;
}

function words(status: string): string {
  const known: Record<string, string> = {
    pending: "Waits for an answer",
    approved: "Approved",
    used: "Approved and done",
    denied: "Denied",
    cancelled: "Withdrawn",
    revoked: "Taken back",
    expired: "Nobody answered in time",
  };
  return known[status] ?? status;
}
