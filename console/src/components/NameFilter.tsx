import { Search } from "lucide-react";
import { useEffect, useId, useState } from "react";
import { Input, SearchField } from "react-aria-components";

interface NameFilterProps {
  label: string;
  placeholder?: string;
  /** What is offered as one types. */
  names?: readonly string[];
  value: string;
  onChange: (value: string) => void;
}

/** A whole name or id, asked for once it is typed. */
export function NameFilter({ label, placeholder = label, names = [], value, onChange }: NameFilterProps) {
  const list = useId();
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <SearchField
      className="search"
      aria-label={label}
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
      <Input placeholder={placeholder} list={names.length > 0 ? list : undefined} />
      {names.length > 0 && (
        <datalist id={list}>
          {names.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
    </SearchField>
  );
}
