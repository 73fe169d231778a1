import { Plus } from "lucide-react";
import { useState } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { Loaded } from "../../components/Loaded";
import { Money } from "../../components/Money";
import { Section } from "../../components/Page";
import { Skeleton } from "../../components/Skeleton";
import { DataTable } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { BudgetTable } from "./BudgetTable";
import { CapDialog } from "./CapDialog";

/** Caps, how much of them is spent, and where they will be at the end of their windows. */
export function Budgets() {
  const may = useMay();
  const budget = useGet("/api/v1/budget", { query: {} }, { everyMs: 30_000 });
  const [isOpen, setOpen] = useState(false);
  return (
    <div className="stack">
      <Section
        title="Windows that run now"
        actions={
          may("budget.set") && (
            <Button icon={Plus} onPress={() => setOpen(true)}>
              Set a cap
            </Button>
          )
        }
      >
        <Loaded of={budget} skeleton={<Skeleton kind="row" rows={6} />}>
          {({ accounts, raises }) => <BudgetTable accounts={accounts} raises={raises} />}
        </Loaded>
      </Section>
      {budget.data?.raises && budget.data.raises.length > 0 && <Raises raises={budget.data.raises} />}
      {isOpen && <CapDialog onClose={() => setOpen(false)} />}
    </div>
  );
}

/** Raises that end by themselves; they are in the caps above. */
function Raises({ raises }: { raises: Schemas["RaiseView"][] }) {
  return (
    <Section title="Raises for a while">
      <DataTable
        label="Raises for a while"
        rows={raises}
        rowKey={(raise) => raise.id}
        columns={[
          {
            id: "name",
            title: "Of",
            minWidth: 110,
            cell: (raise) => raise.name || raise.scope,
            sort: (raise) => raise.name,
          },
          { id: "scope", title: "Scope", width: 110, isMinor: true, cell: (raise) => raise.scope },
          { id: "period", title: "Each", width: 90, isMinor: true, cell: (raise) => raise.period },
          {
            id: "amount",
            title: "More",
            align: "end",
            width: 108,
            cell: (raise) => <Money of={raise.amount} />,
            sort: (raise) => raise.amount.nanos,
          },
          {
            id: "ends",
            title: "Ends",
            width: 110,
            cell: (raise) => <Time at={raise.ends} />,
            sort: (raise) => raise.ends,
          },
          { id: "by", title: "Made by", isMinor: true, cell: (raise) => raise.made_by },
        ]}
      />
    </Section>
  );
}
