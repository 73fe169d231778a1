import type { Schemas } from "../api/paths";

/** What is wrong, with the key that it is about where the message does not name it. */
export function faultText({ key, message }: Pick<Schemas["FaultView"], "key" | "message">): string {
  return key === "" || message.includes(key) ? message : `\`${key}\`: ${message}`;
}
