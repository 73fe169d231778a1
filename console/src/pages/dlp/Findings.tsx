import { TriangleAlert } from "lucide-react";
import { useState } from "react";

import type { Schemas } from "../../api/paths";
import { Badge, type Tone } from "../../components/Badge";
import { counted } from "../../format/number";
import { highest, piecesOf, placeOf, type Finding } from "./marks";

interface FindingsProps {
  text: string;
  found: Schemas["Scanned"];
  /** Whether the text was changed since. */
  isOld: boolean;
}

/** What was found: marked in the text, and one by one. */
export function Findings({ text, found: { label, complete, findings }, isOld }: FindingsProps) {
  const [chosen, setChosen] = useState<number | null>(null);
  return (
    <div className="stack" data-old={isOld || undefined}>
      <div className="panel dlp-head">
        <span className="dlp-label">
          Label <Badge tone={toneOf(label)}>{label}</Badge>
        </span>
        <span>{findings.length > 0 ? counted(findings.length, "finding") : "Nothing was found"}</span>
        {isOld && <span className="soft">of the text before it was changed</span>}
      </div>
      {!complete && (
        <div className="note">
          <TriangleAlert aria-hidden="true" />
          <p>Not everything was looked at, so the label is restricted, whatever was found.</p>
        </div>
      )}
      <pre className="panel dlp-text" tabIndex={0} role="region" aria-label="The text with what was found">
        {piecesOf(text, findings).map(({ text: piece, of }, index) => {
          const top = highest(findings, of);
          if (!top) return piece;
          return (
            <mark
              key={index}
              data-tone={toneOf(top.label)}
              data-chosen={(chosen !== null && of.includes(chosen)) || undefined}
              title={of.map((at) => findings[at]?.kind).join(", ")}
            >
              {piece}
            </mark>
          );
        })}
      </pre>
      {findings.length > 0 && (
        <ul className="panel dlp-list" onPointerLeave={() => setChosen(null)}>
          {findings.map((finding, index) => (
            <One
              key={index}
              finding={finding}
              at={placeOf(text, finding.chars.start)}
              onPoint={() => setChosen(index)}
            />
          ))}
        </ul>
      )}
    </div>
  );
}

function One({ finding, at, onPoint }: { finding: Finding; at: string; onPoint: () => void }) {
  const { kind, label, score, terms, chars } = finding;
  return (
    <li onPointerEnter={onPoint}>
      <div className="dlp-one">
        <strong>{kind}</strong>
        <Badge tone={toneOf(label)}>{label}</Badge>
        <span className="soft">
          at {at}, {counted(chars.end - chars.start, "character")}
        </span>
        <span className="dlp-score">score {score}</span>
      </div>
      <ul className="dlp-terms" aria-label="The points of the score">
        {terms.map(({ name, points }, index) => (
          <li key={index} data-less={points < 0 || undefined}>
            {name.replaceAll("_", " ")} <b>{points < 0 ? `−${-points}` : `+${points}`}</b>
          </li>
        ))}
      </ul>
    </li>
  );
}

const TONES: Record<string, Tone> = { public: "good", internal: "info", sensitive: "warn", restricted: "bad" };

function toneOf(label: string): Tone {
  return TONES[label] ?? "plain";
}
