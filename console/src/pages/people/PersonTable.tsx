import { UserMinus } from "lucide-react";
import { useState, type ReactNode } from "react";

import type { Schemas } from "../../api/paths";
import { useMay, useSession } from "../../api/session";
import { Badge, Dot } from "../../components/Badge";
import { None } from "../../components/Money";
import { RowMenu } from "../../components/RowMenu";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { useTrafficAction } from "../traffic/TrafficLink";
import { RemovePersonDialog } from "./RemovePersonDialog";

type Person = Schemas["PersonView"];

export function PersonTable({ people, empty }: { people: Person[]; empty: ReactNode }) {
  const may = useMay();
  const { person: self } = useSession();
  const requests = useTrafficAction();
  const [removed, setRemoved] = useState<Person | null>(null);

  function actions(person: Person) {
    const canRemove = may("person.remove") && !person.revoked_at;
    const remove = { title: "Remove", icon: UserMinus, isDangerous: true, onAction: () => setRemoved(person) };
    const known = [...requests({ user: person.name }, "Show requests of their agents"), ...(canRemove ? [remove] : [])];
    return <RowMenu label={`Actions for ${person.name}`} actions={known} />;
  }

  return (
    <>
      <DataTable
        label="People"
        rows={people}
        rowKey={(person) => person.id}
        columns={columns(self)}
        sort={{ column: "name", descending: false }}
        actions={actions}
        empty={empty}
      />
      {removed && <RemovePersonDialog person={removed} onClose={() => setRemoved(null)} />}
    </>
  );
}

function columns(self: string): Column<Person>[] {
  return [
    {
      id: "name",
      title: "Name",
      cell: ({ name }) => (
        <>
          {name}
          {name === self && <span className="soft"> (you)</span>}
        </>
      ),
      sort: ({ name }) => name,
    },
    {
      id: "groups",
      title: "Groups",
      cell: ({ groups }) => <Groups of={groups} />,
      sort: ({ groups }) => groups.join(" "),
    },
    {
      id: "state",
      title: "Token",
      width: 110,
      isMinor: true,
      cell: (person) => <State of={person} />,
      sort: (person) => Boolean(person.revoked_at),
    },
    { id: "id", title: "Id", width: 284, isMinor: true, cell: ({ id }) => <code title={id}>{id}</code> },
    {
      id: "created",
      title: "Added",
      width: 130,
      isMinor: true,
      cell: (person) => <Time at={person.created_at} />,
      sort: (person) => person.created_at,
    },
    {
      id: "removed",
      title: "Removed",
      width: 130,
      isMinor: true,
      cell: (person) => <Time at={person.revoked_at} />,
      sort: (person) => person.revoked_at,
    },
  ];
}

function State({ of: { revoked_at, expires_at } }: { of: Person }) {
  if (revoked_at) return <Dot tone="bad">removed</Dot>;
  if (expires_at && Date.parse(expires_at) <= Date.now()) return <Dot tone="bad">ended</Dot>;
  return <Dot tone="good">live</Dot>;
}

function Groups({ of }: { of: string[] }) {
  if (of.length === 0) return <None />;
  return (
    <span className="badges" title={of.join(", ")}>
      {of.map((group) => (
        <Badge key={group}>{group}</Badge>
      ))}
    </span>
  );
}
