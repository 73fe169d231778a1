import { Ellipsis, FileText, Receipt, Route, Send } from "lucide-react";
import { useParams } from "wouter";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { JsonView } from "../../components/JsonView";
import { LabelBadge } from "../../components/LabelBadge";
import { Loaded } from "../../components/Loaded";
import { Sum } from "../../components/Money";
import { Outcome, toneOf } from "../../components/Outcome";
import { Page } from "../../components/Page";
import { RawText } from "../../components/RawText";
import { Skeleton } from "../../components/Skeleton";
import { Stat, Stats, StatsSkeleton } from "../../components/Stat";
import { Story, StoryPart } from "../../components/Story";
import { fieldsOf, isEmpty, itemsOf, numberOf, textOf, without } from "../../format/fields";
import { exact } from "../../format/money";
import { compact, counted, duration } from "../../format/number";
import { HOUR_MS } from "../../format/time";
import { Answer } from "./Answer";
import { Attempts } from "./Attempts";
import { Caller } from "./Caller";
import { Candidates } from "./Candidates";
import { Charges } from "./Charges";
import { Content } from "./Content";
import { Decision } from "./Decision";
import { Records } from "./Records";
import { told, type Told } from "./story";
import { sentenceOf } from "./words";

/** What a story has a place for; everything else that is on record is shown as it is. */
const DECIDED =
  "approval attempts definition dropped endpoint facts findings flow input_sha256 integrity label limit ms part_of permits plan " +
  "policies redacted request session session_label shape";
const ENDED =
  "answer answer_of attempt attempts basis cost_nanos findings integrity is_error label ms output_sha256 provider " +
  "session similarity usage";

/** One request from end to end: who asked, what was found, who decided what, what was tried, and what proves it. */
export default function Request() {
  const { id = "" } = useParams<{ id: string }>();
  const request = useGet("/api/v1/requests/{id}", { path: { id } }, { everyMs: 3_000, isLast: isOver });
  return (
    <Page title={titleOf(request.data)} up={{ href: "/traffic", title: "Traffic" }} lead={<code>{id}</code>}>
      <Loaded of={request} skeleton={<RequestSkeleton />}>
        {(data) => <Whole request={data} story={told(data)} />}
      </Loaded>
    </Page>
  );
}

/** Whether nothing more is to be expected: what has no end after so long will hardly get one. */
function isOver(request: Schemas["RequestStory"]): boolean {
  const { outcome, began } = told(request);
  return outcome !== undefined || Date.parse(began) < Date.now() - HOUR_MS;
}

function titleOf(request: Schemas["RequestStory"] | undefined): string {
  return request ? `${request.agent} → ${told(request).resource}` : "Request";
}

function Whole({ request: { agent, records, charges }, story }: { request: Schemas["RequestStory"]; story: Told }) {
  const { decided, ended, attempts } = story;
  const plan = itemsOf(decided["plan"]);
  const dropped = itemsOf(decided["dropped"]);
  const rest = { ...without(decided, DECIDED.split(" ")), ...without(ended, ENDED.split(" ")) };
  const failed = attempts.filter(({ outcome }) => outcome !== "ok").length;
  // What no budget had room for was sent to nobody.
  const sent = attempts.filter(({ outcome }) => !outcome.startsWith("budget_")).length;
  return (
    <>
      <Totals story={story} />
      <Story label="The story of the request">
        <Caller agent={agent} story={story} />
        <Content decided={decided} />
        <Decision story={story} />
        {plan.length + dropped.length > 0 && (
          <StoryPart
            icon={Route}
            title="Who could serve it"
            note={`${counted(plan.length, "candidate")}, ${dropped.length} left out`}
          >
            <Candidates plan={plan} dropped={dropped} attempts={attempts} />
          </StoryPart>
        )}
        {attempts.length > 0 && (
          <StoryPart
            icon={Send}
            title="What was tried"
            tone={toneOf(story.outcome ?? "ok")}
            note={
              sent === 0 ? "sent to nobody" : failed > 0 && `${failed} of ${counted(attempts.length, "attempt")} failed`
            }
          >
            <Attempts of={attempts} />
          </StoryPart>
        )}
        <Answer ended={ended} />
        {charges.length > 0 && (
          <StoryPart icon={Receipt} title="What was charged" note={<Sum of={exact(story.costNanos)} />}>
            <Charges of={charges} />
          </StoryPart>
        )}
        <Texts story={story} />
        {!isEmpty(rest) && (
          <StoryPart icon={Ellipsis} title="Also on record">
            <JsonView label="Also on record" value={rest} />
          </StoryPart>
        )}
        <Records of={records} />
      </Story>
    </>
  );
}

const TOTALS = ["Outcome", "Took", "Cost", "Tokens", "Label"];

function Totals({ story: { outcome, ms, costNanos, attempts, decided } }: { story: Told }) {
  const usage = fieldsOf(attempts.at(-1)?.usage);
  const input = numberOf(usage["input"]);
  const output = numberOf(usage["output"]);
  return (
    <Stats>
      <Stat label="Outcome" value={<Outcome code={outcome ?? "running"} />} note={sentenceOf(outcome)} />
      <Stat label="Took" value={ms === undefined ? "–" : duration(ms)} note={wait(numberOf(decided["ms"]))} />
      <Stat
        label="Cost"
        value={<Sum of={exact(costNanos)} />}
        note={attempts.at(-1)?.basis && `counted by ${attempts.at(-1)?.basis}`}
      />
      <Stat
        label="Tokens"
        value={input === undefined ? "–" : compact(input + (output ?? 0))}
        note={input !== undefined && `${compact(input)} in, ${compact(output ?? 0)} out`}
      />
      <Stat label="Label" value={<LabelBadge label={textOf(decided["label"])} />} />
    </Stats>
  );
}

function wait(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `decided after ${duration(ms)}`;
}

/** What was said, where policy has it recorded. */
function Texts({ story: { decided, ended } }: { story: Told }) {
  const request = textOf(decided["request"]);
  const answer = textOf(ended["answer"]);
  if (!request && !answer) return null;
  return (
    <StoryPart icon={FileText} title="What was said" note="policy has it recorded in full">
      {request && <RawText label="The request, as it was sent on" text={request} />}
      {answer && <RawText label="The answer" text={answer} />}
    </StoryPart>
  );
}

function RequestSkeleton() {
  return (
    <>
      <StatsSkeleton labels={TOTALS} />
      <Skeleton kind="row" rows={12} />
    </>
  );
}
