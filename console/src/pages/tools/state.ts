// Where a tool stands, in one word.

import type { Schemas } from "../../api/paths";
import type { Tone } from "../../components/Badge";

export type Tool = Schemas["ToolView"];

export interface ToolState {
  word: string;
  tone: Tone;
  /** What it means for who calls it. */
  means: string;
  /** Whether somebody should look at it. */
  isOpen: boolean;
}

export function stateOf({ offered, waiting, rejected = 0, hidden }: Tool): ToolState {
  if (offered !== "none" && waiting > 0) {
    const means = `Its server gives another definition than the one that is ${offered}. Every call of it is refused until somebody decides.`;
    return { word: "drifted", tone: "bad", means, isOpen: true };
  }
  if (waiting > 0) {
    const means = "Its server offers it, and nobody has read its definition. No agent sees it until somebody decides.";
    return { word: "quarantined", tone: "warn", means, isOpen: true };
  }
  if (rejected > 0) {
    const means = "What its server gives was rejected. No agent can call it as long as that is so.";
    return { word: "rejected", tone: "bad", means, isOpen: false };
  }
  if (hidden) {
    return { word: "hidden", tone: "plain", means: "The tree hides it: nobody is offered it.", isOpen: false };
  }
  return offeredState(offered);
}

function offeredState(offered: string): ToolState {
  switch (offered) {
    case "pinned":
      return { word: offered, tone: "good", means: "The tree pins its definition, which agents see.", isOpen: false };
    case "approved":
      return { word: offered, tone: "good", means: "Its definition was taken at run time.", isOpen: false };
    case "function":
      return { word: offered, tone: "plain", means: "A function that callers run themselves.", isOpen: false };
    default: {
      const means = "The tree speaks of it, and no definition of it is pinned. No agent sees it.";
      return { word: "not offered", tone: "plain", means, isOpen: false };
    }
  }
}

/** Whether its name is another tool's, or is read as another tool's. */
export function isShadowed({ flags }: Tool): boolean {
  return flags.some((flag) => flag.includes(": /name: the name is "));
}

export const EFFECTS: Record<string, string> = {
  read: "it looks at something and changes nothing",
  write: "it changes something",
  egress: "it sends something out",
  contained: "it changes nothing but its sandbox",
  money: "it moves money",
  infra: "it changes what things run on",
  unknown: "nobody has said; policies take it for the worst that it could be",
};

export const REPLAYS: Record<string, string> = {
  pure: "a call may be made again: it always says the same",
  idempotent: "a call may be made again: twice is as good as once",
  readback: "a call may be made again once it was looked whether it happened",
  once: "a call is never repeated",
};
