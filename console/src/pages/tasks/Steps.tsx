import { BrainCircuit, Bot, FileStack, MessageSquare, Wrench, type LucideIcon } from "lucide-react";

import type { Schemas } from "../../api/paths";
import { Badge, Dot, type Tone } from "../../components/Badge";
import { Clock } from "../../components/Clock";
import { Empty } from "../../components/Empty";
import { Money } from "../../components/Money";
import { PageLink } from "../../components/PageLink";
import { Story, StoryPart } from "../../components/Story";
import { exact } from "../../format/money";
import { counted, duration } from "../../format/number";
import { visible } from "../../format/visible";
import { ToolLink } from "../traffic/ToolLink";

type Step = Schemas["StepView"];

const KINDS: Record<string, { icon: LucideIcon; title: string }> = {
  model: { icon: BrainCircuit, title: "A model answers" },
  tool: { icon: Wrench, title: "A tool is called" },
  summary: { icon: FileStack, title: "Older messages are summarised" },
  subagent: { icon: Bot, title: "Work is given to another agent" },
  message: { icon: MessageSquare, title: "The answer is sent" },
};

const TONES: Record<string, Tone> = { started: "info", done: "good", failed: "bad", waiting: "warn", unknown: "warn" };

/** The steps of a run, in order. */
export function Steps({ detail: { steps, run } }: { detail: Schemas["TaskDetail"] }) {
  if (steps.length === 0) {
    return (
      <div className="table-empty">
        <Empty title={run ? "No step has begun" : "No worker has it yet"}>
          <p>Steps are here as soon as they begin.</p>
        </Empty>
      </div>
    );
  }
  return (
    <Story label="Steps">
      {steps.map((step) => (
        <Part key={step.no} step={step} />
      ))}
    </Story>
  );
}

function Part({ step }: { step: Step }) {
  const { no, kind, state, what, class: replay, effect, attempts, started_at, ended_at, cost_nanos, request } = step;
  const { icon, title } = KINDS[kind] ?? { icon: Wrench, title: kind };
  const took = ended_at && duration(Math.max(0, Date.parse(ended_at) - Date.parse(started_at)));
  return (
    <StoryPart icon={icon} title={`${no}. ${title}`} tone={TONES[state]} note={<Clock at={started_at} />}>
      <p className="fact-line">
        <Dot tone={TONES[state]}>{state === "started" ? "runs" : state}</Dot>
        {what && (kind === "tool" ? <ToolLink id={what} /> : <code>{visible(what)}</code>)}
        {effect && (
          <Badge tone={effect === "unknown" ? "warn" : "plain"}>
            {replay}: {effect}
          </Badge>
        )}
        {took && <span className="soft">{took}</span>}
        {cost_nanos != null && <Money of={exact(cost_nanos)} />}
        {request && <PageLink to={`/traffic/${request}`}>its request</PageLink>}
        {attempts > 1 && <span className="soft">begun {counted(attempts, "time")}</span>}
        {effect === "unknown" && <PageLink to="/effects">Say what became of it</PageLink>}
      </p>
    </StoryPart>
  );
}
