import { useGet } from "./hooks";
import { useMay } from "./session";

/** Gives an agent's name for its id; the id itself where it is not known. */
export function useAgentName(): (id: string) => string {
  const may = useMay();
  const agents = useGet("/api/v1/agents", may("agent.list") ? {} : null);
  return (id) => agents.data?.agents.find((agent) => agent.id === id)?.name ?? id;
}
