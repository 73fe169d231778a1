// What a question to people is about.

import type { Schemas } from "../../api/paths";
import type { Session } from "../../api/session";
import { fieldsOf, textOf } from "../../format/fields";
import { coded } from "../../format/text";

export type Approval = Schemas["ApprovalView"];

/** What is to be done, by its name: the tool, the model, the operation. */
export function subjectOf({ kind, detail }: Approval): string {
  const { server, tool, model, operation, target } = fieldsOf(detail);
  if (textOf(tool)) return [textOf(server), textOf(tool)].filter(Boolean).join(".");
  if (textOf(model)) return `${textOf(model)}`;
  if (textOf(operation)) return [textOf(operation), textOf(target)].filter(Boolean).join(" ");
  if (kind === "budget") return `more for ${agentOf(detail)}`;
  return coded(kind);
}

/** Whose budget a question is about. */
function agentOf(detail: unknown): string {
  const { agent, budget } = fieldsOf(detail);
  return textOf(agent) ?? textOf(budget) ?? "a budget";
}

/**
 * Whether a vote is offered: to who may vote on everything, and to who has a role that is asked for, or answers for
 * the agent, or may raise the budget that is asked about. Nobody answers what they ask themselves, and once is enough.
 */
export function isOffered({ kind, requester, owner, roles, votes }: Approval, { person, groups, operations }: Voter) {
  if (requester === person || votes.some((vote) => vote.person === person)) return false;
  if (operations.includes("approval.approve")) return true;
  if (kind === "budget" && operations.includes("budget.raise")) return true;
  return owner === person || roles.some((role) => groups.includes(role));
}

type Voter = Pick<Session, "person" | "groups" | "operations">;
