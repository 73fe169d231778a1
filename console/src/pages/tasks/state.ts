import type { Schemas } from "../../api/paths";
import type { Tone } from "../../components/Badge";

export type Task = Schemas["TaskView"];

/** The states that a task can be in, from its beginning on. */
export const STATES = [
  "created",
  "permitted",
  "queued",
  "running",
  "waiting",
  "completed",
  "denied",
  "failed",
  "cancelled",
  "dead",
];

const OVER = ["denied", "completed", "failed", "cancelled", "dead"];
const AGAIN = ["failed", "dead", "waiting"];

export const TONES: Record<string, Tone> = {
  running: "info",
  waiting: "warn",
  completed: "good",
  denied: "bad",
  failed: "bad",
  dead: "bad",
};

/** Whether nothing of it happens any more unless somebody says so. */
export function isOver({ state }: Task): boolean {
  return OVER.includes(state);
}

/** Whether it can be tried again: it ended without being done, or waits for exactly that and no other word. */
export function canRetry({ task: { state, waiting_for }, steps }: Schemas["TaskDetail"]): boolean {
  return AGAIN.includes(state) && !waiting_for && !steps.some((step) => step.state === "unknown");
}
