import type { Schemas } from "../../api/paths";
import { Dot } from "../../components/Badge";

/** Whether an agent may call at all. */
export function AgentState({ agent }: { agent: Schemas["AgentView"] }) {
  if (agent.disabled) return <Dot tone="bad">disabled</Dot>;
  if (!agent.defined) return <Dot tone="warn">not in the tree</Dot>;
  return <Dot tone="good">active</Dot>;
}
