import "./prices.css";

import { useState } from "react";

import { useGet, useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { ConfirmDialog } from "../../components/Dialog";
import { ErrorBox } from "../../components/ErrorBox";
import { useNotify } from "../../components/Notices";
import { SelectField } from "../../components/SelectField";
import { Skeleton } from "../../components/Skeleton";
import { counted } from "../../format/number";
import { Bill } from "./Bill";
import { BillFile } from "./BillFile";

type Ask = Schemas["NewReconciliation"];

const BUCKETS = [
  { id: "", title: "As the export says" },
  { id: "1h", title: "An hour" },
  { id: "1m", title: "A minute" },
];

/** Compares a provider's usage export with the ledger, and books what calls explain. */
export function Reconcile() {
  const may = useMay();
  const notify = useNotify();
  const [file, setFile] = useState<{ name: string; text: string } | null>(null);
  const [provider, setProvider] = useState("");
  const [bucket, setBucket] = useState("");
  const [isBooking, setBooking] = useState(false);
  const providers = useGet("/api/v1/providers", may("provider.list") ? {} : null);
  const compare = useSend("post", "/api/v1/budget/compare", []);
  const book = useSend("post", "/api/v1/budget/reconcile", ["/api/v1/spend", "/api/v1/budget"]);
  const found = book.data ?? compare.data;

  function ask(of: { name: string; text: string }): { body: Ask } {
    return { body: { file: of.name, export: of.text, provider: provider || null, bucket: bucket || null } };
  }

  function forget() {
    compare.reset();
    book.reset();
  }

  function onBooked(bill: Schemas["Reconciliation"]) {
    setBooking(false);
    notify(`${counted(bill.booked?.calls ?? 0, "call")} of ${bill.provider} booked.`);
  }

  return (
    <div className="stack">
      <BillFile
        name={file?.name}
        onRead={(read) => {
          forget();
          setFile(read);
        }}
      />
      <div className="panel bill-options">
        <SelectField
          label="Provider"
          options={[
            { id: "", title: "As the export's form says" },
            ...(providers.data?.providers ?? []).map(({ name }) => ({ id: name, title: name })),
          ]}
          value={provider}
          onChange={(name) => {
            forget();
            setProvider(name);
          }}
        />
        <SelectField
          label="Length of its buckets"
          options={BUCKETS}
          value={bucket}
          onChange={(width) => {
            forget();
            setBucket(width);
          }}
          description="Asked only of a CSV export of Anthropic's with times of day."
        />
      </div>
      <div className="filters">
        <Button
          kind={found ? "plain" : "primary"}
          isDisabled={!file}
          isBusy={compare.isPending}
          onPress={() => {
            book.reset();
            if (file) compare.mutate(ask(file));
          }}
        >
          Compare
        </Button>
        {compare.data && !book.data && compare.data.calls > 0 && may("budget.reconcile") && (
          <Button kind="primary" onPress={() => setBooking(true)}>
            {`Book ${counted(compare.data.calls, "call")}`}
          </Button>
        )}
        <span className="soft">A comparison changes nothing.</span>
      </div>
      {compare.error && <ErrorBox error={compare.error} />}
      {compare.isPending && <Skeleton kind="row" rows={6} />}
      {found && <Bill of={found} />}
      {isBooking && file && found && (
        <ConfirmDialog
          title={`Book ${counted(found.calls, "call")}?`}
          submit="Book"
          busy={book.isPending}
          refused={book.error}
          onConfirm={() => book.mutate(ask(file), { onSuccess: onBooked })}
          onClose={() => setBooking(false)}
        >
          <p>
            Each is credited or charged once, as a row of its own in the ledger. The same export again books nothing a
            second time. What nothing explains is never booked.
          </p>
        </ConfirmDialog>
      )}
    </div>
  );
}
