import { Pencil, TrendingUp } from "lucide-react";
import { useState } from "react";

import type { Schemas } from "../../api/paths";
import { useMayFor } from "../../api/session";
import { Badge, type Tone } from "../../components/Badge";
import { Empty } from "../../components/Empty";
import { Meter } from "../../components/Meter";
import { Money, None } from "../../components/Money";
import { RowMenu } from "../../components/RowMenu";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time, useNow } from "../../components/Time";
import { fine } from "../../format/money";
import { share } from "../../format/number";
import { atPace } from "../../format/pace";
import { CapDialog } from "./CapDialog";
import { RaiseDialog } from "./RaiseDialog";

export type Account = Schemas["AccountView"];

/** The part of a cap from which the server warns, where its settings say nothing else. */
const WARN_PART = 0.8;

interface BudgetTableProps {
  accounts: Account[];
  /** Raises that end by themselves, which are in the caps. */
  raises: Schemas["RaiseView"][] | undefined;
  /** Whether all of them are of one spender, who then has no column. */
  isOfOne?: boolean;
  /** Who answers for that one. */
  owner?: string;
}

/** Accounts with their caps, each of which can be set anew or raised. */
export function BudgetTable({ accounts, raises, owner, isOfOne = false }: BudgetTableProps) {
  const may = useMayFor(owner);
  const now = useNow();
  const [open, setOpen] = useState<{ dialog: "set" | "raise"; account: Account } | null>(null);
  const close = () => setOpen(null);

  function actions(account: Account) {
    const known = [];
    if (may("budget.set")) {
      known.push({ title: "Set the cap", icon: Pencil, onAction: () => setOpen({ dialog: "set", account }) });
    }
    if (may("budget.raise") && account.cap) {
      known.push({ title: "Raise the cap", icon: TrendingUp, onAction: () => setOpen({ dialog: "raise", account }) });
    }
    return <RowMenu label={`Actions for ${windowOf(account)}`} actions={known} />;
  }

  return (
    <>
      <DataTable
        label="Budgets"
        rows={accounts}
        rowKey={({ scope, name, period }) => `${scope} ${name} ${period}`}
        columns={columns(now).slice(isOfOne ? 2 : 0)}
        sort={{ column: "used", descending: true }}
        actions={actions}
        empty={
          <Empty title="No cap is set">
            <p>A cap bounds what an agent, a person, a key or the whole tenant spends in a day, a week or a month.</p>
          </Empty>
        }
      />
      {open?.dialog === "set" && <CapDialog account={open.account} raises={raises} onClose={close} />}
      {open?.dialog === "raise" && <RaiseDialog account={open.account} onClose={close} />}
    </>
  );
}

export function titleOf({ scope, name }: Pick<Account, "scope" | "name">): string {
  return scope === "tenant" ? "the tenant" : name;
}

/** `the day cap` of whom: what tells the windows of one spender apart. */
export function windowOf(account: Pick<Account, "scope" | "name" | "period">): string {
  return `${titleOf(account)}, each ${account.period}`;
}

function columns(now: number): Column<Account>[] {
  return [
    { id: "name", title: "Of", minWidth: 92, cell: titleOf, sort: titleOf },
    { id: "scope", title: "Scope", width: 92, isMinor: true, cell: ({ scope }) => scope, sort: ({ scope }) => scope },
    { id: "period", title: "Each", minWidth: 76, cell: ({ period }) => period, sort: ({ period }) => period },
    {
      id: "spent",
      title: "Spent",
      align: "end",
      width: 108,
      isMinor: true,
      cell: ({ spent }) => <Money of={spent} />,
      sort: ({ spent }) => spent.nanos,
    },
    {
      id: "cap",
      title: "Cap",
      align: "end",
      width: 108,
      isMinor: true,
      cell: ({ cap }) => <Money of={cap} />,
      sort: ({ cap }) => cap?.nanos,
    },
    { id: "used", title: "Used", width: 132, cell: (account) => <Used account={account} />, sort: usedPart },
    {
      id: "pace",
      title: "At the end",
      align: "end",
      width: 116,
      isMinor: true,
      cell: (account) => <Pace nanos={paceOf(account, now)} />,
      sort: (account) => paceOf(account, now),
    },
    {
      id: "state",
      title: "State",
      width: 128,
      isMinor: true,
      cell: (account) => <State account={account} now={now} />,
    },
    {
      id: "ends",
      title: "Ends",
      width: 116,
      isMinor: true,
      cell: ({ ends }) => <Time at={ends} />,
      sort: ({ ends }) => ends,
    },
  ];
}

function Used({ account }: { account: Account }) {
  const part = usedPart(account);
  if (part === null) return <None />;
  const tone: Tone = part >= 1 ? "bad" : part >= WARN_PART ? "warn" : "plain";
  return (
    <span className="cell-bar">
      <Meter label={`Used by ${titleOf(account)}`} part={part} tone={tone} mark={WARN_PART} />
      <span>{share(part, 1)}</span>
    </span>
  );
}

function Pace({ nanos }: { nanos: number | null }) {
  return nanos === null ? <None /> : <span title="If the rest goes on as the window so far">{fine(nanos)}</span>;
}

function State({ account, now }: { account: Account; now: number }) {
  const { cap, hard, spent } = account;
  if (!cap) return <Badge>only counted</Badge>;
  if (spent.nanos >= cap.nanos) return <Badge tone="bad">{hard ? "refuses calls" : "cap reached"}</Badge>;
  if ((usedPart(account) ?? 0) >= WARN_PART) return <Badge tone="warn">near the cap</Badge>;
  if ((paceOf(account, now) ?? 0) > cap.nanos) return <Badge tone="warn">will reach it</Badge>;
  return <Badge tone="good">within</Badge>;
}

/** Spent and held, of the cap. */
function usedPart({ cap, spent, held }: Account): number | null {
  return cap && cap.nanos > 0 ? (spent.nanos + held.nanos) / cap.nanos : null;
}

function paceOf({ spent, starts, ends }: Account, now: number): number | null {
  return atPace(spent.nanos, Date.parse(starts), ends ? Date.parse(ends) : null, now);
}
