import type { ReactNode } from "react";
import { Link, useParams } from "wouter";

import { useAgentName } from "../../api/agents";
import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Empty } from "../../components/Empty";
import { Facts } from "../../components/Facts";
import { JsonView } from "../../components/JsonView";
import { Loaded } from "../../components/Loaded";
import { None } from "../../components/Money";
import { Outcome } from "../../components/Outcome";
import { Page, Section } from "../../components/Page";
import { PageLink, useHref } from "../../components/PageLink";
import { Skeleton } from "../../components/Skeleton";
import { absolute } from "../../format/time";

type Record = Schemas["AuditView"];

/** One record of the chain, with everything that it holds. */
export default function AuditRecord() {
  const { seq = "" } = useParams<{ seq: string }>();
  const number = Number(seq);
  const query = { before: number + 1, limit: 1 };
  const audit = useGet("/api/v1/audit", Number.isSafeInteger(number) ? { query } : null);
  const href = useHref();
  return (
    <Page
      title={`Record ${seq}`}
      up={{ href: "/audit", title: "Audit" }}
      actions={
        <>
          {number > 1 && (
            <Link className="button" href={`/audit/${number - 1}`}>
              Record before
            </Link>
          )}
          <Link className="button" href={`/audit/${number + 1}`}>
            Record after
          </Link>
        </>
      }
    >
      <Loaded of={audit} skeleton={<Skeleton kind="row" rows={10} />}>
        {({ records }) => {
          const record = records.find((known) => known.seq === number);
          if (record) return <Whole record={record} href={href} />;
          return (
            <Empty title={`There is no record ${seq}`}>
              <p>It may not be written yet, or it belongs to another tenant.</p>
            </Empty>
          );
        }}
      </Loaded>
    </Page>
  );
}

interface WholeProps {
  record: Record;
  href: (to: string) => string | undefined;
}

function Whole({ record, href }: WholeProps) {
  const nameOf = useAgentName();
  const { at, kind, request, actor, auth, action, resource, outcome, commit, hash, prev_hash, detail } = record;
  const story = request && kind !== "admin" ? href(`/traffic/${request}`) : undefined;
  const name = nameOf(actor);
  const facts: [string, ReactNode][] = [
    ["When", absolute(Date.parse(at))],
    ["Kind", kind],
    ["Who", name === actor ? actor : <PageLink to={`/agents/${encodeURIComponent(name)}`}>{name}</PageLink>],
    ["Proved by", <code>{auth || "nothing"}</code>],
    ["Did", <code>{action}</code>],
    ["To", resource ? <code>{resource}</code> : <None />],
    ["Outcome", <Outcome code={outcome} />],
    ["Request", request ? <code>{story ? <Link href={story}>{request}</Link> : request}</code> : <None />],
    ["Policies at", commit ? <code>{commit}</code> : <None />],
    ["Hash", <code className="hash">{hash}</code>],
    ["Hash before it", <code className="hash">{prev_hash}</code>],
  ];
  return (
    <>
      <div className="panel">
        <Facts of={facts} />
      </div>
      <Section title="Detail">
        <JsonView label="Detail" value={detail} />
      </Section>
    </>
  );
}
