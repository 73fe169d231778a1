// src/api.ts
var Refused = class extends Error {
  constructor(told) {
    super(told.message);
    this.told = told;
  }
  told;
}, KEPT = "orchestack-conversation", Api = class {
  constructor(agent, bearer) {
    this.agent = agent;
    this.bearer = bearer;
    bearer && (this.token = kept(agent));
  }
  agent;
  bearer;
  /** The conversation's token, where there is no cookie. */
  token = null;
  /** Who is signed in, sealed, where there is no cookie. It is not kept. */
  person = null;
  headers() {
    let headers = {};
    return this.token && (headers.authorization = `Bearer ${this.token}`), this.person && (headers["x-orchestack-person"] = this.person), headers;
  }
  me() {
    return this.ask("GET", "/api/me");
  }
  async begin(anew) {
    if (this.bearer && this.token && !anew) return { agent: this.agent ?? "", person: null };
    let asked = { agent: this.agent, bearer: this.bearer, new: anew }, made = await this.ask(
      "POST",
      "/api/conversation",
      asked
    );
    return made.token && (this.token = made.token, keep(this.agent, made.token)), made;
  }
  async signIn(token) {
    let asked = { token, bearer: this.bearer }, made = await this.ask("POST", "/api/sign-in", asked);
    return this.person = made.sealed, made.person;
  }
  async signOut() {
    this.person = null, await this.ask("POST", "/api/sign-out");
  }
  /** A code for whoever is signed in, and how long it can be said. */
  pair() {
    return this.ask("POST", "/api/pairing");
  }
  async upload(file) {
    let query2 = new URLSearchParams({ name: file.name || "file" });
    this.agent && query2.set("agent", this.agent);
    let answer = await fetch(`/api/attachments?${query2}`, {
      method: "POST",
      headers: { ...this.headers(), "content-type": "application/octet-stream" },
      body: file
    });
    return read(answer);
  }
  async ask(method, path, body) {
    let headers = this.headers(), init = { method, headers };
    return body !== void 0 && (headers["content-type"] = "application/json", init.body = JSON.stringify(body)), read(await fetch(path, init));
  }
};
async function read(answer) {
  if (answer.ok) return answer.status === 204 ? void 0 : answer.json();
  let none = { code: "failed", message: `the server answered ${answer.status}`, fix: "try again" }, told = await answer.json().then(
    (body) => body.error ?? none,
    () => none
  );
  throw new Refused(told);
}
function kept(agent) {
  try {
    return localStorage.getItem(`${KEPT}:${agent ?? ""}`);
  } catch {
    return null;
  }
}
function keep(agent, token) {
  try {
    localStorage.setItem(`${KEPT}:${agent ?? ""}`, token);
  } catch {
  }
}

