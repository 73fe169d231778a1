import { visible } from "../format/visible";

/** JSON to read: names and values told apart by colour, whatever they hold shown as text. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  return (
    <pre className="json" role="region" aria-label={label} tabIndex={0}>
      {tokens(visible(JSON.stringify(value, null, 2) ?? "null")).map(({ kind, text }, index) =>
        kind ? (
          <span key={index} data-kind={kind}>
            {text}
          </span>
        ) : (
          text
        ),
      )}
    </pre>
  );
}

interface Token {
  kind?: "name" | "text" | "word";
  text: string;
}

/** Cuts the output of `JSON.stringify` into what is coloured and what is between. */
function tokens(json: string): Token[] {
  const found: Token[] = [];
  const pattern = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d[\d.eE+-]*/g;
  let end = 0;
  for (const match of json.matchAll(pattern)) {
    if (match.index > end) found.push({ text: json.slice(end, match.index) });
    const [whole, string, colon] = match;
    const text = string ?? whole;
    found.push({ kind: string === undefined ? "word" : colon === undefined ? "text" : "name", text });
    end = match.index + text.length;
  }
  found.push({ text: json.slice(end) });
  return found;
}
