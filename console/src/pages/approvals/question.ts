// What a question to people is about.

import type { Schemas } from "../../api/paths";
import { fieldsOf, textOf } from "../../format/fields";
import { coded } from "../../format/text";

export type Approval = Schemas["ApprovalView"];

/** What is to be done, by its name: the tool, the model, the operation. */
export function subjectOf({ kind, detail }: Approval): string {
  const { server, tool, model, operation, target } = fieldsOf(detail);
  if (textOf(tool)) return [textOf(server), textOf(tool)].filter(Boolean).join(".");
  if (textOf(model)) return `${textOf(model)}`;
  if (textOf(operation)) return [textOf(operation), textOf(target)].filter(Boolean).join(" ");
  return coded(kind);
}
