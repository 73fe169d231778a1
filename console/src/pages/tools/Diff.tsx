import { changeOf, parted, type Parts } from "./change";
import { Shown } from "./Shown";

/** What differs from the definition that is offered, place by place. */
export function Diff({ changes, tool }: { changes: string[]; tool: string }) {
  return (
    <ul className="tool-diff">
      {changes.map((change) => (
        <Place key={change} change={change} tool={tool} />
      ))}
    </ul>
  );
}

function Place({ change, tool }: { change: string; tool: string }) {
  const { path, before, after } = changeOf(change, tool);
  const [was, is] = parted(before ?? "", after ?? "");
  return (
    <li>
      <code className="tool-diff-path">
        <Shown text={path} />
      </code>
      {before !== undefined && (
        <del>
          <span className="hidden">Before: </span>
          <Line of={was} />
        </del>
      )}
      {after !== undefined && (
        <ins>
          <span className="hidden">After: </span>
          <Line of={is} />
        </ins>
      )}
    </li>
  );
}

function Line({ of: [start, middle, end] }: { of: Parts }) {
  return (
    <code>
      <Shown text={start} />
      {middle && (
        <mark>
          <Escapes text={middle} />
        </mark>
      )}
      <Shown text={end} />
    </code>
  );
}

/** The server writes what is hidden as `\u{200b}` here. */
function Escapes({ text }: { text: string }) {
  return (
    <>
      {text.split(/(\\u\{[0-9a-f]+\})/u).map((part, index) =>
        index % 2 === 1 ? (
          <span key={index} className="hidden-character" title="A character that is not seen">
            U+{part.slice(3, -1).toUpperCase().padStart(4, "0")}
          </span>
        ) : (
          <Shown key={index} text={part} />
        ),
      )}
    </>
  );
}
