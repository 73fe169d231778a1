// The page: it ties what people do to the connection and what comes of it to the view.

import { Api, Refused, type Me } from "./api";
import { Connection, type State } from "./connection";
import { find } from "./dom";
import { element } from "./markdown";
import { Pairing } from "./pairing";
import type { Frame, Outgoing, Uploaded } from "./protocol";
import { View, size } from "./view";

const FILES_MAX = 10;

const embedded = location.pathname === "/embed";
const query = new URLSearchParams(location.search);
const api = new Api(query.get("agent"), embedded);
const text = find<HTMLTextAreaElement>("text");
const door = find<HTMLDialogElement>("door");
const notice = find("notice");
const files: Uploaded[] = [];
let me: Me | null = null;
let person: string | null = null;

const view = new View(find("log"), {
  signedIn: () => person !== null,
  signIn: () => enter(),
  decide: (approval, decision, reason) => void connection.decide(approval, decision, reason),
});

const pairing = new Pairing(api, {
  enter: () => enter(),
  left: () => known(null),
});

const connection = new Connection(api, {
  state: (state) => showState(state),
  frame: (frame) => take(frame),
});

function take(frame: Frame): void {
  switch (frame.type) {
    case "ready":
      title(frame.agent);
      known(frame.person);
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

function failed(about: string | undefined, why: string, code: string): void {
  if (about?.startsWith("apr_")) {
    view.undecided(about, why);
  } else if (about) {
    connection.drop(about);
    view.refused(about, why);
  } else {
    tell(why);
    if (code === "sign_in" || code === "not_yours") enter();
  }
}

function showState(state: State): void {
  const words: Record<State, string> = {
    connecting: "Connecting",
    open: "Connected",
    waiting: "No connection, trying again",
    refused: "Not connected",
  };
  const shown = find("state");
  shown.textContent = words[state];
  shown.dataset["state"] = state;
  if (state === "open") tell(null);
}

function tell(why: string | null): void {
  notice.hidden = why === null;
  notice.textContent = why ?? "";
}

function title(agent: string): void {
  find("agent").textContent = agent;
  document.title = `Chat with ${agent}`;
}

function known(name: string | null): void {
  person = name;
  find("sign").textContent = name ? `Sign out ${name}` : "Sign in";
  view.signedIn();
  // Within another site's page nobody can see whose page it is that shows a code.
  pairing.signedIn(embedded || !me?.pairing ? null : name);
}

async function begin(anew: boolean): Promise<void> {
  connection.reset();
  view.clear();
  try {
    me = await api.me();
    known(me.person);
    const made = await api.begin(anew);
    if (made.agent) title(made.agent);
    connection.open();
  } catch (error) {
    showState("refused");
    if (!(error instanceof Refused)) {
      tell("The server cannot be reached; this page tries again.");
      setTimeout(() => void begin(anew), 3_000);
      return;
    }
    tell(`${error.told.message}; ${error.told.fix}`);
    if (error.told.code === "sign_in") enter();
  }
}

/** A message id that no other message has; not every page may ask for a UUID. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function send(): void {
  const said = text.value;
  if (said.trim() === "" && files.length === 0) return;
  if (me && new TextEncoder().encode(said).length > me.max_message_bytes) {
    tell(`A message has ${size(me.max_message_bytes)} at most.`);
    return;
  }
  tell(null);
  const message: Outgoing = { id: newId(), text: said, attachments: files.map((file) => file.ticket) };
  view.sending(message, files.slice());
  connection.send(message);
  files.length = 0;
  showFiles();
  text.value = "";
  grow();
  text.focus();
}

async function attach(picked: File[]): Promise<void> {
  for (const file of picked) {
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
      const why = error instanceof Refused ? error.told.message : "the server cannot be reached";
      tell(`${file.name} was not attached: ${why}`);
    }
    showFiles();
  }
}

function showFiles(): void {
  const list = find("files");
  list.hidden = files.length === 0;
  list.replaceChildren(
    ...files.map((file, n) => {
      const row = element("li", `${file.name} (${size(file.size_bytes)}) `);
      const away = element("button", "Remove") as HTMLButtonElement;
      away.type = "button";
      away.setAttribute("aria-label", `Remove ${file.name}`);
      away.onclick = () => {
        files.splice(n, 1);
        showFiles();
      };
      row.append(away);
      return row;
    }),
  );
}

function enter(): void {
  if (door.open) return;
  find<HTMLInputElement>("token").value = "";
  find("door-error").hidden = true;
  door.showModal();
}

async function signIn(): Promise<void> {
  const token = find<HTMLInputElement>("token");
  const wrong = find("door-error");
  try {
    known(await api.signIn(token.value));
    token.value = "";
    door.close();
    await begin(false);
  } catch (error) {
    wrong.hidden = false;
    wrong.textContent =
      error instanceof Refused ? `${error.told.message}; ${error.told.fix}` : "The server cannot be reached.";
  }
}

async function signOut(): Promise<void> {
  await api.signOut().catch(() => undefined);
  known(null);
  await begin(true);
}

/** As high as what is written, to a third of the page. */
function grow(): void {
  const lines = Math.min(text.value.split("\n").length, 8);
  text.rows = Math.max(lines, 1);
}

find<HTMLFormElement>("write").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
text.addEventListener("input", grow);
text.addEventListener("keydown", (event) => {
  // An input method's own Enter chooses a word.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
});
text.addEventListener("paste", (event) => {
  const pasted = Array.from(event.clipboardData?.files ?? []);
  if (pasted.length > 0) {
    event.preventDefault();
    void attach(pasted);
  }
});
const pick = find<HTMLInputElement>("pick");
find("attach").addEventListener("click", () => pick.click());
pick.addEventListener("change", () => {
  void attach(Array.from(pick.files ?? []));
  pick.value = "";
});
document.addEventListener("dragover", (event) => event.preventDefault());
document.addEventListener("drop", (event) => {
  event.preventDefault();
  void attach(Array.from(event.dataTransfer?.files ?? []));
});
find("new").addEventListener("click", () => void begin(true));
find("sign").addEventListener("click", () => (person ? void signOut() : enter()));
find("door-cancel").addEventListener("click", () => door.close());
find<HTMLFormElement>("door-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void signIn();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && embedded && !door.open) parent.postMessage({ orchestack: "close" }, "*");
});
document.documentElement.classList.toggle("embedded", embedded);
void begin(false);
