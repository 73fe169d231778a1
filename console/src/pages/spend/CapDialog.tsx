import { useState } from "react";

import { useGet, useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Checkbox } from "../../components/Checkbox";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { SelectField } from "../../components/SelectField";
import { TextField } from "../../components/TextField";
import { exact, fine } from "../../format/money";
import { windowOf, type Account } from "./BudgetTable";

const SCOPES = ["agent", "tenant", "user", "key", "model", "provider", "session", "task"].map(option);
const PERIODS = ["day", "week", "month", "total", "request"].map(option);

interface CapDialogProps {
  /** The cap to set anew; a new one where absent. */
  account?: Account;
  raises?: Schemas["RaiseView"][] | undefined;
  onClose: () => void;
}

/** Sets what may be spent in each window of a period, at once and for all later ones. */
export function CapDialog({ account, raises = [], onClose }: CapDialogProps) {
  const notify = useNotify();
  const extra = account ? extraOf(account, raises) : 0;
  const send = useSend("put", "/api/v1/budget", ["/api/v1/budget"]);
  const [scope, setScope] = useState(account?.scope ?? "agent");
  const [name, setName] = useState(account?.name ?? "");
  const [period, setPeriod] = useState(account?.period ?? "day");
  const [amount, setAmount] = useState(account?.cap ? exact(account.cap.nanos - extra).usd : "");
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
          notify(`Set: the cap of ${windowOf(made)}.`);
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
            {extra > 0 && `Beside it, this window has ${fine(extra)} from raises and from the last one. `}
            Write <code>none</code> to lift the cap: what is spent is only counted then.
          </>
        }
      />
      <Checkbox isSelected={soft} onChange={setSoft}>
        Refuse nothing when it is reached; only show it
      </Checkbox>
    </FormDialog>
  );
}

/** What the window has beyond its cap, for a while: raises that end, and what the last one left. */
function extraOf({ scope, name, period, rolled_over }: Account, raises: Schemas["RaiseView"][]): number {
  return raises
    .filter((raise) => raise.scope === scope && raise.name === name && raise.period === period)
    .reduce((sum, { amount }) => sum + amount.nanos, rolled_over?.nanos ?? 0);
}

function option(id: string) {
  return { id, title: id };
}
