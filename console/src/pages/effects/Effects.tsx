import { useState } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { Skeleton } from "../../components/Skeleton";
import { DataTable, type Column } from "../../components/table/DataTable";
import { Time } from "../../components/Time";
import { visible } from "../../format/visible";
import { ResolveDialog } from "./ResolveDialog";

type Effect = Schemas["EffectView"];

/** Calls that were under way when their worker was lost: whether they happened, a person must find out. */
export default function Effects() {
  const may = useMay();
  const [open, setOpen] = useState<Effect | null>(null);
  const effects = useGet("/api/v1/effects", { query: { limit: 1000 } }, { everyMs: 10_000 });
  return (
    <Page
      title="Unknown effects"
      lead="Calls whose worker was lost before it heard how they ended. Their tasks wait until somebody says what became of them."
    >
      <Loaded of={effects} skeleton={<Skeleton kind="row" rows={4} />}>
        {(data) => (
          <DataTable
            label="Unknown effects"
            rows={data.effects}
            rowKey={({ key }) => key}
            columns={columns(may("effect.resolve") ? setOpen : null)}
            empty={
              <Empty title="Everything that was begun has a known end">
                <p>A call that must not be repeated, and that nobody can say the end of, would be here.</p>
              </Empty>
            }
          />
        )}
      </Loaded>
      {open && <ResolveDialog effect={open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function columns(onResolve: ((effect: Effect) => void) | null): Column<Effect>[] {
  const known: Column<Effect>[] = [
    { id: "what", title: "What", minWidth: 120, cell: ({ what }) => <code title={what}>{visible(what)}</code> },
    {
      id: "task",
      title: "Task",
      width: 290,
      isMinor: true,
      cell: ({ task }) => (
        <code>
          <PageLink to={`/tasks/${task}`}>{task}</PageLink>
        </code>
      ),
    },
    { id: "step", title: "Step", align: "end", width: 64, isMinor: true, cell: ({ step }) => step },
    { id: "class", title: "Class", width: 100, isMinor: true, cell: ({ class: replay }) => replay },
    {
      id: "args",
      title: "Arguments’ hash",
      isMinor: true,
      cell: ({ args_hash }) => <code title={args_hash}>{args_hash}</code>,
    },
    { id: "since", title: "Since", width: 124, cell: ({ since }) => <Time at={since} />, sort: ({ since }) => since },
  ];
  if (!onResolve) return known;
  return [
    ...known,
    {
      id: "resolve",
      title: "Became",
      width: 118,
      cell: (effect) => (
        <Button className="small" onPress={() => onResolve(effect)}>
          Resolve
        </Button>
      ),
    },
  ];
}
