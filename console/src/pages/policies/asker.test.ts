import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { asker } from "./asker";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** An asker whose questions take a second, and a log of what it asks and tells. */
function watched() {
  const log: string[] = [];
  const asking = asker({
    pauseMs: 600,
    ask: (question: string) => {
      log.push(`ask ${question}`);
      return new Promise<string>((resolve, reject) =>
        setTimeout(() => (question === "bad" ? reject(new Error("no")) : resolve(question.toUpperCase())), 1000),
      );
    },
    onAnswer: (question, answer) => void log.push(`${question} is ${answer}`),
    onFailure: (question) => void log.push(`${question} failed`),
  });
  return { ...asking, log };
}

test("only what rests is asked about", async () => {
  const { put, log } = watched();
  put("a");
  await vi.advanceTimersByTimeAsync(500);
  put("ab");
  await vi.advanceTimersByTimeAsync(599);
  expect(log).toEqual([]);
  await vi.advanceTimersByTimeAsync(1001);
  expect(log).toEqual(["ask ab", "ab is AB"]);
});

test("one question is asked at a time, and an answer to an earlier one is dropped", async () => {
  const { put, log } = watched();
  put("a");
  await vi.advanceTimersByTimeAsync(700);
  put("ab");
  await vi.advanceTimersByTimeAsync(800);
  expect(log).toEqual(["ask a"]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(log).toEqual(["ask a", "ask ab", "ab is AB"]);
});

test("of what is due meanwhile, only the last is asked", async () => {
  const asking = watched();
  for (const question of ["a", "ab"]) {
    asking.put(question);
    await vi.advanceTimersByTimeAsync(601);
  }
  asking.put("abc");
  await vi.advanceTimersByTimeAsync(5000);
  expect(asking.log).toEqual(["ask a", "ask abc", "abc is ABC"]);
});

test("a failure is told, and does not keep the next question from being asked", async () => {
  const { put, log } = watched();
  put("bad");
  await vi.advanceTimersByTimeAsync(2000);
  put("a");
  await vi.advanceTimersByTimeAsync(2000);
  expect(log).toEqual(["ask bad", "bad failed", "ask a", "a is A"]);
});

test("after a stop nothing is told any more", async () => {
  const { put, stop, log } = watched();
  put("a");
  await vi.advanceTimersByTimeAsync(700);
  put("ab");
  stop();
  await vi.advanceTimersByTimeAsync(5000);
  expect(log).toEqual(["ask a"]);
});
