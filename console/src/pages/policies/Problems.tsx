import { CircleAlert, CircleCheck, LoaderCircle, TriangleAlert } from "lucide-react";

import type { Problem } from "../../cedar/problem";
import { PageLink } from "../../components/PageLink";
import { Told } from "../../components/Told";
import { counted } from "../../format/number";

interface ProblemsProps {
  path: string;
  problems: Problem[];
  isChecking: boolean;
}

/** What is wrong with the file, below the editor. */
export function Problems({ path, problems, isChecking }: ProblemsProps) {
  const isChecked = /\.cedar(?:schema)?$/.test(path);
  return (
    <div className="policy-problems">
      <p className="policy-problems-head">
        {(isChecked || problems.length > 0) && <State problems={problems} isChecking={isChecking} />}
        <span className="policy-keys">
          <kbd>Tab</kbd> indents; <kbd>Esc</kbd> then <kbd>Tab</kbd> leaves the editor
        </span>
      </p>
      {problems.length > 0 && (
        <ul>
          {problems.map((problem, index) => (
            <li key={index} data-severity={problem.severity}>
              {problem.severity === "error" ? (
                <CircleAlert aria-label="Mistake" />
              ) : (
                <TriangleAlert aria-label="Warning" />
              )}
              {problem.line && (
                <PageLink to={`/policies?${new URLSearchParams({ file: path, line: String(problem.line) })}`}>
                  line {problem.line}
                </PageLink>
              )}
              <span>
                <Told text={problem.message} /> {problem.fix && <Told text={problem.fix} />}
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function State({ problems, isChecking }: Omit<ProblemsProps, "path">) {
  if (isChecking && problems.length === 0) {
    return (
      <span className="policy-problems-state">
        <LoaderCircle aria-hidden="true" /> Checking…
      </span>
    );
  }
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (errors > 0) {
    return (
      <span className="policy-problems-state" data-tone="bad">
        <CircleAlert aria-hidden="true" /> {counted(errors, "mistake")}
      </span>
    );
  }
  const warned = problems.length;
  return (
    <span className="policy-problems-state" data-tone={warned > 0 ? "warn" : "good"}>
      {warned > 0 ? <TriangleAlert aria-hidden="true" /> : <CircleCheck aria-hidden="true" />}
      {warned > 0 ? counted(warned, "warning") : "Fits the schema"}
    </span>
  );
}
