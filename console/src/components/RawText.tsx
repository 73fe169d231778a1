import { visible } from "../format/visible";

/** A text of an agent, a tool or a model: shown as text, whatever it holds, with what is not seen spelled out. */
export function RawText({ label, text }: { label: string; text: string }) {
  return (
    <pre className="json" role="region" aria-label={label} tabIndex={0}>
      {visible(text)}
    </pre>
  );
}
