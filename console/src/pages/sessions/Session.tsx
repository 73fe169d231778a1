import { ShieldCheck, TrendingDown } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useParams } from "wouter";

import { useAgentName } from "../../api/agents";
import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { Facts } from "../../components/Facts";
import { IntegrityBadge, LabelBadge } from "../../components/LabelBadge";
import { Loaded } from "../../components/Loaded";
import { Page, Section } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { Skeleton } from "../../components/Skeleton";
import { Time } from "../../components/Time";
import { counted } from "../../format/number";
import { visible } from "../../format/visible";
import { TaskTable } from "../tasks/TaskTable";
import { TrafficLink } from "../traffic/TrafficLink";
import { EndorseDialog } from "./EndorseDialog";
import { below, LowerDialog } from "./LowerDialog";

type View = Schemas["SessionView"];

/** One session: how confidential it is, what it has seen of others, and the work that was done in it. */
export default function Session() {
  const { id = "" } = useParams<{ id: string }>();
  const may = useMay();
  const session = useGet("/api/v1/sessions/{id}", { path: { id } }, { everyMs: 10_000 });
  const rows = useGet("/api/v1/sessions", may("session.list") ? { query: { limit: 1000 } } : null);
  const query = { session: id, limit: 1000 };
  const tasks = useGet("/api/v1/tasks", may("task.list") ? { query } : null, { everyMs: 5_000 });
  const row = rows.data?.sessions.find((known) => known.id === id);
  return (
    <Page
      title="Session"
      up={{ href: "/sessions", title: "Sessions" }}
      lead={<code>{id}</code>}
      actions={
        <>
          <TrafficLink of={{ session: id }} />
          {session.data && <Words session={session.data} />}
        </>
      }
    >
      <Loaded
        of={rows.isLoading ? { ...session, data: undefined } : session}
        skeleton={<Skeleton kind="row" rows={14} />}
      >
        {(data) => (
          <>
            {row && <Conversation row={row} />}
            <div className="columns">
              <Section title="How confidential it is">
                <div className="panel">
                  <Facts of={labelFacts(data)} />
                </div>
              </Section>
              <Section title="Whether it may be trusted">
                <div className="panel">
                  <Facts of={trustFacts(data)} />
                </div>
              </Section>
            </div>
            {tasks.data && tasks.data.tasks.length > 0 && (
              <Section title="Tasks">
                <TaskTable tasks={tasks.data.tasks} isOfOne />
              </Section>
            )}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Conversation({ row }: { row: Schemas["SessionRow"] }) {
  const name = useAgentName()(row.agent);
  const { person, connector, trusted, messages, waiting, created_at, active_at, active_task } = row;
  const facts: [string, ReactNode][] = [
    ["Agent", <PageLink to={`/agents/${encodeURIComponent(name)}`}>{name}</PageLink>],
    ["With", `${visible(person)}, over ${connector}`],
    ["Who wrote in it", <IntegrityBadge integrity={trusted ? "trusted" : "untrusted"} />],
    ["Messages", waiting > 0 ? `${messages}, of which ${waiting} wait for their turn` : messages],
    ["Begun", <Time at={created_at} />],
    ["Last", <Time at={active_at} />],
  ];
  if (active_task)
    facts.push(["Works on", <PageLink to={`/tasks/${active_task}`}>{<code>{active_task}</code>}</PageLink>]);
  return (
    <div className="panel">
      <Facts of={facts} />
    </div>
  );
}

function labelFacts({ label, since, request, set_by, reason }: View): [string, ReactNode][] {
  const facts: [string, ReactNode][] = [["Label", <LabelBadge label={label} />]];
  if (since) facts.push(["Since", <Time at={since} />]);
  if (request) facts.push(["Raised by", <RequestLink id={request} />]);
  if (set_by) facts.push(["Lowered by", set_by]);
  if (reason) facts.push(["Because", visible(reason)]);
  return facts;
}

function trustFacts({ integrity, flow }: View): [string, ReactNode][] {
  const facts: [string, ReactNode][] = [["Integrity", <IntegrityBadge integrity={integrity} />]];
  if (!flow) return [...facts, ["Has seen", "nothing of others yet"]];
  const { since, request, set_by, reason, sources, tool_calls } = flow;
  facts.push(["Since", <Time at={since} />]);
  if (request) facts.push(["What came by", <RequestLink id={request} />]);
  facts.push(["Has seen", sources.length > 0 ? `results of ${sources.map(visible).join(", ")}` : "no tool server"]);
  facts.push(["Permitted", counted(tool_calls, "call of a tool", "calls of tools")]);
  if (set_by) facts.push(["Vouched for by", set_by]);
  if (reason) facts.push(["Because", visible(reason)]);
  return facts;
}

function RequestLink({ id }: { id: string }) {
  return (
    <code>
      <PageLink to={`/traffic/${id}`}>{id}</PageLink>
    </code>
  );
}

/** A person's word on both. */
function Words({ session }: { session: View }) {
  const may = useMay();
  const [open, setOpen] = useState<"lower" | "endorse" | null>(null);
  const close = () => setOpen(null);
  return (
    <>
      {may("session.lower") && below(session.label).length > 0 && (
        <Button icon={TrendingDown} onPress={() => setOpen("lower")}>
          Lower the label
        </Button>
      )}
      {may("session.endorse") && session.integrity !== "trusted" && (
        <Button icon={ShieldCheck} onPress={() => setOpen("endorse")}>
          Vouch for it
        </Button>
      )}
      {open === "lower" && <LowerDialog session={session} onClose={close} />}
      {open === "endorse" && <EndorseDialog session={session} onClose={close} />}
    </>
  );
}
