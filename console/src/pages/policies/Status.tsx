import { GitCommitVertical, RefreshCw, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";

import { useGet, useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { SESSION, useMay } from "../../api/session";
import { Dot } from "../../components/Badge";
import { Button } from "../../components/Button";
import { ErrorBox } from "../../components/ErrorBox";
import { Loaded } from "../../components/Loaded";
import { useNotify } from "../../components/Notices";
import { Skeleton } from "../../components/Skeleton";
import { Time } from "../../components/Time";
import { Told } from "../../components/Told";
import { counted } from "../../format/number";
import { Commit, Faults } from "./Places";

const EVERY_MS = 15_000;

/** Which commit is in force, why a newer one is not, and what an operator should look at. */
export function Status() {
  const may = useMay();
  const status = useGet("/api/v1/policy", {}, { everyMs: EVERY_MS });
  return (
    <Loaded of={status} skeleton={<Skeleton kind="row" />}>
      {(data) => (
        <section className="panel policy-status" aria-label="State of the tree">
          <div className="policy-status-line">
            <Dot tone={data.rejected ? "warn" : "good"}>In force</Dot>
            <span className="policy-commit">
              <GitCommitVertical aria-hidden="true" />
              <Commit id={data.commit} />
            </span>
            <Source of={data} />
            {may("policy.reload") && <Reload />}
          </div>
          <Alarms of={data} />
        </section>
      )}
    </Loaded>
  );
}

function Source({ of }: { of: Schemas["PolicyStatus"] }) {
  if (!of.remote) return <code className="policy-source soft">{of.tree}</code>;
  return (
    <span className="policy-source soft">
      <code>{of.remote}</code>, read <Time at={of.synced_at} />
    </span>
  );
}

function Reload() {
  const notify = useNotify();
  const send = useSend("post", "/api/v1/policy/reload", [
    "/api/v1/policy",
    "/api/v1/policy/files",
    "/api/v1/policy/log",
    SESSION,
  ]);
  const told = ({ rejected, commit }: Schemas["PolicyStatus"]) =>
    rejected
      ? notify("The newest commit has mistakes and is not in force", "bad")
      : notify(`${commit.slice(0, 10)} is in force`);
  return (
    <>
      {send.error && <ErrorBox error={send.error} />}
      <Button icon={RefreshCw} isBusy={send.isPending} onPress={() => send.mutate({}, { onSuccess: told })}>
        Load newest
      </Button>
    </>
  );
}

function Alarms({ of }: { of: Schemas["PolicyStatus"] }) {
  return (
    <>
      {of.rejected && (
        <Alarm isBad>
          <strong>
            Commit <Commit id={of.rejected} /> is not in force: it has {counted(of.faults.length, "mistake")}
          </strong>
          <Faults faults={of.faults} />
        </Alarm>
      )}
      {of.sync_error && (
        <Alarm>
          <Told text={`the remote did not answer: ${of.sync_error}`} />
        </Alarm>
      )}
      {of.uncommitted.length > 0 && (
        <Alarm>
          Files in the server’s folder are changed and in no commit, so they do not run:{" "}
          {of.uncommitted.map((file, index) => (
            <span key={file}>
              {index > 0 && ", "}
              <code>{file}</code>
            </span>
          ))}
        </Alarm>
      )}
      {of.notes.length > 0 && (
        <Alarm>
          {of.notes.map((note) => (
            <p key={note}>
              <Told text={note} />
            </p>
          ))}
        </Alarm>
      )}
    </>
  );
}

function Alarm({ isBad = false, children }: { isBad?: boolean; children: ReactNode }) {
  return (
    <div className="policy-alarm" data-tone={isBad ? "bad" : "warn"}>
      <TriangleAlert aria-hidden="true" />
      <div>{children}</div>
    </div>
  );
}
