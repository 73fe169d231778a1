// Commands to paste into a terminal.

/** A request to the gateway that a model answers; any that policy permits where none is named. */
export function firstMessage(gateway: string, key: string, model = "auto"): string {
  const body = `{"model":"${model}","messages":[{"role":"user","content":"Hello"}]}`;
  return [
    `curl http://${gateway}/v1/chat/completions`,
    `-H "Authorization: Bearer ${key}"`,
    '-H "Content-Type: application/json"',
    `-d '${body}'`,
  ].join(" \\\n  ");
}
