import { Search } from "lucide-react";
import { useState } from "react";
import { Input, SearchField } from "react-aria-components";

/** The records of one request, once its whole id is there. */
export function RequestFilter({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const [typed, setTyped] = useState(value);
  const look = (text: string) => {
    const id = text.trim();
    setTyped(id);
    if (id === "" || /^req_\w{26}$/.test(id)) onChange(id);
  };
  return (
    <SearchField
      className="search"
      aria-label="Request, by its id"
      value={typed}
      onChange={look}
      onSubmit={(text) => onChange(text.trim())}
    >
      <Search aria-hidden="true" />
      <Input placeholder="Request, req_…" />
    </SearchField>
  );
}
