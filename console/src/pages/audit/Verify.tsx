import { ShieldCheck, ShieldX } from "lucide-react";
import { useState } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Button } from "../../components/Button";
import { CopyField } from "../../components/CopyField";
import { ErrorBox } from "../../components/ErrorBox";
import { PageLink } from "../../components/PageLink";
import { Time } from "../../components/Time";
import { Told } from "../../components/Told";
import { counted } from "../../format/number";

/** Has the server check every record of the chain, when somebody asks for it. */
export function useVerdict() {
  const [isAsked, setAsked] = useState(false);
  const verdict = useGet("/api/v1/audit/verify", isAsked ? {} : null);
  return { ...verdict, ask: () => (isAsked ? void verdict.refetch() : setAsked(true)) };
}

type Asked = { of: ReturnType<typeof useVerdict> };

export function VerifyButton({ of: { isFetching, ask } }: Asked) {
  return (
    <Button icon={ShieldCheck} isBusy={isFetching} onPress={ask}>
      {isFetching ? "Checking every record" : "Verify the chain"}
    </Button>
  );
}

/** What the check came to; nothing before it was asked for. */
export function Verdict({ of: { data, error, dataUpdatedAt, ask } }: Asked) {
  if (error) return <ErrorBox error={error} retry={ask} />;
  if (!data) return null;
  return (
    <div className="verdict" data-tone={data.ok ? "good" : "bad"} role="status">
      {data.ok ? <ShieldCheck aria-hidden="true" /> : <ShieldX aria-hidden="true" />}
      <div>
        {data.ok ? <Whole verdict={data} /> : <Broken verdict={data} />}
        <p className="soft">
          Checked <Time at={new Date(dataUpdatedAt).toISOString()} />
        </p>
      </div>
    </div>
  );
}

function Whole({ verdict: { checked, seq, hash } }: { verdict: Schemas["AuditVerdict"] }) {
  return (
    <>
      <strong>The chain is whole</strong>
      <p>
        {counted(checked, "record")}, each as it was written and in its place. Keep the hash of the last one, {seq},
        somewhere else: then a cut at the end shows too.
      </p>
      <CopyField label={`Hash of record ${seq}`} value={hash} />
    </>
  );
}

function Broken({ verdict: { checked, first_bad } }: { verdict: Schemas["AuditVerdict"] }) {
  return (
    <>
      <strong>The chain is broken</strong>
      {first_bad && (
        <p>
          The first wrong record is <PageLink to={`/audit/${first_bad.seq}`}>{first_bad.seq}</PageLink>.{" "}
          <Told text={first_bad.why} />
        </p>
      )}
      <p>{counted(checked, "record")} were checked. Take a copy of the database before anything else is done to it.</p>
    </>
  );
}
