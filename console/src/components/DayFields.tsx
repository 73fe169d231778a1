import { useEffect, useState } from "react";
import { Input, Label, TextField } from "react-aria-components";

import { daysOf, isDay, withDay, type Ends } from "../format/range";

interface DayFieldsProps {
  value: Ends;
  onChange: (ends: Ends) => void;
}

/** The first and the last day of a span, of UTC as everything is counted. */
export function DayFields({ value, onChange }: DayFieldsProps) {
  const { first, last } = daysOf(value);
  return (
    <>
      <DayField label="From" value={first} onChange={(day) => onChange(withDay(value, { first: day }))} />
      <DayField label="To" value={last} onChange={(day) => onChange(withDay(value, { last: day }))} />
    </>
  );
}

interface DayFieldProps {
  label: string;
  value: string;
  onChange: (day: string) => void;
}

function DayField({ label, value, onChange }: DayFieldProps) {
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  return (
    <TextField
      className="field"
      data-inline
      type="date"
      value={typed}
      onChange={(text) => {
        setTyped(text);
        if (isDay(text) && text !== value) onChange(text);
      }}
      // While a day is typed a browser has none, so that only what is left empty is meant so.
      onBlur={() => {
        if (typed === "" && value !== "") onChange("");
        else setTyped(value);
      }}
    >
      <Label>{label}</Label>
      <Input />
    </TextField>
  );
}
