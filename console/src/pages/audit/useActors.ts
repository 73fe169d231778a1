import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";

/** Who acts, by name: agents and people. */
export function useActors(): string[] {
  const may = useMay();
  const agents = useGet("/api/v1/agents", may("agent.list") ? {} : null);
  const people = useGet("/api/v1/people", may("person.list") ? {} : null);
  const all = [...(agents.data?.agents ?? []), ...(people.data?.people ?? [])];
  return [...new Set(all.map(({ name }) => name))].sort();
}
