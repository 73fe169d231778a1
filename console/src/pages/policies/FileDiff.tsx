import { useMemo } from "react";

import { Badge } from "../../components/Badge";
import type { Changed } from "./draft";
import { differs, linesOf, pieces, type Line } from "./lines";
import { Place } from "./Places";

const SIGNS = { same: " ", gone: "−", new: "+" };

/** What differs in one file. */
export function FileDiff({ path, changed: { before, text } }: { path: string; changed: Changed }) {
  const lines = useMemo(() => linesOf(before ?? "", text ?? ""), [before, text]);
  const added = lines.filter(({ kind }) => kind === "new").length;
  const gone = lines.filter(differs).length - added;
  return (
    <section className="panel file-diff" aria-label={path}>
      <header>
        <Place file={path} />
        {before === null && <Badge tone="info">new</Badge>}
        {text === null && <Badge tone="bad">removed</Badge>}
        <span className="file-diff-sum">
          <span data-kind="new">+{added}</span> <span data-kind="gone">−{gone}</span>
        </span>
      </header>
      <div className="diff-scroll" tabIndex={0} role="region" aria-label={`What differs in ${path}`}>
        {pieces(lines).map((piece, index) => (
          <Piece key={index} lines={piece} />
        ))}
      </div>
    </section>
  );
}

function Piece({ lines }: { lines: Line[] }) {
  return (
    <div className="diff-piece">
      {lines.map(({ kind, text, number }) => (
        <div key={`${kind}${number}`} className="diff-line" data-kind={kind}>
          <span className="diff-number">{number}</span>
          <span
            className="diff-sign"
            aria-label={kind === "same" ? undefined : kind}
            role={kind === "same" ? undefined : "img"}
          >
            {SIGNS[kind]}
          </span>
          <code>{text || " "}</code>
        </div>
      ))}
    </div>
  );
}
