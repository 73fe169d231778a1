import { Search } from "lucide-react";
import { useId, useState } from "react";
import { Input, SearchField } from "react-aria-components";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { ChoiceFilter } from "../../components/Filters";
import { SelectField } from "../../components/SelectField";
import { coded } from "../../format/text";

/** Narrows nothing; no agent can be called so. */
const ANY = "*";

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
  "body_too_large",
  "upstream_failed",
  "upstream_timeout",
  "overloaded",
  "dependency_unavailable",
];

const OUTCOMES = [{ id: ANY, title: "any" }, ...CODES.map((id) => ({ id, title: coded(id) }))];

export interface TrafficFilter {
  agent: string;
  action: string;
  resource: string;
  outcome: string;
}

interface TrafficFiltersProps {
  value: TrafficFilter;
  onChange: (changes: Partial<TrafficFilter>) => void;
}

/** What narrows the list. */
export function TrafficFilters({ value: { agent, action, resource, outcome }, onChange }: TrafficFiltersProps) {
  const may = useMay();
  const agents = useGet("/api/v1/agents", may("agent.list") ? {} : null);
  const names = new Set(agents.data?.agents.map(({ name }) => name));
  // An agent that is gone from the tree still has its requests.
  if (agent) names.add(agent);
  const known = [...names].sort().map((id) => ({ id, title: id }));
  const none = (chosen: string) => (chosen === ANY ? "" : chosen);
  return (
    <>
      <ChoiceFilter
        label="Kind of call"
        options={ACTIONS}
        value={action || ANY}
        onChange={(chosen) => onChange({ action: none(chosen) })}
      />
      <ResourceFilter key={resource} value={resource} onChange={(named) => onChange({ resource: named })} />
      <SelectField
        isInline
        label="Agent"
        options={[{ id: ANY, title: "any" }, ...known]}
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

/** The whole name of a model or a tool, asked for once it is typed. */
function ResourceFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const may = useMay();
  const list = useId();
  const [typed, setTyped] = useState(value);
  const models = useGet("/api/v1/models", may("model.list") ? {} : null);
  const tools = useGet("/api/v1/tools", may("tool.list") ? {} : null);
  const names = [...(models.data?.models ?? []).map(({ id }) => id), ...(tools.data?.tools ?? []).map(({ id }) => id)];
  return (
    <SearchField
      className="search"
      aria-label="Model or tool"
      value={typed}
      onChange={(text) => {
        setTyped(text);
        if (names.includes(text)) onChange(text);
      }}
      onSubmit={(text) => onChange(text.trim())}
      onBlur={() => onChange(typed.trim())}
      onClear={() => onChange("")}
    >
      <Search aria-hidden="true" />
      <Input placeholder="Model or tool" list={list} />
      <datalist id={list}>
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </SearchField>
  );
}
