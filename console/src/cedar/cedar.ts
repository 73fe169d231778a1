// Cedar in a worker, which is started at the first question.

import type { Answer, Cedar, Question } from "./protocol";

let worker: Worker | undefined;
let last = 0;
const waiting = new Map<number, { resolve: (answer: never) => void; reject: (why: Error) => void }>();

/** Asks Cedar. Rejects where it cannot be loaded; the server's own check is the one that counts. */
export function askCedar<A extends keyof Cedar>(ask: A, ...args: Parameters<Cedar[A]>): Promise<ReturnType<Cedar[A]>> {
  worker ??= start();
  const id = ++last;
  const asked = new Promise<ReturnType<Cedar[A]>>((resolve, reject) => waiting.set(id, { resolve, reject }));
  worker.postMessage({ id, ask, args } satisfies Question);
  return asked;
}

function start(): Worker {
  const started = new Worker(new URL("./cedar.worker.ts", import.meta.url), { type: "module" });
  started.onmessage = ({ data }: MessageEvent<Answer>) => {
    const asker = waiting.get(data.id);
    waiting.delete(data.id);
    if ("failed" in data) asker?.reject(new Error(data.failed));
    else asker?.resolve(data.answer as never);
  };
  started.onerror = () => {
    for (const { reject } of waiting.values()) reject(new Error("Cedar could not be loaded"));
    waiting.clear();
    worker = undefined;
  };
  return started;
}
