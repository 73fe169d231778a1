import { useState } from "react";

import { useGet, useSend } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Checkbox } from "../../components/Checkbox";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { SelectField } from "../../components/SelectField";
import { TextField } from "../../components/TextField";
import { fine } from "../../format/money";
import { windowOf, type Account } from "./BudgetTable";

const SCOPES = ["agent", "tenant", "user", "key", "model", "provider", "session", "task"].map(option);
const PERIODS = ["day", "week", "month", "total", "request"].map(option);

interface CapDialogProps {
  /** The cap to set anew; a new one where absent. */
  account?: Account;
  onClose: () => void;
}

/** Sets what may be spent in each window of a period, at once and for all later ones. */
export function CapDialog({ account, onClose }: CapDialogProps) {
  const notify = useNotify();
  const send = useSend("put", "/api/v1/budget", ["/api/v1/budget"]);
  const [scope, setScope] = useState(account?.scope ?? "agent");
  const [name, setName] = useState(account?.name ?? "");
  const [period, setPeriod] = useState(account?.period ?? "day");
  const [amount, setAmount] = useState(account?.cap?.usd ?? "");
  const [soft, setSoft] = useState(account ? !account.hard : false);
  const needsName = scope !== "tenant";
  const may = useMay();
  const agents = useGet("/api/v1/agents", !account && may("agent.list") ? {} : null);
  const known = agents.data?.agents.map((agent) => option(agent.name)) ?? [];

  function submit() {
    const body = { scope, name: needsName ? name : "", period, amount, soft };
    send.mutate(
      { body },
      {
        onSuccess: (made) => {
          notify(`The cap of ${windowOf(made)} is set.`);
          onClose();
        },
      },
    );
  }

  return (
    <FormDialog
      title={account ? `Set the cap of ${windowOf(account)}` : "Set a cap"}
      submit="Set the cap"
      busy={send.isPending}
      refused={send.error}
      canSubmit={amount !== "" && (!needsName || name !== "")}
      onSubmit={submit}
      onClose={onClose}
    >
      {!account && (
        <>
          <div className="fields-row">
            <SelectField
              label="Of"
              options={SCOPES}
              value={scope}
              onChange={(chosen) => {
                setScope(chosen);
                setName("");
              }}
            />
            <SelectField label="Each" options={PERIODS} value={period} onChange={setPeriod} />
          </div>
          {scope === "agent" && known.length > 0 ? (
            <SelectField label="Agent" options={known} value={name} onChange={setName} />
          ) : (
            needsName && (
              <TextField
                label="Name"
                isRequired
                value={name}
                onChange={setName}
                description="An agent's or person's name; of all else its id."
              />
            )
          )}
        </>
      )}
      <TextField
        label="US dollars"
        isRequired
        value={amount}
        onChange={setAmount}
        placeholder="5.00"
        inputMode="decimal"
        description={
          <>
            {account && `${fine(account.spent.nanos)} is spent by now. `}
            <code>none</code> lifts the cap: what is spent is only counted.
          </>
        }
      />
      <Checkbox isSelected={soft} onChange={setSoft}>
        Refuse nothing when it is reached; only show it
      </Checkbox>
    </FormDialog>
  );
}

function option(id: string) {
  return { id, title: id };
}
