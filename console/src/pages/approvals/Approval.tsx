import { Ban, Check, X } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useParams } from "wouter";

import { useGet } from "../../api/hooks";
import { useMay, useSession } from "../../api/session";
import { Badge } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Facts } from "../../components/Facts";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { Skeleton } from "../../components/Skeleton";
import { Time } from "../../components/Time";
import { Told } from "../../components/Told";
import { counted } from "../../format/number";
import { coded } from "../../format/text";
import { ApprovalState } from "./ApprovalState";
import { Subject } from "./Subject";
import { isOffered, subjectOf, type Approval as ApprovalOf } from "./question";
import { VoteDialog, type Verdict } from "./VoteDialog";
import { Votes } from "./Votes";

/** One question: who asks for what, what it is about, what people said, and what came of it. */
export default function Approval() {
  const { id = "" } = useParams<{ id: string }>();
  const isOver = ({ status }: ApprovalOf) => status !== "pending" && status !== "approved";
  const approval = useGet("/api/v1/approvals/{id}", { path: { id } }, { everyMs: 5_000, isLast: isOver });
  const { data } = approval;
  return (
    <Page
      title={data ? subjectOf(data) : "Approval"}
      up={{ href: "/approvals", title: "Approvals" }}
      lead={data && <Told text={data.reason} />}
      actions={data?.status === "pending" && <Verdicts approval={data} />}
    >
      <Loaded of={approval} skeleton={<Skeleton kind="row" rows={14} />}>
        {(known) => (
          <>
            <div className="panel">
              <Facts of={facts(known)} />
            </div>
            <Subject of={known} />
            <Votes of={known.votes} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

/** What a yes waits for. */
function nextOf(kind: string): string {
  if (kind === "break_glass") return "The rights are in force until they end.";
  return "Whoever asked asks the same again, unless it waits for the answer: the yes is used then, and once.";
}

function facts(approval: ApprovalOf): [string, ReactNode][] {
  const { requester, requester_kind, owner, kind, roles, quorum, missing, status } = approval;
  const isOpen = status === "pending" || status === "approved";
  const found: [string, ReactNode][] = [
    ["Status", <ApprovalState of={approval} />],
    ...(status === "approved" ? [["What now", nextOf(kind)] satisfies [string, ReactNode]] : []),
    ["Kind", coded(kind)],
    [
      "Who asks",
      requester_kind === "agent" ? (
        <PageLink to={`/agents/${encodeURIComponent(requester)}`}>{requester}</PageLink>
      ) : (
        `${requester}, a ${requester_kind}`
      ),
    ],
    ...(owner ? [["Who answers for it", owner] satisfies [string, ReactNode]] : []),
    [
      "Who must say yes",
      `${counted(quorum, "person", "people")}${roles.length > 0 ? `, with ${roles.join(" and ")}` : ""}`,
    ],
  ];
  if (missing) {
    const still = [missing.people > 0 && counted(missing.people, "person", "people"), ...missing.roles].filter(Boolean);
    found.push(["Still missing", still.join(", ") || "nothing"]);
  }
  found.push(["Asked", <Time at={approval.created_at} />]);
  if (isOpen) found.push(["Expires", <Time at={approval.expires_at} />]);
  if (approval.decided_at) found.push(["Decided", <Time at={approval.decided_at} />]);
  if (approval.ends_at) found.push(["Rights end", <Time at={approval.ends_at} />]);
  if (approval.outdated && isOpen) {
    found.push(["Policies", <Badge tone="warn">changed since: nothing can use its answer</Badge>]);
  }
  if (approval.used_by) {
    const used = <code>{approval.used_by}</code>;
    const isRequest = kind === "tool_call" || kind === "model_call";
    found.push(["Used by", isRequest ? <PageLink to={`/traffic/${approval.used_by}`}>{used}</PageLink> : used]);
  }
  return found;
}

function Verdicts({ approval }: { approval: ApprovalOf }) {
  const may = useMay();
  const session = useSession();
  const mayVote = isOffered(approval, session);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  return (
    <>
      {(may("approval.cancel") || approval.requester === session.person) && (
        <Button icon={Ban} onPress={() => setVerdict("cancel")}>
          Withdraw
        </Button>
      )}
      {mayVote && (
        <Button icon={X} onPress={() => setVerdict("deny")}>
          Deny
        </Button>
      )}
      {mayVote && (
        <Button kind="primary" icon={Check} onPress={() => setVerdict("approve")}>
          Approve
        </Button>
      )}
      {verdict && <VoteDialog approval={approval} verdict={verdict} onClose={() => setVerdict(null)} />}
    </>
  );
}