// src/connection.ts
var WAIT_MS = 500, WAIT_MAX_MS = 15e3, AWAY_MS = 2e3, SILENCE_MAX_MS = 45e3, SOCKETS_TRIED = 2, Connection = class {
  constructor(api2, listener) {
    this.api = api2;
    this.listener = listener;
    addEventListener("online", () => this.now()), document.addEventListener("visibilitychange", () => {
      document.hidden || this.now();
    });
  }
  api;
  listener;
  after = 0;
  socket = null;
  stream = null;
  unsent = /* @__PURE__ */ new Map();
  failures = 0;
  socketFailures = 0;
  retry;
  silence;
  stopped = !1;
  ready = !1;
  open() {
    this.stopped = !1, this.connect();
  }
  /** Ends the connection and forgets where it was: another conversation comes. */
  reset() {
    this.close(), this.after = 0, this.unsent.clear(), this.failures = 0;
  }
  send(message) {
    this.unsent.set(message.id, message), this.flush(message);
  }
  /** Says nothing more of a message that the server refused. */
  drop(id) {
    this.unsent.delete(id);
  }
  async decide(approval, decision, reason) {
    let asked = { approval, decision, reason };
    if (this.socket && this.ready) {
      this.socket.send(JSON.stringify({ type: "decide", ...asked }));
      return;
    }
    try {
      let told = await this.api.ask("POST", "/api/decisions", asked);
      this.listener.frame({ type: "decided", approval, status: told.status });
    } catch (error) {
      this.failed(error, approval);
    }
  }
  now() {
    this.retry === void 0 || this.stopped || this.connect();
  }
  connect() {
    clearTimeout(this.retry), this.retry = void 0, this.listener.state("connecting"), this.socketFailures >= SOCKETS_TRIED || typeof WebSocket > "u" ? this.follow() : this.dial();
  }
  dial() {
    let scheme = location.protocol === "https:" ? "wss" : "ws", socket = new WebSocket(`${scheme}://${location.host}/api/socket`);
    this.socket = socket, socket.onopen = () => {
      let { token, person: person2, agent } = this.api;
      socket.send(JSON.stringify({ type: "hello", token, person: person2, agent, after: this.after })), this.heard();
    }, socket.onmessage = (message) => {
      socket === this.socket && (this.heard(), this.take(JSON.parse(String(message.data))));
    }, socket.onclose = () => {
      socket === this.socket && (this.ready || (this.socketFailures += 1), this.lost());
    };
  }
  async follow() {
    let stream = new AbortController();
    this.stream = stream;
    try {
      let query2 = new URLSearchParams({ after: String(this.after) });
      this.api.agent && query2.set("agent", this.api.agent);
      let answer = await fetch(`/api/events?${query2}`, {
        headers: this.api.headers(),
        signal: stream.signal
      });
      if (!answer.ok || !answer.body) {
        let told = await answer.json();
        throw new Refused(told.error);
      }
      this.heard(), this.opened(), await this.lines(answer.body);
    } catch (error) {
      if (stream.signal.aborted) return;
      error instanceof Refused && this.failed(error);
    }
    stream === this.stream && (this.ready && (this.socketFailures = 0), this.lost());
  }
  async lines(body) {
    let reader = body.pipeThrough(new TextDecoderStream()).getReader(), rest = "";
    for (; ; ) {
      let { done, value } = await reader.read();
      if (done) return;
      this.heard();
      let lines = (rest + value).split(`
`);
      rest = lines.pop() ?? "";
      for (let line of lines)
        line.startsWith("data: ") && this.take(JSON.parse(line.slice(6)));
    }
  }
  take(frame) {
    switch (frame.type) {
      case "ready":
        this.opened();
        break;
      case "event":
        if (frame.no <= this.after) return;
        this.after = frame.no, frame.body.id && this.unsent.delete(frame.body.id);
        break;
      case "ack":
        this.unsent.delete(frame.id);
        break;
      case "error":
        if (this.again(frame)) return;
        !frame.about && !this.ready && this.stop();
        break;
      default:
        break;
    }
    this.listener.frame(frame);
  }
  /** Sends a message again that was refused for the moment only. */
  again(frame) {
    let message = frame.about && this.unsent.get(frame.about), away = frame.code === "dependency_unavailable" ? AWAY_MS : void 0, wait = frame.retry_after_ms ?? away;
    return !message || wait === void 0 ? !1 : (setTimeout(() => this.flush(message), wait + 100), !0);
  }
  opened() {
    this.ready = !0, this.failures = 0, this.listener.state("open");
    for (let message of this.unsent.values()) this.flush(message);
  }
  flush(message) {
    !this.ready || !this.unsent.has(message.id) || (this.socket ? this.socket.send(JSON.stringify({ type: "message", ...message })) : this.post(message));
  }
  async post(message) {
    try {
      let asked = { ...message, agent: this.api.agent }, kept2 = await this.api.ask("POST", "/api/messages", asked);
      this.take({ type: "ack", id: message.id, ...kept2 });
    } catch (error) {
      this.failed(error, message.id);
    }
  }
  failed(error, about) {
    if (!(error instanceof Refused)) {
      this.lost();
      return;
    }
    this.take(about ? { type: "error", about, ...error.told } : { type: "error", ...error.told });
  }
  heard() {
    clearTimeout(this.silence), this.silence = setTimeout(() => this.lost(), SILENCE_MAX_MS);
  }
  stop() {
    this.stopped = !0, this.close(), this.listener.state("refused");
  }
  close() {
    clearTimeout(this.silence), clearTimeout(this.retry), this.retry = void 0;
    let { socket, stream } = this;
    this.socket = null, this.stream = null, this.ready = !1, socket?.close(), stream?.abort();
  }
  lost() {
    if (this.close(), this.stopped) return;
    let most = Math.min(WAIT_MS * 2 ** this.failures, WAIT_MAX_MS);
    this.failures += 1, this.listener.state("waiting"), this.retry = setTimeout(() => this.connect(), most * (0.5 + Math.random() / 2));
  }
};

