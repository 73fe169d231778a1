import type { ReactNode } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Dot } from "../../components/Badge";
import { Facts } from "../../components/Facts";
import { Loaded } from "../../components/Loaded";
import { None } from "../../components/Money";
import { Section } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { Time } from "../../components/Time";
import { Told } from "../../components/Told";
import { counted } from "../../format/number";

type Overview = Schemas["Overview"];
type Fact = [string, ReactNode];

/** The parts that this server stands on, and whether each answers. */
export function System() {
  const overview = useGet("/api/v1/overview", { query: {} }, { everyMs: 10_000 });
  return (
    <Loaded of={overview} skeleton={<Skeleton kind="row" rows={10} />}>
      {(data) => (
        <div className="columns">
          <Part title="Parts" facts={parts(data)} />
          <Part title="Policies" facts={policies(data.policy)} />
          <Part title="Addresses" facts={addresses(data)} />
        </div>
      )}
    </Loaded>
  );
}

function Part({ title, facts }: { title: string; facts: Fact[] }) {
  return (
    <Section title={title}>
      <div className="panel">
        <Facts of={facts} />
      </div>
    </Section>
  );
}

function parts({ database, database_ok, bus, events_waiting, redis = "not configured", simulator }: Overview): Fact[] {
  return [
    [
      "Database",
      <State
        tone={database_ok ? "good" : "bad"}
        word={`${database} ${database_ok ? "answers" : "does not answer"}`}
        note={database_ok ? undefined : "Calls are refused until it does."}
      />,
    ],
    [
      "Bus",
      <State
        tone={events_waiting == null ? "bad" : "good"}
        word={bus}
        note={
          events_waiting == null ? "Nobody knows what waits for it." : `${counted(events_waiting, "event")} waiting`
        }
      />,
    ],
    [
      "Redis",
      <State
        tone={redis === "answers" ? "good" : redis === "does not answer" ? "bad" : "plain"}
        word={redis}
        note={redis === "answers" ? undefined : "Each gateway counts limits by itself."}
      />,
    ],
    [
      "Simulator",
      <State
        tone={simulator ? "warn" : "plain"}
        word={simulator ? "answers" : "off"}
        note={simulator ? "Its words are invented." : undefined}
      />,
    ],
  ];
}

function policies({
  commit,
  rejected,
  faults,
  tree,
  remote,
  synced_at,
  sync_error,
  uncommitted,
  notes,
}: Overview["policy"]): Fact[] {
  const facts: Fact[] = [
    ["In force", <code>{commit}</code>],
    [
      "Newest commit",
      rejected ? (
        <State tone="bad" word="refused" note={`${rejected.slice(0, 12)}: ${counted(faults.length, "mistake")}`} />
      ) : (
        <State tone="good" word="in force" />
      ),
    ],
    ["Tree", <code>{tree}</code>],
    ["Follows", remote ? <code>{remote}</code> : <span className="soft">no remote: commits are made here</span>],
  ];
  if (remote) {
    const state = sync_error ? (
      <State tone="bad" word="does not answer" note={<Told text={sync_error} />} />
    ) : (
      <State tone="good" word="answers" note={synced_at ? <Time at={synced_at} /> : undefined} />
    );
    facts.push(["Remote", state]);
  }
  facts.push(["Uncommitted", uncommitted.length > 0 ? <code>{uncommitted.join(", ")}</code> : <None />]);
  if (notes.length > 0) {
    const list = (
      <ul>
        {notes.map((note) => (
          <li key={note}>
            <Told text={note} />
          </li>
        ))}
      </ul>
    );
    facts.push(["Notes", list]);
  }
  return facts;
}

function addresses({ gateway, admin, state, version }: Overview): Fact[] {
  return [
    ["Gateway", <code>{gateway}</code>],
    ["Admin", <code>{admin}</code>],
    ["State folder", <code>{state}</code>],
    ["Version", version],
  ];
}

interface StateProps {
  tone: "good" | "warn" | "bad" | "plain";
  word: string;
  note?: ReactNode;
}

function State({ tone, word, note }: StateProps) {
  return (
    <span className="fact-line">
      <Dot tone={tone}>{word}</Dot>
      {note && <span className="soft">{note}</span>}
    </span>
  );
}
