import { Plus, Trash2 } from "lucide-react";
import { useState } from "react";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Badge, Dot } from "../../components/Badge";
import { Button } from "../../components/Button";
import { Empty } from "../../components/Empty";
import { Loaded } from "../../components/Loaded";
import { Page } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { RowMenu } from "../../components/RowMenu";
import { Skeleton } from "../../components/Skeleton";
import { DataTable, type Column } from "../../components/table/DataTable";
import { count, counted } from "../../format/number";
import { NewModelDialog, type Known } from "../models/NewModelDialog";
import { useTrafficAction } from "../traffic/TrafficLink";
import { healthTone } from "./health";
import { NewProviderDialog } from "./NewProviderDialog";
import { RemoveProviderDialog } from "./RemoveProviderDialog";

type Provider = Schemas["ProviderView"];
type Health = Map<string, string | null | undefined>;

/** Where models are served, and whether each place answers and takes its key. */
export default function Providers() {
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const requests = useTrafficAction();
  const [served, setServed] = useState<Known | null>(null);
  const [removed, setRemoved] = useState<Provider | null>(null);
  const providers = useGet("/api/v1/providers", {});
  const asked = may("overview.show") ? { query: { ask_providers: true } } : null;
  const overview = useGet("/api/v1/overview", asked, { everyMs: 60_000 });
  const health: Health = new Map(overview.data?.providers.map((known) => [known.provider.name, known.health]));
  const add = may("provider.add") && (
    <Button kind="primary" icon={Plus} onPress={() => setOpen(true)}>
      Add provider
    </Button>
  );

  function actions(provider: Provider) {
    const canRemove = may("provider.remove") && provider.origin === "runtime";
    const remove = { title: "Remove", icon: Trash2, isDangerous: true, onAction: () => setRemoved(provider) };
    const register = { title: "Register a model", icon: Plus, onAction: () => setServed(servedBy(provider)) };
    const known = [
      ...requests({ provider: provider.name }),
      ...(may("model.add") ? [register] : []),
      ...(canRemove ? [remove] : []),
    ];
    return <RowMenu label={`Actions for ${provider.name}`} actions={known} />;
  }

  return (
    <Page
      title="Providers"
      lead="Where models are served. Keys are named by where they are, and never shown."
      actions={add}
    >
      <Loaded of={providers} skeleton={<Skeleton kind="row" rows={5} />}>
        {(data) => (
          <DataTable
            label="Providers"
            rows={data.providers}
            rowKey={(provider) => provider.name}
            columns={columns(health, overview.isPending)}
            sort={{ column: "name", descending: false }}
            actions={actions}
            empty={
              <Empty title="No provider is connected">
                <p>Add one by its address and the place of its key; or start a model server on this machine.</p>
                {add}
              </Empty>
            }
          />
        )}
      </Loaded>
      {isOpen && (
        <NewProviderDialog
          onClose={() => setOpen(false)}
          onMade={(made) => {
            setOpen(false);
            // A provider is of use with a model of it.
            if (may("model.add")) setServed(servedBy(made));
          }}
        />
      )}
      {served && <NewModelDialog of={served} onClose={() => setServed(null)} />}
      {removed && <RemoveProviderDialog provider={removed} onClose={() => setRemoved(null)} />}
    </Page>
  );
}

function servedBy({ name, locality }: Provider): Known {
  return { provider: name, isFree: locality === "local" };
}

function columns(health: Health, isAsking: boolean): Column<Provider>[] {
  return [
    { id: "name", title: "Name", width: 132, cell: ({ name }) => name, sort: ({ name }) => name },
    {
      id: "health",
      title: "Health",
      width: 152,
      cell: ({ name }) => (
        <Dot tone={healthTone(health.get(name))}>{health.get(name) ?? (isAsking ? "asking" : "not asked")}</Dot>
      ),
      sort: ({ name }) => health.get(name),
    },
    {
      id: "kind",
      title: "Speaks",
      width: 100,
      isMinor: true,
      cell: ({ kind, simulator }) => (simulator ? <Badge tone="warn">simulator</Badge> : kind),
      sort: ({ kind }) => kind,
    },
    {
      id: "address",
      title: "Address",
      isMinor: true,
      cell: (provider) => <code title={provider.base_url}>{provider.base_url}</code>,
      sort: (provider) => provider.base_url,
    },
    {
      id: "runs",
      title: "Runs",
      width: 68,
      isMinor: true,
      cell: ({ locality }) => locality,
      sort: ({ locality }) => locality,
    },
    { id: "key", title: "Key", width: 156, isMinor: true, cell: (provider) => <Secret provider={provider} /> },
    {
      id: "retention",
      title: "Keeps data",
      width: 156,
      isMinor: true,
      cell: (provider) => <Retention provider={provider} />,
      sort: (provider) => provider.retention_days,
    },
    {
      id: "models",
      title: "Models",
      align: "end",
      width: 84,
      isMinor: true,
      cell: ({ models }) => <PageLink to="/models">{count(models)}</PageLink>,
      sort: ({ models }) => models,
    },
    {
      id: "origin",
      title: "From",
      width: 92,
      isMinor: true,
      cell: ({ origin, file }) => <span title={file ?? undefined}>{origin}</span>,
      sort: ({ origin }) => origin,
    },
  ];
}

function Secret({ provider: { secret, ready } }: { provider: Provider }) {
  if (!secret) return ready ? <>needs none</> : <Dot tone="bad">none is named</Dot>;
  return (
    <Dot tone={ready ? "good" : "bad"}>
      <code title={ready ? undefined : "The key is not there"}>{secret}</code>
    </Dot>
  );
}

/** For how many days it keeps what it is sent, and its privacy class where it is more than the simulator's. */
function Retention({ provider: { retention_days: days, privacy, simulator } }: { provider: Provider }) {
  const kept = days == null ? "not told" : days === 0 ? "no" : counted(days, "day");
  return (
    <>
      {kept} {!simulator && privacy && <span className="soft">class {privacy}</span>}
    </>
  );
}