// src/dom.ts
function find(id) {
  let node = document.getElementById(id);
  if (!node) throw new Error(`the page has no ${id}`);
  return node;
}

// src/markdown.ts
var INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|\[([^\]\n]{1,300})\]\((https?:\/\/[^\s()<>"]{1,2000})\)|(https?:\/\/[^\s()<>"'`]{0,2000}[^\s()<>"'`.,;:!?])/g;
function render(text2) {
  let out = document.createDocumentFragment();
  if (text2.length > 2e5)
    return out.append(element("pre", text2)), out;
  let lines = text2.split(`
`);
  for (let at = 0; at < lines.length; ) at = block(lines, at, out);
  return out;
}
function block(lines, at, out) {
  let line = lines[at] ?? "";
  if (line.trim() === "") return at + 1;
  if (line.startsWith("```")) {
    let end = at + 1;
    for (; end < lines.length && !lines[end]?.startsWith("```"); ) end += 1;
    let code = element("pre");
    return code.append(element("code", lines.slice(at + 1, end).join(`
`))), code.tabIndex = 0, out.append(code), end + 1;
  }
  let heading = /^(#{1,4}) (.*)$/.exec(line);
  if (heading)
    return out.append(inline(element(`h${Math.min((heading[1] ?? "").length + 2, 6)}`), heading[2] ?? "")), at + 1;
  let marker = item(line);
  if (marker) return list(lines, at, marker, out);
  let taken = [];
  for (; at < lines.length && starts(lines[at] ?? "", taken.length); )
    taken.push(lines[at] ?? ""), at += 1;
  let paragraph = element("p");
  return taken.forEach((part, n) => {
    n > 0 && paragraph.append(element("br")), inline(paragraph, part);
  }), out.append(paragraph), at;
}
function starts(line, taken) {
  return taken === 0 || line.trim() !== "" && !line.startsWith("```") && !/^#{1,4} /.test(line) && !item(line);
}
function item(line) {
  let found = /^\s{0,6}(?:([-*])|(\d{1,9})[.)])\s+(.*)$/.exec(line);
  return found ? { tag: found[1] ? "ul" : "ol", text: found[3] ?? "" } : null;
}
function list(lines, at, first, out) {
  let node = element(first.tag);
  for (; at < lines.length; at += 1) {
    let next = item(lines[at] ?? "");
    if (!next || next.tag !== first.tag) break;
    node.append(inline(element("li"), next.text));
  }
  return out.append(node), at;
}
function inline(into, text2) {
  let end = 0;
  for (let found of text2.matchAll(INLINE)) {
    into.append(text2.slice(end, found.index)), end = found.index + found[0].length;
    let [, code, strong, emphasis, label, url, bare] = found;
    code ? into.append(element("code", code)) : strong ? into.append(element("strong", strong)) : emphasis ? into.append(element("em", emphasis)) : url ? link(into, label ?? url, url) : bare && link(into, bare, bare);
  }
  return into.append(text2.slice(end)), into;
}
function link(into, label, url) {
  let parsed;
  try {
    parsed = new URL(url);
  } catch {
    into.append(label);
    return;
  }
  let node = element("a", label);
  node.href = parsed.href, node.rel = "noopener noreferrer nofollow", node.target = "_blank", node.title = parsed.href, into.append(node), label !== url && into.append(element("span", ` (${parsed.host})`, "host"));
}
function element(tag, text2, name) {
  let node = document.createElement(tag);
  return text2 !== void 0 && (node.textContent = text2), name && (node.className = name), node;
}
var HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;
function exact(value) {
  return (JSON.stringify(value, null, 2) ?? "null").replace(HIDDEN, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

// src/pairing.ts
var TICK_MS = 1e3, SOON = 60, Pairing = class {
  constructor(api2, entry) {
    this.api = api2;
    this.entry = entry;
    this.button.addEventListener("click", () => {
      this.dialog.showModal(), this.ask();
    }), this.code.addEventListener("focus", () => this.code.select()), this.copy.addEventListener("click", () => {
      this.take();
    }), this.again.addEventListener("click", () => this.next()), this.away.addEventListener("click", () => this.dialog.close()), this.dialog.addEventListener("close", () => this.closed());
  }
  api;
  entry;
  button = find("pair");
  dialog = find("pairing");
  title = find("pairing-title");
  offer = find("pairing-offer");
  how = find("pairing-how");
  code = find("pairing-code");
  left = find("pairing-left");
  told = find("pairing-told");
  away = find("pairing-close");
  copy = find("pairing-copy");
  again = find("pairing-again");
  person = null;
  /** An answer to an earlier question is for nobody. */
  turn = 0;
  until = 0;
  warned = !1;
  clock;
  next = () => {
  };
  /** Who is signed in. A code is that person's alone. */
  signedIn(name) {
    let same = name === this.person;
    this.person = name, this.button.hidden = name === null, !(same || !this.dialog.open) && (name === null ? this.out() : this.dialog.close());
  }
  async ask() {
    this.say("Asking for a code");
    let turn = this.turn, asked = Date.now();
    try {
      let { code, seconds } = await this.api.pair();
      turn === this.turn && this.show(code, seconds, asked);
    } catch (error) {
      turn === this.turn && this.failed(error);
    }
  }
  show(code, seconds, asked) {
    this.until = asked + seconds * 1e3, this.warned = !1, this.code.value = code, this.how.textContent = `Within ${counted(Math.floor(seconds / 60), "minute")}, send this code to an agent from your account on another service, and to nobody else: the account that sends it counts as you.`, this.told.textContent = "", this.offer.hidden = this.copy.hidden = !1, this.clock = setInterval(() => this.tick(), TICK_MS), this.tick(), this.lead(this.code);
  }
  tick() {
    let left = Math.ceil((this.until - Date.now()) / 1e3);
    if (left <= 0) {
      this.say("This code has expired.", "New code", () => {
        this.ask();
      });
      return;
    }
    this.left.textContent = `Valid for ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`, left < SOON && !this.warned && (this.warned = !0, this.told.textContent = "Less than a minute is left.");
  }
  failed(error) {
    let again = (why) => this.say(why, "Try again", () => {
      this.ask();
    });
    if (!(error instanceof Refused)) {
      again("The server cannot be reached.");
      return;
    }
    let { code, message, fix, retry_after_ms } = error.told;
    switch (code) {
      case "sign_in":
      case "unauthenticated":
        this.entry.left(), this.out();
        break;
      case "rate_limited":
        again(`That was too fast; try again in ${counted(Math.ceil((retry_after_ms ?? 6e4) / 1e3), "second")}.`);
        break;
      case "dependency_unavailable":
        again("The server cannot make a code now; try again in a minute.");
        break;
      default:
        again(`${message}; ${fix}`);
    }
  }
  out() {
    this.say("You are not signed in any more.", "Sign in", () => {
      this.dialog.close(), find("sign").focus(), this.entry.enter();
    });
  }
  /** Shows a sentence in the place of a code, with the button that leads on. */
  say(told, label = "", next = () => {
  }) {
    this.forget(), this.next = next, this.told.textContent = told, this.again.textContent = label, this.again.hidden = label === "", this.lead(label ? this.again : this.title);
  }
  async take() {
    let turn = this.turn;
    this.told.textContent = "";
    let done = await copied(this.code);
    turn === this.turn && (this.told.textContent = done ? "Copied." : "This browser copies nothing for the page; the code is selected.", (done ? this.copy : this.code).focus());
  }
  closed() {
    this.dialog.open || (this.forget(), this.told.textContent = "", this.button.hidden && find("sign").focus());
  }
  /** Leaves nothing of a code, and nothing that waits. */
  forget() {
    this.turn += 1, clearInterval(this.clock), this.code.value = "", this.offer.hidden = this.copy.hidden = this.again.hidden = !0;
  }
  /** Moves the keyboard to what is there now, except from the button that stays. */
  lead(to) {
    document.activeElement !== this.away && to.focus();
  }
};
async function copied(field) {
  try {
    return await navigator.clipboard.writeText(field.value), !0;
  } catch {
    return field.focus(), field.select(), document.execCommand("copy");
  }
}
function counted(count, unit) {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

// src/view.ts
var SHOWN_MAX = 2e3, View = class {
  constructor(log, deciding) {
    this.deciding = deciding;
    this.log = log;
  }
  deciding;
  log;
  pending = /* @__PURE__ */ new Map();
  streams = /* @__PURE__ */ new Map();
  cards = /* @__PURE__ */ new Map();
  working = null;
  clear() {
    this.log.replaceChildren(), this.pending.clear(), this.streams.clear(), this.cards.clear(), this.working = null;
  }
  /** A message that is on its way. */
  sending(message, files2) {
    let node = this.bubble("user", "You");
    node.classList.add("pending"), node.append(element("p", message.text, "plain"), attachments(files2), element("p", "Sending", "note")), this.pending.set(message.id, node), this.add(node, !0);
  }
  acked(id) {
    let node = this.pending.get(id);
    node?.classList.remove("pending"), node?.querySelector(".note")?.remove(), this.works(!0);
  }
  /** A message that will not be taken. */
  refused(id, why) {
    let node = this.pending.get(id), note = node?.querySelector(".note");
    !node || !note || (node.classList.add("failed"), note.textContent = `Not sent: ${why}`, note.setAttribute("role", "alert"));
  }
  event(event) {
    switch (event.task && event.kind !== "status" && event.kind !== "approval" && this.endStream(event.task), event.kind) {
      case "user":
        this.user(event);
        break;
      case "assistant":
        this.works(!1), this.add(this.answer(event), !1);
        break;
      case "approval":
        this.works(!1), this.card(event);
        break;
      case "error":
        this.works(!1), this.add(this.failure(event), !1);
        break;
      default:
        this.status(event);
    }
  }
  delta(delta) {
    let stream = this.streams.get(delta.task);
    if (!stream) {
      let node = this.bubble("assistant", "Answer"), text2 = element("div", void 0, "text");
      node.setAttribute("aria-busy", "true"), node.setAttribute("aria-live", "off"), node.append(text2), stream = { node, text: text2, step: delta.step, have: 0, written: "", due: 0 }, this.streams.set(delta.task, stream), this.works(!1), this.add(node, !1);
    }
    delta.step !== stream.step && Object.assign(stream, { step: delta.step, have: 0, written: "" });
    let characters = [...delta.text], offset = delta.offset ?? stream.have;
    offset > stream.have && (stream.written += "… ");
    let fresh = characters.slice(Math.max(0, stream.have - offset));
    fresh.length !== 0 && (stream.have = offset + characters.length, stream.written += fresh.join(""), this.paint(stream));
  }
  /** Where a question stands. */
  decided(approval, status) {
    let card = this.cards.get(approval);
    if (!card) return;
    card.dataset.status = status;
    let shown = card.querySelector(".status");
    shown && (shown.textContent = words(status)), status !== "pending" && card.querySelector(".answers")?.remove();
  }
  /** Why a decision was not taken. */
  undecided(approval, why) {
    let card = this.cards.get(approval), shown = card?.querySelector(".status");
    shown && (shown.textContent = why), card?.querySelectorAll("button").forEach((button2) => button2.disabled = !1);
  }
  /** Questions change with who looks at them. */
  signedIn() {
    for (let card of this.cards.values()) this.answers(card);
  }
  user(event) {
    let own = event.body.id ? this.pending.get(event.body.id) : void 0;
    event.body.id && this.pending.delete(event.body.id);
    let node = this.bubble("user", "You", event.at);
    node.append(element("p", event.body.text ?? "", "plain"), attachments(event.body.attachments ?? [])), node.dataset.no = String(event.no), own?.remove(), this.add(node, own !== void 0), this.works(!0);
  }
  answer(event) {
    let node = this.bubble("assistant", "Answer", event.at);
    node.dataset.no = String(event.no);
    let large = event.body.too_large, text2 = element("div", void 0, "text");
    return large ? text2.append(element("p", `This answer is too long to show (${size(large.size_bytes)}).`)) : text2.append(render(event.body.text ?? "")), node.append(text2, attachments(event.body.attachments ?? [])), node;
  }
  failure(event) {
    let node = this.bubble("error", "Failed", event.at);
    return node.dataset.no = String(event.no), node.append(element("p", event.body.reason ?? event.body.text ?? "This went wrong.", "plain")), node;
  }
  status(event) {
    let { tool, state, text: text2 } = event.body;
    if (!text2 && !state) return;
    let node = element("p", text2 ?? `${tool ?? "Step"}: ${state}`, "step");
    node.dataset.no = String(event.no), this.add(node, !1);
  }
  card(event) {
    let { approval = "", reason, roles, choices } = event.body, card = element("section", void 0, "card"), title2 = element("h2", question(event.body));
    if (title2.id = `card-${event.no}`, card.dataset.no = String(event.no), card.dataset.approval = approval, card.dataset.status = "pending", card.setAttribute("role", "group"), card.setAttribute("aria-labelledby", title2.id), card.append(title2), reason && card.append(element("p", reason, "plain")), event.body.arguments !== void 0) {
      let code = element("pre", exact(event.body.arguments), "arguments");
      code.tabIndex = 0, code.setAttribute("aria-label", "Exact arguments"), card.append(element("h3", "Exact arguments"), code);
    }
    choices?.length && card.append(element("p", `An operator says what becomes of it: ${choices.join(", ")}.`, "note")), roles?.length && card.append(element("p", `Needs: ${roles.join(", ")}`, "note")), card.append(element("p", words("pending"), "status")), approval && (this.cards.set(approval, card), this.answers(card)), this.add(card, !1);
  }
  /** The buttons of a question that waits. */
  answers(card) {
    card.querySelector(".answers")?.remove();
    let { approval = "", status } = card.dataset;
    if (status !== "pending") return;
    let row = element("div", void 0, "answers");
    if (!this.deciding.signedIn()) {
      let enter2 = button("Sign in to decide");
      enter2.onclick = () => this.deciding.signIn(), row.append(enter2), card.append(row);
      return;
    }
    let why = element("input");
    why.type = "text", why.maxLength = 500, why.placeholder = "Reason (optional)", why.setAttribute("aria-label", "Reason");
    let deny = button("Deny"), approve = button("Approve", "first"), answer = (decision) => () => {
      deny.disabled = approve.disabled = !0, this.deciding.decide(approval, decision, why.value);
    };
    deny.onclick = answer("deny"), approve.onclick = answer("approve"), row.append(why, deny, approve), card.append(row);
  }
  /** Shows that the agent works, or not any more. */
  works(yes) {
    this.working?.remove(), this.working = null, !(!yes || this.streams.size > 0) && (this.working = element("p", "Working", "working"), this.working.setAttribute("aria-live", "off"), this.add(this.working, !1));
  }
  endStream(task) {
    let stream = this.streams.get(task);
    stream && (cancelAnimationFrame(stream.due), stream.node.remove(), this.streams.delete(task));
  }
  /** Once a frame: a long answer is not laid out for each of its pieces. */
  paint(stream) {
    stream.due || (stream.due = requestAnimationFrame(() => {
      stream.due = 0, this.keepEnd(() => stream.text.replaceChildren(render(stream.written)));
    }));
  }
  bubble(kind, who, at) {
    let node = element("article", void 0, kind), head = element("p", void 0, "who");
    if (head.append(element("span", who)), at) {
      let time = element("time", new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
      time.setAttribute("datetime", at), head.append(time);
    }
    return node.append(head), node;
  }
  add(node, follow) {
    this.keepEnd(() => {
      let below = node.classList.contains("pending") ? null : this.log.querySelector(":scope > .pending");
      for (this.log.insertBefore(node, below), this.working && node !== this.working && this.log.append(this.working); this.log.childElementCount > SHOWN_MAX; ) this.log.firstElementChild?.remove();
    }, follow);
  }
  /** Whoever looks at the end goes on looking at it; whoever reads above is left there. */
  keepEnd(change, follow = !1) {
    let { log } = this, atEnd = follow || log.scrollHeight - log.scrollTop - log.clientHeight < 80;
    change(), atEnd && (log.scrollTop = log.scrollHeight);
  }
};
function question({ ask, what, step, tool }) {
  return ask === "effect" ? `Did ${what ?? `step ${step ?? 0}`} happen? Nobody knows.` : ask === "attempts" ? `Step ${step ?? 0} was tried too often. Go on?` : tool ? `May it use ${tool}?` : "May it go on?";
}
function attachments(files2) {
  let list2 = element("ul", void 0, "attachments");
  list2.hidden = files2.length === 0;
  for (let file of files2) list2.append(element("li", `${file.name} (${size(file.size_bytes)})`));
  return list2;
}
function size(bytes) {
  return bytes < 1024 ? `${bytes} B` : bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}
function button(text2, name) {
  let node = element("button", text2, name);
  return node.type = "button", node;
}
function words(status) {
  return {
    pending: "Waits for an answer",
    approved: "Approved",
    used: "Approved and done",
    denied: "Denied",
    cancelled: "Withdrawn",
    revoked: "Taken back",
    expired: "Nobody answered in time"
  }[status] ?? status;
}

// src/page.ts
var FILES_MAX = 10, embedded = location.pathname === "/embed", query = new URLSearchParams(location.search), api = new Api(query.get("agent"), embedded), text = find("text"), door = find("door"), notice = find("notice"), files = [], me = null, person = null, view = new View(find("log"), {
  signedIn: () => person !== null,
  signIn: () => enter(),
  decide: (approval, decision, reason) => {
    connection.decide(approval, decision, reason);
  }
}), pairing = new Pairing(api, {
  enter: () => enter(),
  left: () => known(null)
}), connection = new Connection(api, {
  state: (state) => showState(state),
  frame: (frame) => take(frame)
});
function take(frame) {
  switch (frame.type) {
    case "ready":
      title(frame.agent), known(frame.person);
      break;
    case "event":
      view.event(frame);
      break;
    case "delta":
      view.delta(frame);
      break;
    case "ack":
      view.acked(frame.id);
      break;
    case "decided":
    case "approval":
      view.decided(frame.approval, frame.status);
      break;
    case "error":
      failed(frame.about, `${frame.message}; ${frame.fix}`, frame.code);
      break;
    default:
      break;
  }
}
function failed(about, why, code) {
  about?.startsWith("apr_") ? view.undecided(about, why) : about ? (connection.drop(about), view.refused(about, why)) : (tell(why), (code === "sign_in" || code === "not_yours") && enter());
}
function showState(state) {
  let words2 = {
    connecting: "Connecting",
    open: "Connected",
    waiting: "No connection, trying again",
    refused: "Not connected"
  }, shown = find("state");
  shown.textContent = words2[state], shown.dataset.state = state, state === "open" && tell(null);
}
function tell(why) {
  notice.hidden = why === null, notice.textContent = why ?? "";
}
function title(agent) {
  find("agent").textContent = agent, document.title = `Chat with ${agent}`;
}
function known(name) {
  person = name, find("sign").textContent = name ? `Sign out ${name}` : "Sign in", view.signedIn(), pairing.signedIn(embedded || !me?.pairing ? null : name);
}
async function begin(anew) {
  connection.reset(), view.clear();
  try {
    me = await api.me(), known(me.person);
    let made = await api.begin(anew);
    made.agent && title(made.agent), connection.open();
  } catch (error) {
    if (showState("refused"), !(error instanceof Refused)) {
      tell("The server cannot be reached; this page tries again."), setTimeout(() => {
        begin(anew);
      }, 3e3);
      return;
    }
    tell(`${error.told.message}; ${error.told.fix}`), error.told.code === "sign_in" && enter();
  }
}
function newId() {
  let bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
function send() {
  let said = text.value;
  if (said.trim() === "" && files.length === 0) return;
  if (me && new TextEncoder().encode(said).length > me.max_message_bytes) {
    tell(`A message has ${size(me.max_message_bytes)} at most.`);
    return;
  }
  tell(null);
  let message = { id: newId(), text: said, attachments: files.map((file) => file.ticket) };
  view.sending(message, files.slice()), connection.send(message), files.length = 0, showFiles(), text.value = "", grow(), text.focus();
}
async function attach(picked) {
  for (let file of picked) {
    if (files.length >= FILES_MAX) {
      tell(`A message has ${FILES_MAX} attachments at most.`);
      return;
    }
    if (me && file.size > me.max_attachment_bytes) {
      tell(`${file.name} is larger than ${size(me.max_attachment_bytes)}.`);
      continue;
    }
    try {
      files.push(await api.upload(file));
    } catch (error) {
      let why = error instanceof Refused ? error.told.message : "the server cannot be reached";
      tell(`${file.name} was not attached: ${why}`);
    }
    showFiles();
  }
}
function showFiles() {
  let list2 = find("files");
  list2.hidden = files.length === 0, list2.replaceChildren(
    ...files.map((file, n) => {
      let row = element("li", `${file.name} (${size(file.size_bytes)}) `), away = element("button", "Remove");
      return away.type = "button", away.setAttribute("aria-label", `Remove ${file.name}`), away.onclick = () => {
        files.splice(n, 1), showFiles();
      }, row.append(away), row;
    })
  );
}
function enter() {
  door.open || (find("token").value = "", find("door-error").hidden = !0, door.showModal());
}
async function signIn() {
  let token = find("token"), wrong = find("door-error");
  try {
    known(await api.signIn(token.value)), token.value = "", door.close(), await begin(!1);
  } catch (error) {
    wrong.hidden = !1, wrong.textContent = error instanceof Refused ? `${error.told.message}; ${error.told.fix}` : "The server cannot be reached.";
  }
}
async function signOut() {
  await api.signOut().catch(() => {
  }), known(null), await begin(!0);
}
function grow() {
  let lines = Math.min(text.value.split(`
`).length, 8);
  text.rows = Math.max(lines, 1);
}
find("write").addEventListener("submit", (event) => {
  event.preventDefault(), send();
});
text.addEventListener("input", grow);
text.addEventListener("keydown", (event) => {
  event.key === "Enter" && !event.shiftKey && !event.isComposing && (event.preventDefault(), send());
});
text.addEventListener("paste", (event) => {
  let pasted = Array.from(event.clipboardData?.files ?? []);
  pasted.length > 0 && (event.preventDefault(), attach(pasted));
});
var pick = find("pick");
find("attach").addEventListener("click", () => pick.click());
pick.addEventListener("change", () => {
  attach(Array.from(pick.files ?? [])), pick.value = "";
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault(), attach(Array.from(event.dataTransfer?.files ?? []));
});
find("new").addEventListener("click", () => {
  begin(!0);
});
find("sign").addEventListener("click", () => person ? void signOut() : enter());
find("door-cancel").addEventListener("click", () => door.close());
find("door-form").addEventListener("submit", (event) => {
  event.preventDefault(), signIn();
});
document.addEventListener("keydown", (event) => {
  event.key === "Escape" && embedded && !door.open && parent.postMessage({ orchestack: "close" }, "*");
});
document.documentElement.classList.toggle("embedded", embedded);
begin(!1);
