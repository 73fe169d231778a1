import { CircleAlert, CircleCheck, LoaderCircle, TriangleAlert } from "lucide-react";

import type { Schemas } from "../../api/paths";
import type { Problem } from "../../cedar/problem";
import { PageLink } from "../../components/PageLink";
import { Told } from "../../components/Told";
import { faultText } from "../../format/fault";
import { counted } from "../../format/number";
import { Place } from "./Places";
import { useCheck } from "./useCheck";

interface ProblemsProps {
  path: string;
  problems: Problem[];
  /** What the draft breaks in other files. */
  elsewhere: Schemas["FaultView"][];
  isChecking: boolean;
}

/** What is wrong with the file, and by it with others, below the editor. */
export function Problems({ path, problems, elsewhere, isChecking }: ProblemsProps) {
  const { isDone, refused } = useCheck();
  const found = problems.length + elsewhere.length;
  const isChecked = /\.cedar(?:schema)?$/.test(path) || isDone || isChecking;
  return (
    <div className="policy-problems">
      <p className="policy-problems-head">
        {(isChecked || found > 0) && <State problems={problems} elsewhere={elsewhere} isChecking={isChecking} />}
        <span className="policy-keys">
          <kbd>Tab</kbd> indents; <kbd>Esc</kbd> then <kbd>Tab</kbd> leaves the editor
        </span>
      </p>
      {refused && (
        <p className="policy-unchecked">
          The server has not checked the draft. <Told text={refused.fault.message} /> <Told text={refused.fault.fix} />
        </p>
      )}
      {found > 0 && (
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
          {elsewhere.map((fault, index) => (
            <li key={`elsewhere ${index}`} data-severity="error">
              <CircleAlert aria-label="Mistake" />
              <Place file={fault.file} line={fault.line} />
              <span>
                <Told text={faultText(fault)} /> <Told text={fault.fix} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function State({ problems, elsewhere, isChecking }: Omit<ProblemsProps, "path">) {
  const { isDone } = useCheck();
  if (isChecking && problems.length + elsewhere.length === 0) {
    return (
      <span className="policy-problems-state">
        <LoaderCircle aria-hidden="true" /> Checking…
      </span>
    );
  }
  const errors = problems.filter(({ severity }) => severity === "error").length + elsewhere.length;
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
      {warned > 0 ? counted(warned, "warning") : isDone ? "The server finds no mistake" : "Fits the schema"}
    </span>
  );
}
