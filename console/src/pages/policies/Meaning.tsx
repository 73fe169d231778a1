import { Equal, ShieldMinus, ShieldPlus, TriangleAlert } from "lucide-react";

import type { Schemas } from "../../api/paths";
import { Told } from "../../components/Told";
import { Example } from "./Example";
import { Replay } from "./Replay";

/** Beyond so many, examples are shown once they are asked for. */
const SHOWN_MAX = 3;

/** What a change newly permits and newly denies, with an example for each kind of request. */
export function Meaning({ diff }: { diff: Schemas["PolicyDiff"] }) {
  return (
    <div className="stack">
      <Headline diff={diff} />
      {diff.layers.map((layer) => (
        <Layer key={layer.layer} layer={layer} />
      ))}
      {diff.replay && <Replay replay={diff.replay} />}
    </div>
  );
}

function Headline({ diff: { widens, layers } }: { diff: Schemas["PolicyDiff"] }) {
  const isUnknown = layers.some(({ unknown }) => unknown.length > 0);
  const narrows = layers.some(({ denies }) => denies.length > 0);
  if (!widens && !narrows) {
    return (
      <p className="policy-headline" data-tone="good">
        <Equal aria-hidden="true" /> Every request is decided as it is now.
      </p>
    );
  }
  const text = isUnknown
    ? "What is permitted may be more than now: for some requests nobody knows."
    : widens
      ? `More is permitted than now${narrows ? ", and some is denied that is permitted now" : ""}.`
      : "Nothing is permitted that is denied now; some is denied that is permitted now.";
  const Icon = isUnknown ? TriangleAlert : widens ? ShieldMinus : ShieldPlus;
  return (
    <p className="policy-headline" data-tone={widens ? "warn" : "good"}>
      <Icon aria-hidden="true" /> {text}
    </p>
  );
}

function Layer({ layer: { layer, permits, denies, unknown } }: { layer: Schemas["LayerView"] }) {
  return (
    <section className="panel policy-layer">
      <h3>{layer === "organisation" ? "The organisation’s policies" : `The policies of ${layer}`}</h3>
      <div className="policy-sides">
        <Side title="May more" of={permits} kind="more" />
        <Side title="May less" of={denies} kind="less" />
      </div>
      {unknown.map((why, index) => (
        <p key={index} className="policy-unknown">
          <TriangleAlert aria-hidden="true" /> <Told text={why} />
        </p>
      ))}
    </section>
  );
}

function Side({ title, of, kind }: { title: string; of: Schemas["DifferenceView"][]; kind: "more" | "less" }) {
  return (
    <div className="policy-side" data-kind={kind}>
      <h4>
        {title} <span className="soft">{of.length > 0 ? of.length : ""}</span>
      </h4>
      {of.length === 0 && <p className="soft">Nobody.</p>}
      {of.map((difference, index) => (
        <Example
          key={index}
          title={difference.about}
          how={difference.how}
          shown={difference.shown}
          request={difference.example}
          isOpen={of.length <= SHOWN_MAX}
        />
      ))}
    </div>
  );
}
