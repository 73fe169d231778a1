import { useState } from "react";

import { useSend } from "../../api/hooks";
import { FormDialog } from "../../components/Dialog";
import { useNotify } from "../../components/Notices";
import { TextField } from "../../components/TextField";
import { short } from "../../format/money";
import { windowOf, type Account } from "./BudgetTable";

/** Gives more money: for good, or until a day. */
export function RaiseDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const notify = useNotify();
  const send = useSend("post", "/api/v1/budget/raise", ["/api/v1/budget"]);
  const [amount, setAmount] = useState("");
  const [until, setUntil] = useState("");
  const { scope, name, period, cap, hard } = account;

  function submit() {
    const body = { scope, name, period, amount, until: until || null, soft: !hard };
    send.mutate(
      { body },
      {
        onSuccess: () => {
          notify(`Raised: the cap of ${windowOf(account)}.`);
          onClose();
        },
      },
    );
  }

  return (
    <FormDialog
      title={`Raise the cap of ${windowOf(account)}`}
      submit="Raise"
      busy={send.isPending}
      refused={send.error}
      canSubmit={amount !== ""}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextField
        label="US dollars more"
        isRequired
        value={amount}
        onChange={setAmount}
        placeholder="5.00"
        inputMode="decimal"
        description={cap ? `It is ${short(cap.nanos)} each ${period} now.` : undefined}
      />
      <TextField
        label="Until"
        type="date"
        value={until}
        onChange={setUntil}
        description="From this day on the cap is as before. Without a day it is raised for good."
      />
    </FormDialog>
  );
}
