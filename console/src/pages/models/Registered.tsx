import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { useMay } from "../../api/session";
import { Badge, Dot } from "../../components/Badge";
import { Empty } from "../../components/Empty";
import { ChoiceFilter, Filters, SearchFilter } from "../../components/Filters";
import { useFilters } from "../../components/useFilters";
import { Loaded } from "../../components/Loaded";
import { Money, None } from "../../components/Money";
import { Skeleton } from "../../components/Skeleton";
import { DataTable, type Column } from "../../components/table/DataTable";
import { compact, duration, share } from "../../format/number";

type Model = Schemas["ModelView"];
type Spend = Map<string, Schemas["SpendLine"]>;

const DEFAULTS = { search: "", where: "all" };
const WHERE = [
  { id: "all", title: "All" },
  { id: "local", title: "Local" },
  { id: "cloud", title: "Cloud" },
];

export function Registered() {
  const may = useMay();
  const [{ search, where }, set] = useFilters(DEFAULTS);
  const models = useGet("/api/v1/models", {});
  const report = useGet("/api/v1/spend", may("spend.show") ? { query: { by: "model" } } : null);
  const spend: Spend = new Map(report.data?.lines.map((line) => [line.name, line]));
  return (
    <div className="stack">
      <Filters label="Models">
        <ChoiceFilter
          label="Where it runs"
          options={WHERE}
          value={where}
          onChange={(chosen) => set({ where: chosen })}
        />
        <SearchFilter label="Search models" value={search} onChange={(text) => set({ search: text })} />
      </Filters>
      <Loaded of={models} skeleton={<Skeleton kind="row" rows={8} />}>
        {(data) => (
          <DataTable
            label="Models"
            rows={data.models.filter((model) => matches(model, search, where))}
            rowKey={(model) => model.id}
            columns={columns(spend)}
            sort={{ column: "id", descending: false }}
            href={modelHref}
            empty={
              <Empty title={data.models.length > 0 ? "No model matches" : "No model is registered"}>
                <p>Register one, or let providers be asked what they serve.</p>
              </Empty>
            }
          />
        )}
      </Loaded>
    </div>
  );
}

/** The page of a model; its id may have slashes, which stay. */
export function modelHref({ id }: Pick<Model, "id">): string {
  return `/models/${id.split("/").map(encodeURIComponent).join("/")}`;
}

function matches(model: Model, search: string, where: string): boolean {
  const words = [model.id, model.provider, model.upstream, ...model.aliases, ...model.capabilities].join(" ");
  return (where === "all" || model.locality === where) && words.includes(search);
}

function columns(spend: Spend): Column<Model>[] {
  const price = (id: "input" | "output", title: string): Column<Model> => ({
    id,
    title,
    align: "end",
    width: 104,
    isMinor: true,
    cell: (model) => <Money of={model.price?.[id]} />,
    sort: (model) => model.price?.[id].nanos,
  });
  return [
    { id: "id", title: "Model", minWidth: 160, cell: ({ id }) => <span title={id}>{id}</span>, sort: ({ id }) => id },
    {
      id: "provider",
      title: "Provider",
      width: 104,
      isMinor: true,
      cell: ({ provider }) => provider,
      sort: ({ provider }) => provider,
    },
    { id: "state", title: "State", width: 110, cell: (model) => <ModelState model={model} /> },
    { id: "locality", title: "Runs", width: 72, isMinor: true, cell: ({ locality }) => <Locality of={locality} /> },
    {
      id: "context",
      title: "Context",
      align: "end",
      width: 80,
      isMinor: true,
      cell: (model) => compact(model.context_tokens),
      sort: (model) => model.context_tokens,
    },
    { id: "can", title: "Can do", isMinor: true, cell: ({ capabilities }) => <Words of={capabilities} /> },
    price("input", "In / million"),
    price("output", "Out / million"),
    {
      id: "failed",
      title: "Failed",
      align: "end",
      width: 72,
      isMinor: true,
      cell: ({ id }) => <Failed line={spend.get(id)} />,
      sort: ({ id }) => failedPart(spend.get(id)),
    },
    {
      id: "p50",
      title: "p50",
      align: "end",
      width: 80,
      isMinor: true,
      cell: ({ id }) => <Half line={spend.get(id)} />,
      sort: ({ id }) => spend.get(id)?.p50_ms,
    },
  ];
}

/** Whether a model can be used, and whether its answers are real. */
export function ModelState({ model }: { model: Model }) {
  if (!model.enabled) return <Dot tone="bad">disabled</Dot>;
  if (model.simulator) return <Dot tone="warn">simulated</Dot>;
  if (!model.price) return <Dot tone="warn">no price</Dot>;
  return <Dot tone="good">ready</Dot>;
}

export function Locality({ of }: { of: string }) {
  return <Badge tone={of === "local" ? "info" : "plain"}>{of}</Badge>;
}

function Words({ of }: { of: string[] }) {
  const text = of.join(", ");
  return text === "" ? <None /> : <span title={text}>{text}</span>;
}

function Failed({ line }: { line: Schemas["SpendLine"] | undefined }) {
  return line ? share(line.errors, line.calls) : <None />;
}

function failedPart(line: Schemas["SpendLine"] | undefined): number | undefined {
  return line && line.calls > 0 ? line.errors / line.calls : undefined;
}

function Half({ line }: { line: Schemas["SpendLine"] | undefined }) {
  return line?.p50_ms == null ? <None /> : duration(line.p50_ms);
}
