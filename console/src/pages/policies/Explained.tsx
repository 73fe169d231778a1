import { ChevronRight, CircleCheck, CircleX } from "lucide-react";

import type { Schemas } from "../../api/paths";
import { Told } from "../../components/Told";
import { counted } from "../../format/number";
import { Commit, Place } from "./Places";

type Explained = Schemas["ExplainedModel"];

/** The answer for each model or tool: what is decided, by what, and what would decide otherwise. */
export function Explained({ answer: { commit, agent, models } }: { answer: Schemas["PolicyExplanation"] }) {
  const permitted = models.filter(({ outcome }) => outcome.permitted).length;
  const sorted = [...models].sort((a, b) => Number(b.outcome.permitted) - Number(a.outcome.permitted));
  return (
    <div className="stack">
      <p className="soft">
        <strong className="explain-sum">
          {models.length > 1
            ? `${agent} may call ${permitted} of ${counted(models.length, "model")}`
            : `${agent} ${permitted > 0 ? "may" : "may not"} call it`}
        </strong>
        , by commit <Commit id={commit} />. What is said below holds for a call with exactly these facts.
      </p>
      {sorted.map((model) => (
        <Answer key={model.model} of={model} isAlone={models.length === 1} />
      ))}
    </div>
  );
}

function Answer({ of, isAlone }: { of: Explained; isAlone: boolean }) {
  const { model, outcome, policies, changes } = of;
  return (
    <details className="panel explain-one" open={isAlone}>
      <summary>
        <ChevronRight aria-hidden="true" />
        {outcome.permitted ? (
          <CircleCheck role="img" aria-label="Permitted" data-tone="good" />
        ) : (
          <CircleX role="img" aria-label="Denied" data-tone="bad" />
        )}
        <code>{model}</code>
        <span className="soft explain-told">{outcome.told}</span>
      </summary>
      <ol className="steps">
        <li>
          <div>
            <strong>{outcome.permitted ? "Both layers permit it" : "These policies decide"}</strong>
            <Policies of={policies} />
          </div>
        </li>
        <li>
          <div>
            <strong>{outcome.permitted ? "It may go out" : "It is refused"}</strong>
            <p>
              {outcome.told === "permitted" ? "Nothing more is asked of it." : <Told text={outcome.told} />}
              {outcome.reason && (
                <>
                  {" "}
                  The reason is <code>{outcome.reason}</code>.
                </>
              )}
            </p>
          </div>
        </li>
        <li>
          <div>
            <strong>What would change that</strong>
            <Otherwise of={changes} />
          </div>
        </li>
      </ol>
    </details>
  );
}

function Policies({ of }: { of: Schemas["PlaceView"][] }) {
  if (of.length === 0) return <p>None: nothing permits it, and what nobody permits is denied.</p>;
  return (
    <ul className="explain-list">
      {of.map(({ id, file, line }) => (
        <li key={`${id} ${file}:${line}`}>
          <code>{id}</code> <Place file={file} line={line} />
        </li>
      ))}
    </ul>
  );
}

function Otherwise({ of }: { of: Schemas["ChangeView"][] }) {
  if (of.length === 0) return <p>No single fact.</p>;
  return (
    <ul className="explain-list">
      {of.map(({ change, outcome }) => (
        <li key={change}>
          {outcome.permitted ? (
            <CircleCheck role="img" aria-label="Permitted" data-tone="good" />
          ) : (
            <CircleX role="img" aria-label="Denied" data-tone="bad" />
          )}
          <span>
            {change}: <span className="soft">{outcome.told}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}
