// The dialog with a pairing code: it is asked for when the dialog opens, counts down, and is gone from the page when
// it expires or the dialog closes.

import { Refused, type Api } from "./api";
import { find } from "./dom";

export interface Entry {
  /** Asks for the token to sign in with. */
  enter(): void;
  /** The server knows of nobody who is signed in. */
  left(): void;
}

const TICK_MS = 1_000;
/** When somebody who does not see the clock is told that it runs out, in seconds. */
const SOON = 60;

export class Pairing {
  private readonly button = find<HTMLButtonElement>("pair");
  private readonly dialog = find<HTMLDialogElement>("pairing");
  private readonly title = find("pairing-title");
  private readonly offer = find("pairing-offer");
  private readonly how = find("pairing-how");
  private readonly code = find<HTMLInputElement>("pairing-code");
  private readonly left = find("pairing-left");
  private readonly told = find("pairing-told");
  private readonly away = find<HTMLButtonElement>("pairing-close");
  private readonly copy = find<HTMLButtonElement>("pairing-copy");
  private readonly again = find<HTMLButtonElement>("pairing-again");
  private person: string | null = null;
  /** An answer to an earlier question is for nobody. */
  private turn = 0;
  private until = 0;
  private warned = false;
  private clock: number | undefined;
  private next: () => void = () => undefined;

  constructor(
    private readonly api: Api,
    private readonly entry: Entry,
  ) {
    this.button.addEventListener("click", () => {
      this.dialog.showModal();
      void this.ask();
    });
    this.code.addEventListener("focus", () => this.code.select());
    this.copy.addEventListener("click", () => void this.take());
    this.again.addEventListener("click", () => this.next());
    this.away.addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => this.closed());
  }

  /** Who is signed in. A code is that person's alone. */
  signedIn(name: string | null): void {
    const same = name === this.person;
    this.person = name;
    this.button.hidden = name === null;
    if (same || !this.dialog.open) return;
    if (name === null) this.out();
    else this.dialog.close();
  }

  private async ask(): Promise<void> {
    this.say("Asking for a code");
    const turn = this.turn;
    // From before the question, so that the page never promises more than the server.
    const asked = Date.now();
    try {
      const { code, seconds } = await this.api.pair();
      if (turn === this.turn) this.show(code, seconds, asked);
    } catch (error) {
      if (turn === this.turn) this.failed(error);
    }
  }

  private show(code: string, seconds: number, asked: number): void {
    this.until = asked + seconds * 1_000;
    this.warned = false;
    this.code.value = code;
    this.how.textContent =
      `Within ${counted(Math.floor(seconds / 60), "minute")}, send this code to an agent from your account on another service, and to nobody ` +
      "else: the account that sends it counts as you.";
    this.told.textContent = "";
    this.offer.hidden = this.copy.hidden = false;
    this.clock = setInterval(() => this.tick(), TICK_MS);
    this.tick();
    this.lead(this.code);
  }

  private tick(): void {
    // By the time of day, which goes on while a machine sleeps.
    const left = Math.ceil((this.until - Date.now()) / 1_000);
    if (left <= 0) {
      this.say("This code has expired.", "New code", () => void this.ask());
      return;
    }
    this.left.textContent = `Valid for ${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left < SOON && !this.warned) {
      this.warned = true;
      this.told.textContent = "Less than a minute is left.";
    }
  }

  private failed(error: unknown): void {
    const again = (why: string) => this.say(why, "Try again", () => void this.ask());
    if (!(error instanceof Refused)) {
      again("The server cannot be reached.");
      return;
    }
    const { code, message, fix, retry_after_ms } = error.told;
    switch (code) {
      case "sign_in":
      case "unauthenticated":
        this.entry.left();
        this.out();
        break;
      case "rate_limited":
        again(`That was too fast; try again in ${counted(Math.ceil((retry_after_ms ?? 60_000) / 1_000), "second")}.`);
        break;
      case "dependency_unavailable":
        again("The server cannot make a code now; try again in a minute.");
        break;
      default:
        again(`${message}; ${fix}`);
    }
  }

  private out(): void {
    this.say("You are not signed in any more.", "Sign in", () => {
      this.dialog.close();
      find("sign").focus();
      this.entry.enter();
    });
  }

  /** Shows a sentence in the place of a code, with the button that leads on. */
  private say(told: string, label = "", next: () => void = () => undefined): void {
    this.forget();
    this.next = next;
    this.told.textContent = told;
    this.again.textContent = label;
    this.again.hidden = label === "";
    this.lead(label ? this.again : this.title);
  }

  private async take(): Promise<void> {
    const turn = this.turn;
    this.told.textContent = "";
    const done = await copied(this.code);
    if (turn !== this.turn) return;
    this.told.textContent = done ? "Copied." : "This browser copies nothing for the page; the code is selected.";
    (done ? this.copy : this.code).focus();
  }

  private closed(): void {
    if (this.dialog.open) return;
    this.forget();
    this.told.textContent = "";
    // The button that opened it is not there any more.
    if (this.button.hidden) find("sign").focus();
  }

  /** Leaves nothing of a code, and nothing that waits. */
  private forget(): void {
    this.turn += 1;
    clearInterval(this.clock);
    this.code.value = "";
    this.offer.hidden = this.copy.hidden = this.again.hidden = true;
  }

  /** Moves the keyboard to what is there now, except from the button that stays. */
  private lead(to: HTMLElement): void {
    if (document.activeElement !== this.away) to.focus();
  }
}

async function copied(field: HTMLInputElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    // Without TLS, browsers have no clipboard for pages; what is selected can be copied all the same.
    field.focus();
    field.select();
    return document.execCommand("copy");
  }
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
