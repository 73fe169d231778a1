import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { ChoiceFilter } from "../../components/Filters";
import { NameFilter } from "../../components/NameFilter";
import { SelectField } from "../../components/SelectField";
import { coded } from "../../format/text";
import type { TrafficFilter } from "./filter";
import { ANY, optionsOf } from "./options";

const ACTIONS = [
  { id: ANY, title: "All" },
  { id: "callModel", title: "Models" },
  { id: "callTool", title: "Tools" },
];

const CODES = [
  "ok",
  "policy_denied",
  "dlp_blocked",
  "approval_required",
  "budget_exhausted",
  "budget_held",
  "rate_limited",
  "no_route",
  "model_not_found",
  "session_not_found",
  "invalid_request",
  "context_length_exceeded",
  "body_too_large",
  "upstream_failed",
  "upstream_timeout",
  "overloaded",
  "dependency_unavailable",
];

const OUTCOMES = [{ id: ANY, title: "any" }, ...CODES.map((id) => ({ id, title: coded(id) }))];

interface TrafficFiltersProps {
  value: TrafficFilter;
  onChange: (changes: Partial<TrafficFilter>) => void;
}

/** What narrows the list. */
export function TrafficFilters({ value: { agent, action, resource, outcome }, onChange }: TrafficFiltersProps) {
  const may = useMay();
  const agents = useGet("/api/v1/agents", may("agent.list") ? {} : null);
  const models = useGet("/api/v1/models", may("model.list") ? {} : null);
  const tools = useGet("/api/v1/tools", may("tool.list") ? {} : null);
  const resources = [...(models.data?.models ?? []), ...(tools.data?.tools ?? [])].map(({ id }) => id);
  // An agent that is gone from the tree still has its requests.
  const names = (agents.data?.agents ?? []).map(({ name }) => name).sort();
  const none = (chosen: string) => (chosen === ANY ? "" : chosen);
  return (
    <>
      <ChoiceFilter
        label="Kind of call"
        options={ACTIONS}
        value={action || ANY}
        onChange={(chosen) => onChange({ action: none(chosen) })}
      />
      <NameFilter
        label="Model or tool"
        names={resources}
        value={resource}
        onChange={(named) => onChange({ resource: named })}
      />
      <SelectField
        isInline
        label="Agent"
        options={optionsOf(names, agent)}
        value={agent || ANY}
        onChange={(chosen) => onChange({ agent: none(chosen) })}
      />
      <SelectField
        isInline
        label="Outcome"
        options={OUTCOMES}
        value={outcome || ANY}
        onChange={(chosen) => onChange({ outcome: none(chosen) })}
      />
    </>
  );
}
