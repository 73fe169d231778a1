import { RotateCcw, Trash2 } from "lucide-react";
import { useState, type ReactNode } from "react";
import { useParams } from "wouter";

import { useGet, useSend } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { ConfirmDialog } from "../../components/Dialog";
import { Facts } from "../../components/Facts";
import { Loaded } from "../../components/Loaded";
import { useNotify } from "../../components/Notices";
import { Page } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { RawText } from "../../components/RawText";
import { Skeleton } from "../../components/Skeleton";
import { Time } from "../../components/Time";
import { counted } from "../../format/number";
import { Verdict, type Letter } from "./Verdict";

const TOUCHED = ["/api/v1/dead-letters", "/api/v1/dead-letters/{id}", "/api/v1/tasks", "/api/v1/tasks/{id}"] as const;

/** One thing that was given up, and what to do with it. */
export default function DeadLetter() {
  const { id = "" } = useParams<{ id: string }>();
  const letter = useGet("/api/v1/dead-letters/{id}", { path: { id } });
  return (
    <Page
      title="Dead letter"
      up={{ href: "/dead-letters", title: "Dead letters" }}
      lead={<code>{id}</code>}
      actions={letter.data && !letter.data.verdict && <Actions id={id} />}
    >
      <Loaded of={letter} skeleton={<Skeleton kind="row" rows={7} />}>
        {(data) => (
          <>
            <div className="panel">
              <Facts of={facts(data)} />
            </div>
            <RawText label="Why it was given up" text={data.reason} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function facts(letter: Letter): [string, ReactNode][] {
  const { task, subject, attempts, at, resolved_by, resolved_at } = letter;
  const found: [string, ReactNode][] = [
    ["State", <Verdict of={letter} />],
    ["Given up", <Time at={at} />],
    ["After", counted(attempts, "try", "tries")],
    ["Where", <code>{subject}</code>],
  ];
  if (task) {
    found.push([
      "Task",
      <code>
        <PageLink to={`/tasks/${task}`}>{task}</PageLink>
      </code>,
    ]);
  }
  if (resolved_by) found.push(["Decided by", resolved_by]);
  if (resolved_at) found.push(["Decided", <Time at={resolved_at} />]);
  return found;
}

function Actions({ id }: { id: string }) {
  const may = useMay();
  const notify = useNotify();
  const [open, setOpen] = useState<"retry" | "discard" | null>(null);
  const retry = useSend("post", "/api/v1/dead-letters/{id}/retry", [...TOUCHED]);
  const discard = useSend("post", "/api/v1/dead-letters/{id}/discard", [...TOUCHED]);
  const close = () => setOpen(null);
  const done = (text: string) => ({
    onSuccess: () => {
      notify(text);
      close();
    },
  });
  return (
    <>
      {may("dead_letter.discard") && (
        <Button icon={Trash2} onPress={() => setOpen("discard")}>
          Put away
        </Button>
      )}
      {may("dead_letter.retry") && (
        <Button kind="primary" icon={RotateCcw} onPress={() => setOpen("retry")}>
          Try again
        </Button>
      )}
      {open === "retry" && (
        <ConfirmDialog
          title="Try it again?"
          submit="Try again"
          busy={retry.isPending}
          refused={retry.error}
          onConfirm={() => retry.mutate({ path: { id } }, done("It is tried again."))}
          onClose={close}
        >
          <p>A task goes on with its journal, behind the last step that is written; an event is published anew.</p>
        </ConfirmDialog>
      )}
      {open === "discard" && (
        <ConfirmDialog
          title="Put it away for good?"
          submit="Put away"
          kind="danger"
          busy={discard.isPending}
          refused={discard.error}
          onConfirm={() => discard.mutate({ path: { id } }, done("It is put away."))}
          onClose={close}
        >
          <p>Nothing more is done with it. It stays in the list of all.</p>
        </ConfirmDialog>
      )}
    </>
  );
}
