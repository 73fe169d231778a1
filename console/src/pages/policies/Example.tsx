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
  isOpen?: boolean;
}

/** One request that shows what a difference or a broken statement is about. */
export function Example({ title, how, shown, request, isOpen = true }: ExampleProps) {
  return (
    <div className="policy-example">
      <p>
        <strong>{title}</strong>
        {how && <> {how}</>}
      </p>
      <details className="policy-more" open={isOpen}>
        <summary>
          <ChevronRight aria-hidden="true" /> For example
        </summary>
        <pre className="policy-shown" tabIndex={0} role="region" aria-label={`Example: ${title}`}>
          {shown}
        </pre>
        <details className="policy-more">
          <summary>
            <ChevronRight aria-hidden="true" /> In Cedar’s JSON
          </summary>
          <JsonView value={request} label="The request in Cedar’s JSON" />
        </details>
      </details>
    </div>
  );
}
