import { SlidersHorizontal, X } from "lucide-react";
import { useId, useState } from "react";

import { useGet } from "../../api/hooks";
import { useMay } from "../../api/session";
import { Button } from "../../components/Button";
import { NameFilter } from "../../components/NameFilter";
import { SelectField } from "../../components/SelectField";
import { rareCount, withoutRare, type TrafficFilter } from "./filter";
import { ANY, optionsOf } from "./options";

const LABELS = optionsOf(["public", "internal", "sensitive", "restricted"]);

interface MoreFiltersProps {
  value: TrafficFilter;
  onChange: (changes: Partial<TrafficFilter>) => void;
}

/** What few ask for, behind a button that says how many of it narrow the list. */
export function MoreFilters({ value, onChange }: MoreFiltersProps) {
  const fields = useId();
  const active = rareCount(value);
  const [isOpen, setOpen] = useState(active > 0);
  return (
    <>
      <Button
        kind="quiet"
        icon={SlidersHorizontal}
        aria-expanded={isOpen}
        aria-controls={isOpen ? fields : undefined}
        onPress={() => setOpen(!isOpen)}
      >
        More filters{active > 0 && ` (${active})`}
      </Button>
      {isOpen && (
        <div className="filters filters-more" id={fields}>
          <Fields value={value} onChange={onChange} />
          {active > 0 && (
            <Button kind="quiet" icon={X} onPress={() => onChange(withoutRare())}>
              Clear these
            </Button>
          )}
        </div>
      )}
    </>
  );
}

function Fields({ value: { provider, label, session, user, credential }, onChange }: MoreFiltersProps) {
  const may = useMay();
  const providers = useGet("/api/v1/providers", may("provider.list") ? {} : null);
  const agents = useGet("/api/v1/agents", may("agent.list") ? {} : null);
  const names = (providers.data?.providers ?? []).map(({ name }) => name);
  const owners = (agents.data?.agents ?? []).map(({ owner }) => owner);
  const none = (chosen: string) => (chosen === ANY ? "" : chosen);
  return (
    <>
      <SelectField
        isInline
        label="Provider"
        options={optionsOf(names, provider)}
        value={provider || ANY}
        onChange={(chosen) => onChange({ provider: none(chosen) })}
      />
      <SelectField
        isInline
        label="Label"
        options={LABELS}
        value={label || ANY}
        onChange={(chosen) => onChange({ label: none(chosen) })}
      />
      <SelectField
        isInline
        label="Owner"
        options={optionsOf(owners.sort(), user)}
        value={user || ANY}
        onChange={(chosen) => onChange({ user: none(chosen) })}
      />
      <NameFilter
        label="Session, by its id"
        placeholder="Session, ses_…"
        value={session}
        onChange={(id) => onChange({ session: id })}
      />
      <NameFilter
        label="Key or grant, by its id"
        placeholder="Key or grant, key_… or grt_…"
        value={credential}
        onChange={(id) => onChange({ credential: id })}
      />
    </>
  );
}
