import type { Schemas } from "../../api/paths";
import { PageLink } from "../../components/PageLink";
import { Told } from "../../components/Told";
import { faultText } from "../../format/fault";

/** A commit by the beginning of its id. */
export function Commit({ id }: { id: string }) {
  return <code title={id}>{id.slice(0, 10)}</code>;
}

/** A line of a file of the tree, as a link to the editor. */
export function Place({ file, line }: { file: string; line?: number | null | undefined }) {
  const query = new URLSearchParams({ file, ...(line && { line: String(line) }) });
  return (
    <PageLink to={`/policies?${query}`}>
      <code>
        {file}
        {line ? `:${line}` : ""}
      </code>
    </PageLink>
  );
}

/** Mistakes of the tree, each with its place and what to do. */
export function Faults({ faults }: { faults: Schemas["FaultView"][] }) {
  return (
    <ul className="policy-faults">
      {faults.map((fault, index) => (
        <li key={index}>
          <Place file={fault.file} line={fault.line} />
          <p>
            <Told text={faultText(fault)} />
          </p>
          <p className="soft">
            <Told text={fault.fix} />
          </p>
        </li>
      ))}
    </ul>
  );
}
