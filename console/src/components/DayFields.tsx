import { useEffect, useEffectEvent, useState } from "react";
import { Input, Label, TextField } from "react-aria-components";

import { daysOf, isDay, withDay, type Ends } from "../format/range";

/** How long typing pauses before a day counts, in milliseconds: with each digit there is another one. */
const PAUSE_MS = 600;

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

  const take = useEffectEvent(() => {
    if (isDay(typed) && typed !== value) onChange(typed);
  });
  useEffect(() => {
    const timer = setTimeout(take, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  function leave() {
    // While a day is typed a browser has none, so that only what is left empty is meant so.
    if (typed === "" && value !== "") onChange("");
    else if (isDay(typed) && typed !== value) onChange(typed);
    else setTyped(value);
  }

  return (
    <TextField
      className="field"
      data-inline
      type="date"
      value={typed}
      onChange={setTyped}
      onBlur={leave}
      onKeyDown={({ key }) => key === "Enter" && leave()}
    >
      <Label>{label}</Label>
      <Input />
    </TextField>
  );
}
