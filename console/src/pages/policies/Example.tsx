import { ChevronRight } from "lucide-react";

import { JsonView } from "../../components/JsonView";

interface ExampleProps {
  /** What it is an example of. */
  title: string;
  how?: string | null | undefined;
  /** The request in a few lines. */
  shown: string;
  /** The same in Cedar's JSON. */
  request: unknown;
}

/** One request that shows what a difference or a broken statement is about. */
export function Example({ title, how, shown, request }: ExampleProps) {
  return (
    <div className="policy-example">
      <p>
        <strong>{title}</strong>
        {how && <> {how}</>}
      </p>
      <p className="label soft">For example</p>
      <pre className="policy-shown" tabIndex={0} role="region" aria-label={`Example: ${title}`}>
        {shown}
      </pre>
      <details className="policy-more">
        <summary>
          <ChevronRight aria-hidden="true" /> In Cedar’s JSON
        </summary>
        <JsonView value={request} label="The request in Cedar’s JSON" />
      </details>
    </div>
  );
}
