import { Search } from "lucide-react";
import type { ReactNode } from "react";
import { Input, SearchField, ToggleButton, ToggleButtonGroup } from "react-aria-components";

import type { Option } from "./SelectField";

/** A bar above a table or chart with what narrows it. The values are in the address: see `useFilters`. */
export function Filters({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="filters" role="group" aria-label={label}>
      {children}
    </div>
  );
}

interface SearchFilterProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
}

/** Free text. */
export function SearchFilter({ label, value, onChange }: SearchFilterProps) {
  return (
    <SearchField className="search" aria-label={label} value={value} onChange={onChange}>
      <Search aria-hidden="true" />
      <Input placeholder={label} />
    </SearchField>
  );
}

interface ChoiceFilterProps<T extends string> {
  label: string;
  options: readonly Option<T>[];
  value: T;
  onChange: (value: T) => void;
}

/** One of a few, all of them in sight. */
export function ChoiceFilter<T extends string>({ label, options, value, onChange }: ChoiceFilterProps<T>) {
  return (
    <ToggleButtonGroup
      className="choice"
      aria-label={label}
      selectionMode="single"
      disallowEmptySelection
      selectedKeys={[value]}
      onSelectionChange={(keys) => {
        for (const key of keys) onChange(key as T);
      }}
    >
      {options.map(({ id, title }) => (
        <ToggleButton key={id} id={id}>
          {title}
        </ToggleButton>
      ))}
    </ToggleButtonGroup>
  );
}
