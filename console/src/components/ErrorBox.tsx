import { TriangleAlert } from "lucide-react";

import type { Refused } from "../api/refusal";
import { faultText } from "../format/fault";
import { Button } from "./Button";
import { PageLink } from "./PageLink";
import { Told } from "./Told";

/** Says what was not done, why, and what to do about it. */
export function ErrorBox({ error, retry }: { error: Refused; retry?: () => void }) {
  const { message, fix, approval, faults = [] } = error.fault;
  return (
    <div className="error-box" role="alert">
      <TriangleAlert aria-hidden="true" />
      <div>
        <p className="error-what">
          <Told text={message} />
        </p>
        <p>
          <Told text={fix} />
        </p>
        {approval && (
          <p>
            The question is <PageLink to={`/approvals/${approval.id}`}>{approval.id}</PageLink>: {approval.status}, by{" "}
            {approval.roles.join(" and ")}.
          </p>
        )}
        {faults.length > 0 && (
          <ul>
            {faults.map((fault) => (
              <li key={`${fault.file}:${fault.line}:${fault.message}`}>
                <code>
                  {fault.file}
                  {fault.line ? `:${fault.line}` : ""}
                </code>{" "}
                <Told text={faultText(fault)} /> <Told text={fault.fix} />
              </li>
            ))}
          </ul>
        )}
        {retry && <Button onPress={retry}>Try again</Button>}
      </div>
    </div>
  );
}
