import { useGet } from "./hooks";
import { useMay } from "./session";

/** Gives an agent's name for its id, as little as a name until that is told, and anything else as it is. */
export function useAgentName(): (id: string) => string {
  const may = useMay();
  const { data, isLoading } = useGet("/api/v1/agents", may("agent.list") ? {} : null);
  return (id) => {
    if (!id.startsWith("agt_")) return id;
    return data?.agents.find((agent) => agent.id === id)?.name ?? (isLoading ? "…" : id);
  };
}
