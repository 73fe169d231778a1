import { Ban, ListX } from "lucide-react";
import { useState, type ReactNode } from "react";

import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Dot, type Tone } from "../../components/Badge";
import { None } from "../../components/Money";
import { PageLink } from "../../components/PageLink";
import { RowMenu } from "../../components/RowMenu";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { useTrafficAction } from "../traffic/TrafficLink";
import { limitsTold, type Limits } from "./limits";
import { RevokeGrantDialog, RevokeTaskDialog } from "./RevokeDialogs";

type Grant = Schemas["GrantView"];

const TONES: Record<string, Tone> = { live: "good", expired: "warn", revoked: "bad" };

export function GrantTable({ grants, empty }: { grants: Grant[]; empty: ReactNode }) {
  const may = useMay();
  const requests = useTrafficAction();
  const [revoked, setRevoked] = useState<Grant | null>(null);
  const [task, setTask] = useState<string | null>(null);

  function actions(grant: Grant) {
    const known = requests({ credential: grant.id });
    if (may("grant.revoke") && grant.state === "live") {
      known.push({ title: "Revoke", icon: Ban, isDangerous: true, onAction: () => setRevoked(grant) });
      const { task: of } = grant;
      if (of) {
        const onAction = () => setTask(of);
        known.push({ title: "Revoke all of its task", icon: ListX, isDangerous: true, onAction });
      }
    }
    return <RowMenu label={`Actions for ${grant.id}`} actions={known} />;
  }

  return (
    <>
      <DataTable
        label="Grants"
        rows={grants}
        rowKey={(grant) => grant.id}
        columns={COLUMNS}
        sort={{ column: "created", descending: true }}
        actions={actions}
        empty={empty}
      />
      {revoked && <RevokeGrantDialog grant={revoked} onClose={() => setRevoked(null)} />}
      {task && <RevokeTaskDialog task={task} onClose={() => setTask(null)} />}
    </>
  );
}

const COLUMNS: Column<Grant>[] = [
  {
    id: "agent",
    title: "Agent",
    width: 140,
    cell: ({ agent }) => <PageLink to={`/agents/${encodeURIComponent(agent)}`}>{agent}</PageLink>,
    sort: ({ agent }) => agent,
  },
  {
    id: "state",
    title: "State",
    width: 100,
    cell: ({ state }) => <Dot tone={TONES[state]}>{state}</Dot>,
    sort: ({ state }) => state,
  },
  { id: "limits", title: "Limits", isMinor: true, minWidth: 200, cell: ({ limits }) => <Told of={limits} /> },
  { id: "bound", title: "Bound to", isMinor: true, width: 124, cell: (grant) => <Bound of={grant} /> },
  {
    id: "expires",
    title: "Ends",
    width: 130,
    cell: (grant) => <Time at={grant.expires_at} />,
    sort: (grant) => grant.expires_at,
  },
  {
    id: "issued",
    title: "Made by",
    width: 100,
    isMinor: true,
    cell: (grant) => grant.issued_by,
    sort: (grant) => grant.issued_by,
  },
  {
    id: "created",
    title: "Made",
    width: 130,
    isMinor: true,
    cell: (grant) => <Time at={grant.created_at} />,
    sort: (grant) => grant.created_at,
  },
  { id: "id", title: "Id", width: 112, isMinor: true, cell: ({ id }) => <code title={id}>{id}</code> },
];

function Told({ of }: { of: unknown }) {
  const told = limitsTold(of as Limits).join(" · ");
  return told ? <span title={told}>{told}</span> : <span className="soft">what its policies permit</span>;
}

function Bound({ of: { task, run, session } }: { of: Grant }) {
  const ids = [task, run, session].filter(Boolean).join(", ");
  return ids ? <code title={ids}>{ids}</code> : <None />;
}
