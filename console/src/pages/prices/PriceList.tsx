import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Badge } from "../../components/Badge";
import { Empty } from "../../components/Empty";
import { ChoiceFilter, Filters, SearchFilter } from "../../components/Filters";
import { Loaded } from "../../components/Loaded";
import { None } from "../../components/Money";
import { Skeleton } from "../../components/Skeleton";
import { DataTable, type Column } from "../../components/table/DataTable";
import { useFilters } from "../../components/useFilters";
import { Rate } from "./Rate";

type Priced = Schemas["PricedModel"];

const DEFAULTS = { search: "", show: "all" };

const SHOW = [
  { id: "all", title: "All" },
  { id: "unpriced", title: "Without a price" },
  { id: "special", title: "With tiers or classes" },
];

/** Every registered model with what a million of its tokens cost. */
export function PriceList() {
  const [{ search, show }, set] = useFilters(DEFAULTS);
  const prices = useGet("/api/v1/prices", {});
  const words = search.trim().toLowerCase();
  return (
    <div className="stack">
      <Filters label="Prices">
        <SearchFilter label="Search models" value={search} onChange={(text) => set({ search: text })} />
        <ChoiceFilter label="Show" options={SHOW} value={show} onChange={(chosen) => set({ show: chosen })} />
      </Filters>
      <Loaded of={prices} skeleton={<Skeleton kind="row" rows={8} />}>
        {(data) => (
          <DataTable
            label="Prices"
            rows={data.models.filter(
              (model) =>
                `${model.model} ${model.provider} ${model.upstream}`.toLowerCase().includes(words) &&
                isShown(model, show),
            )}
            rowKey={({ model }) => model}
            columns={COLUMNS}
            sort={{ column: "model", descending: false }}
            href={({ model }) => `/prices/${encodeURI(model)}`}
            empty={
              data.models.length === 0 ? (
                <Empty title="No model is registered">
                  <p>
                    Connect a provider and register the models that it serves. Known ones have a price by themselves.
                  </p>
                </Empty>
              ) : (
                <Empty title={show === "unpriced" ? "Every such model has a price" : "No model is like that"} />
              )
            }
          />
        )}
      </Loaded>
      <p className="soft">US dollars per million tokens. A model without a price cannot be called under a hard cap.</p>
    </div>
  );
}

function isShown({ price, tiers, classes }: Priced, show: string): boolean {
  if (show === "unpriced") return !price;
  if (show === "special") return tiers.length > 0 || classes.length > 0;
  return true;
}

const COLUMNS: Column<Priced>[] = [
  {
    id: "model",
    title: "Model",
    minWidth: 150,
    cell: ({ model }) => <span title={model}>{model}</span>,
    sort: ({ model }) => model,
  },
  {
    id: "provider",
    title: "Provider",
    width: 130,
    isMinor: true,
    cell: ({ provider }) => provider,
    sort: ({ provider }) => provider,
  },
  {
    id: "input",
    title: "Input",
    width: 96,
    align: "end",
    cell: ({ rates }) => <Rate of={rates?.input} />,
    sort: ({ rates }) => rates?.input?.nanos,
  },
  {
    id: "cached",
    title: "Cached input",
    width: 116,
    align: "end",
    isMinor: true,
    cell: ({ rates }) => <Rate of={rates?.cached_input} />,
    sort: ({ rates }) => rates?.cached_input?.nanos,
  },
  {
    id: "output",
    title: "Output",
    width: 96,
    align: "end",
    cell: ({ rates }) => <Rate of={rates?.output} />,
    sort: ({ rates }) => rates?.output?.nanos,
  },
  { id: "also", title: "Also", isMinor: true, minWidth: 180, cell: (model) => <Also of={model} /> },
  {
    id: "price",
    title: "Price row",
    isMinor: true,
    cell: ({ price }) => (price ? <code title={price}>{price}</code> : <Badge tone="warn">no price</Badge>),
    sort: ({ price }) => price,
  },
];

/** What the three rates do not tell. */
function Also({ of: { discount, tiers, classes, request, second, image, search, enabled } }: { of: Priced }) {
  const fees = [
    request?.nanos && "a request",
    second?.nanos && "a second",
    image?.nanos && "an image",
    search?.nanos && "a search",
  ].filter(Boolean);
  const found = [
    discount && <Badge key="discount" tone="good">{`−${discount}`}</Badge>,
    tiers.length > 0 && <Badge key="tiers">long input</Badge>,
    ...classes.map(({ class: name }) => <Badge key={name}>{name}</Badge>),
    fees.length > 0 && <Badge key="fees">{`fee for ${fees.join(", ")}`}</Badge>,
    !enabled && (
      <Badge key="off" tone="warn">
        off
      </Badge>
    ),
  ].filter(Boolean);
  return found.length > 0 ? <span className="badges">{found}</span> : <None />;
}
