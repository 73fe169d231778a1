import "./prices.css";

import type { ReactNode } from "react";
import { useParams } from "wouter";

import { useGet } from "../../api/hooks";
import type { Schemas } from "../../api/paths";
import { Dot } from "../../components/Badge";
import { Empty } from "../../components/Empty";
import { Facts } from "../../components/Facts";
import { Loaded } from "../../components/Loaded";
import { Page, Section } from "../../components/Page";
import { PageLink } from "../../components/PageLink";
import { Skeleton } from "../../components/Skeleton";
import { count } from "../../format/number";
import { Rate } from "./Rate";

type Priced = Schemas["PricedModel"];
type Rates = Schemas["PriceRates"];

/** All that one model costs: every kind of token, for long inputs and in other classes of service too. */
export default function Price() {
  const { "*": name = "" } = useParams<{ "*": string }>();
  const prices = useGet("/api/v1/prices", {});
  const found = prices.data?.models.find(({ model }) => model === name);
  return (
    <Page title={name} up={{ href: "/prices", title: "Prices" }}>
      <Loaded of={prices} skeleton={<Skeleton kind="row" rows={10} />}>
        {() => (found ? <Whole of={found} /> : <Empty title={`There is no model ${name}`} />)}
      </Loaded>
    </Page>
  );
}

function Whole({ of }: { of: Priced }) {
  return (
    <>
      <div className="panel">
        <Facts of={facts(of)} />
      </div>
      {of.rates && (
        <Section title="A million tokens">
          <Matrix of={of} rates={of.rates} />
        </Section>
      )}
    </>
  );
}

function facts(of: Priced): [string, ReactNode][] {
  const fees: [string, Schemas["Money"] | null | undefined][] = [
    ["A request", of.request],
    ["An image", of.image],
    ["A second", of.second],
    ["A search", of.search],
  ];
  return [
    [
      "Price row",
      of.price ? <code>{of.price}</code> : <Dot tone="warn">none is known: it cannot be called under a hard cap</Dot>,
    ],
    ["Model", <PageLink to={`/models/${of.model}`}>{of.model}</PageLink>],
    ["Provider", of.provider],
    ["Name there", <code>{of.upstream}</code>],
    ["Written in", of.file ? <code>{of.file}</code> : <span className="soft">the catalogue, or its registration</span>],
    ["Discount", of.discount ?? "none"],
    ...fees.filter(([, fee]) => fee?.nanos).map(([name, fee]): [string, ReactNode] => [name, <Rate of={fee} />]),
  ];
}

const KINDS: [keyof Rates, string][] = [
  ["input", "Input"],
  ["cached_input", "Input from the cache"],
  ["cache_write", "Input written to the cache"],
  ["cache_write_1h", "Input written for an hour"],
  ["image_input", "Images in"],
  ["audio_input", "Audio in"],
  ["cached_audio", "Audio from the cache"],
  ["output", "Output"],
  ["reasoning", "Reasoning"],
  ["image_output", "Images out"],
  ["audio_output", "Audio out"],
];

/** Kinds of tokens down, and across what they cost by length of the input and class of service. */
function Matrix({ of, rates }: { of: Priced; rates: Rates }) {
  const columns = [
    { title: "Standard", rates },
    ...of.tiers.map((tier) => ({ title: `Above ${count(tier.above_tokens)}`, rates: tier.rates })),
    ...of.classes.flatMap((own) => [
      { title: own.class, rates: own.rates },
      ...own.tiers.map((tier) => ({ title: `${own.class}, above ${count(tier.above_tokens)}`, rates: tier.rates })),
    ]),
  ];
  const kinds = KINDS.filter(([kind]) => columns.some((column) => column.rates[kind]));
  return (
    <div className="table-scroll rates-scroll" role="region" aria-label="Rates" tabIndex={0}>
      <table className="rates">
        <thead>
          <tr>
            <th scope="col">Tokens</th>
            {columns.map(({ title }) => (
              <th key={title} scope="col" data-align="end">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kinds.map(([kind, title]) => (
            <tr key={kind}>
              <th scope="row">{title}</th>
              {columns.map((column) => (
                <td key={column.title} data-align="end">
                  <Rate of={column.rates[kind]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
