import { CircleQuestionMark, Hourglass, TriangleAlert } from "lucide-react";

import type { Schemas } from "../../api/paths";
import { PageLink } from "../../components/PageLink";
import { Told } from "../../components/Told";
import { visible } from "../../format/visible";

/** What a reason is of. */
const ENDS: Record<string, string> = {
  waiting: "It waits to be tried again.",
  denied: "It was denied.",
  failed: "It failed.",
  cancelled: "It was stopped.",
  dead: "It was given up.",
};

/** What a task waits for, or why it came to nothing: with where to go to help. */
export function Waits({ detail: { task, steps } }: { detail: Schemas["TaskDetail"] }) {
  const { state, reason, waiting_for } = task;
  const unknown = steps.find((step) => step.state === "unknown");
  if (state === "waiting" && waiting_for?.startsWith("apr_")) {
    return (
      <div className="note" data-tone="info">
        <Hourglass aria-hidden="true" />
        <p>
          It waits until people answer. <PageLink to={`/approvals/${waiting_for}`}>See what is asked</PageLink>
        </p>
      </div>
    );
  }
  if (state === "waiting" && unknown) {
    return (
      <div className="note">
        <CircleQuestionMark aria-hidden="true" />
        <p>
          Nobody knows whether step {unknown.no} happened. <PageLink to="/effects">Say what became of it</PageLink>
        </p>
      </div>
    );
  }
  if (state === "waiting" && waiting_for === "children") {
    return (
      <div className="note" data-tone="info">
        <Hourglass aria-hidden="true" />
        <p>It waits for work that it gave to others.</p>
      </div>
    );
  }
  if (!reason) return null;
  return (
    <div className="note">
      <TriangleAlert aria-hidden="true" />
      <p>
        {ENDS[state]} <Told text={visible(reason)} />
      </p>
    </div>
  );
}
