import { useState } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import type { Refused } from "../../api/refusal";
import { useMay } from "../../api/session";
import { CopyField } from "../../components/CopyField";
import { ErrorBox } from "../../components/ErrorBox";
import { ChoiceFilter } from "../../components/Filters";
import { PageLink } from "../../components/PageLink";
import { SelectField } from "../../components/SelectField";
import { adviceFor } from "./advice";
import type { Caller } from "./MakeAgent";
import { gatewayAt, isOnlyLocal, snippets } from "./snippets";
import { Trouble } from "./Step";

interface SendProps {
  /** Where the gateway listens. */
  listens: string;
  caller: Caller;
  model: string;
  onModel: (id: string) => void;
  /** The newest call since the key was made. */
  call: Schemas["RequestLine"] | undefined;
  error: Refused | null;
}

/** The first message to copy, and what became of it. */
export function Send({ listens, caller, model, onModel, call, error }: SendProps) {
  const [way, setWay] = useState("curl");
  const known = snippets(gatewayAt(listens, location.hostname), caller.key, model);
  const chosen = known.find(({ id }) => id === way);
  return (
    <div className="stack">
      <div className="filters">
        <ChoiceFilter label="Language" options={known} value={way} onChange={setWay} />
        <ModelChoice value={model} onChange={onModel} />
      </div>
      {chosen?.install && <CopyField label="Once, in a folder of its own" value={chosen.install} />}
      {chosen && <CopyField label={chosen.file ?? "In a terminal"} value={chosen.text} />}
      {isOnlyLocal(listens) && (
        <p>
          The gateway listens on <code>{listens}</code>, so run it on the server's machine.
        </p>
      )}
      <Watch call={call} error={error} />
      <Trouble>
        <li>
          <strong>Connection refused, or no answer:</strong> the gateway is not reached at <code>{listens}</code>. From
          another machine, set <code>gateway.listen</code> to an address that it can reach, and start the server again.
        </li>
        <li>
          <strong>Status 401:</strong> the key was cut when it was copied, or was revoked. Load this page again for
          another. A call with an unknown key is nobody's, so it does not show here.
        </li>
        <li>
          <strong>Wrong version number, or an empty reply:</strong> the gateway has a certificate: write{" "}
          <code>https://</code>.
        </li>
        <li>
          <strong>Any other error:</strong> the answer says what to do, in <code>error.fix</code>, and the call shows
          here.
        </li>
      </Trouble>
    </div>
  );
}

/** Which model is asked: one of the registered ones, or whichever the router takes. */
function ModelChoice({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const may = useMay();
  const models = useGet("/api/v1/models", may("model.list") ? {} : null);
  const chat = models.data?.models.filter(
    ({ enabled, capabilities }) => enabled && !capabilities.includes("embeddings"),
  );
  const options = [
    { id: "auto", title: "auto: the router chooses" },
    ...(chat ?? []).map(({ id }) => ({ id, title: id })),
  ];
  return <SelectField label="Model" isInline options={options} value={value} onChange={onChange} />;
}

/** What the page sees of the call. */
function Watch({ call, error }: Pick<SendProps, "call" | "error">) {
  if (error) return <ErrorBox error={error} />;
  if (!call) {
    return (
      <p className="start-watch" role="status">
        <span className="pulse" aria-hidden="true" />
        Waiting for the first call. It shows here within a second.
      </p>
    );
  }
  if (call.outcome === "ok") {
    return (
      <p className="start-watch" data-tone="good" role="status">
        It came: {call.resource} answered {call.agent}.
      </p>
    );
  }
  return (
    <div className="note" role="status">
      <p>
        A call came, and ended as <code>{call.outcome}</code>. {adviceFor(call.outcome)}{" "}
        <PageLink to={`/traffic/${call.id}`}>Its story</PageLink> tells all of it. The page goes on waiting for one that
        is answered.
      </p>
    </div>
  );
}
