// The first message in the words of a terminal, of Python and of Node.

import { firstMessage } from "../../format/curl";

export interface Snippet {
  id: string;
  title: string;
  /** What installs what it needs. */
  install?: string;
  /** The file that it is written to. */
  file?: string;
  text: string;
}

/** Where callers reach the gateway. One that listens everywhere is at the name by which this page was reached. */
export function gatewayAt(listens: string, here: string): string {
  return listens.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, here);
}

/** Whether only programs on the server's own machine reach it. */
export function isOnlyLocal(listens: string): boolean {
  return /^(127\.|\[::1\]|localhost)/.test(listens);
}

export function snippets(gateway: string, key: string, model: string): Snippet[] {
  const base = JSON.stringify(`http://${gateway}/v1`);
  const [secret, name] = [JSON.stringify(key), JSON.stringify(model)];
  const python = [
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${base}, api_key=${secret})`,
    "answer = client.chat.completions.create(",
    `    model=${name}, messages=[{"role": "user", "content": "Hello"}]`,
    ")",
    "print(answer.choices[0].message.content)",
  ];
  const node = [
    'import OpenAI from "openai";',
    "",
    `const client = new OpenAI({ baseURL: ${base}, apiKey: ${secret} });`,
    "const answer = await client.chat.completions.create({",
    `  model: ${name}, messages: [{ role: "user", content: "Hello" }],`,
    "});",
    "console.log(answer.choices[0].message.content);",
  ];
  return [
    { id: "curl", title: "curl", text: firstMessage(gateway, key, model) },
    { id: "python", title: "Python", install: "pip install openai", file: "hello.py", text: python.join("\n") },
    { id: "node", title: "Node", install: "npm install openai", file: "hello.mjs", text: node.join("\n") },
  ];
}
