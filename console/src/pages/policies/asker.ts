// Questions about what somebody types: only how it is once it rests is asked about.

interface Asking<Question, Answer> {
  ask: (question: Question) => Promise<Answer>;
  /** How long it must rest, in milliseconds. */
  pauseMs: number;
  onAnswer: (question: Question, answer: Answer) => void;
  onFailure: (question: Question, error: unknown) => void;
}

export interface Asker<Question> {
  /** Asks this in place of what was to be asked before. */
  put: (question: Question) => void;
  /** Asks nothing more; an answer that is still to come is dropped. */
  stop: () => void;
}

/** Asks one question at a time, and tells only the answer to the last one that was put. */
export function asker<Question, Answer>(asking: Asking<Question, Answer>): Asker<Question> {
  const { ask, pauseMs, onAnswer, onFailure } = asking;
  let last = 0;
  let isBusy = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** What is due and waits for the answer to another question. */
  let next: (() => Promise<void>) | undefined;

  async function send(question: Question, number: number): Promise<void> {
    isBusy = true;
    try {
      const answer = await ask(question);
      if (number === last) onAnswer(question, answer);
    } catch (error) {
      if (number === last) onFailure(question, error);
    }
    isBusy = false;
    const waiting = next;
    next = undefined;
    await waiting?.();
  }

  function stop(): void {
    last += 1;
    clearTimeout(timer);
    next = undefined;
  }

  function put(question: Question): void {
    stop();
    const number = last;
    timer = setTimeout(() => {
      const due = () => send(question, number);
      if (isBusy) next = due;
      else void due();
    }, pauseMs);
  }

  return { put, stop };
}
