import type { Tone } from "../../components/Badge";

/** How the server's words for whether a provider answers are meant; absent where it was not asked. */
export function healthTone(health: string | null | undefined): Tone {
  if (health == null || health.startsWith("is not asked")) return "plain";
  return health === "answers" ? "good" : "bad";
}
