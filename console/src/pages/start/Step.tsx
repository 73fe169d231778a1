import type { ReactNode } from "react";

import { Disclosure } from "../../components/Disclosure";

interface StepProps {
  title: string;
  /** What it is for, in a sentence. */
  lead: ReactNode;
  /** `now` is the one to take next; `later` is one that needs one before it. */
  state: "done" | "now" | "open" | "later";
  children?: ReactNode;
}

/** One of the first steps. */
export function Step({ title, lead, state, children }: StepProps) {
  return (
    <li
      data-done={state === "done" || undefined}
      data-state={state}
      aria-current={state === "now" ? "step" : undefined}
    >
      <div className="start-step">
        <h2>
          {title}
          {state === "done" && <span className="hidden"> (done)</span>}
        </h2>
        <p>{lead}</p>
        {state !== "later" && children}
      </div>
    </li>
  );
}

/** What to do where a step does not work, beside what the server says of it. */
export function Trouble({ children }: { children: ReactNode }) {
  return (
    <Disclosure title="It does not work?">
      <ul className="start-trouble">{children}</ul>
    </Disclosure>
  );
}
