import { Ban, RefreshCw } from "lucide-react";
import { useState } from "react";

import { useSend } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMayFor } from "../../api/session";
import { Dot, type Tone } from "../../components/Badge";
import { ConfirmDialog } from "../../components/Dialog";
import { Empty } from "../../components/Empty";
import { useNotify } from "../../components/Notices";
import { PageLink } from "../../components/PageLink";
import { RowMenu } from "../../components/RowMenu";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { useTrafficAction } from "../traffic/TrafficLink";
import { RotateDialog } from "./RotateDialog";

type Key = Schemas["KeyView"];

const TONES: Record<string, Tone> = { live: "good", expired: "warn", revoked: "bad" };

interface KeyTableProps {
  keys: Key[];
  /** Who answers for the agent that all of them are of. */
  owner?: string;
  isOfOneAgent?: boolean;
}

/** Keys, each of which can be replaced or revoked. */
export function KeyTable({ keys, owner, isOfOneAgent = false }: KeyTableProps) {
  const may = useMayFor(owner);
  const requests = useTrafficAction();
  const [open, setOpen] = useState<{ dialog: "rotate" | "revoke"; key: Key } | null>(null);
  const close = () => setOpen(null);

  function actions(key: Key) {
    const known = requests({ credential: key.id });
    if (may("key.rotate") && key.state === "live") {
      known.push({ title: "Rotate", icon: RefreshCw, onAction: () => setOpen({ dialog: "rotate", key }) });
    }
    if (may("key.revoke") && key.state !== "revoked") {
      const onAction = () => setOpen({ dialog: "revoke", key });
      known.push({ title: "Revoke", icon: Ban, isDangerous: true, onAction });
    }
    return <RowMenu label={`Actions for ${key.id}`} actions={known} />;
  }

  return (
    <>
      <DataTable
        label="Keys"
        rows={keys}
        rowKey={(key) => key.id}
        columns={isOfOneAgent ? COLUMNS.filter(({ id }) => id !== "agent") : COLUMNS}
        sort={{ column: "created", descending: true }}
        actions={actions}
        empty={
          <Empty title="No such key">
            <p>A key lets one agent call. It is shown once, and can be given an end.</p>
          </Empty>
        }
      />
      {open?.dialog === "rotate" && <RotateDialog of={open.key} onClose={close} />}
      {open?.dialog === "revoke" && <RevokeDialog of={open.key} onClose={close} />}
    </>
  );
}

const COLUMNS: Column<Key>[] = [
  {
    id: "agent",
    title: "Agent",
    cell: ({ agent }) => <PageLink to={`/agents/${encodeURIComponent(agent)}`}>{agent}</PageLink>,
    sort: ({ agent }) => agent,
  },
  { id: "id", title: "Id", width: 284, isMinor: true, cell: ({ id }) => <code title={id}>{id}</code> },
  {
    id: "state",
    title: "State",
    width: 100,
    cell: ({ state }) => <Dot tone={TONES[state]}>{state}</Dot>,
    sort: ({ state }) => state,
  },
  {
    id: "created",
    title: "Created",
    width: 130,
    isMinor: true,
    cell: (key) => <Time at={key.created_at} />,
    sort: (key) => key.created_at,
  },
  {
    id: "expires",
    title: "Expires",
    width: 130,
    isMinor: true,
    cell: (key) => <Time at={key.expires_at} />,
    sort: (key) => key.expires_at,
  },
  {
    id: "revoked",
    title: "Revoked",
    width: 130,
    isMinor: true,
    cell: (key) => <Time at={key.revoked_at} />,
    sort: (key) => key.revoked_at,
  },
];

function RevokeDialog({ of, onClose }: { of: Key; onClose: () => void }) {
  const notify = useNotify();
  const send = useSend("delete", "/api/v1/keys/{id}", ["/api/v1/keys"]);

  function revoke() {
    send.mutate(
      { path: { id: of.id } },
      {
        onSuccess: () => {
          notify(`The key of ${of.agent} is refused from now on.`);
          onClose();
        },
      },
    );
  }

  return (
    <ConfirmDialog
      title="Revoke this key?"
      submit="Revoke"
      kind="danger"
      busy={send.isPending}
      refused={send.error}
      onConfirm={revoke}
      onClose={onClose}
    >
      <p>
        <code>{of.id}</code> of {of.agent} is refused at once and for good. To replace it without a gap, rotate it
        instead.
      </p>
    </ConfirmDialog>
  );
}
