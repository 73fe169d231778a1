import { X } from "lucide-react";
import { useMemo } from "react";

import { customRange, instant, isPreset, presetRange, PRESETS, type Range } from "../format/range";
import { DAY_MS, HOUR_MS, isoDay } from "../format/time";
import { Button } from "./Button";
import { stepName } from "./chart/step";
import { DayFields } from "./DayFields";
import { ChoiceFilter } from "./Filters";
import { useFilters } from "./useFilters";
import { useNow } from "./Time";

const DEFAULTS = { range: "30d", from: "", to: "" };

/** The span of time that the address names, and a way to narrow it. */
export function useRange(): { range: Range; zoom: (from: number, to: number) => void } {
  const [{ range: preset, from, to }, set] = useFilters(DEFAULTS);
  const today = isoDay(useNow());
  const range = useMemo(() => {
    const now = Date.parse(today);
    return customRange(from, to) ?? presetRange(isPreset(preset) ? preset : "30d", now);
  }, [preset, from, to, today]);
  return {
    range,
    zoom: (first, end) => set({ from: instant(first), to: instant(end) }),
  };
}

/** Chooses a span of time: one of a few, or from day to day. What was zoomed to in a chart can be taken back. */
export function RangeFilter() {
  const [{ range: preset, from, to }, set] = useFilters(DEFAULTS);
  const { range } = useRange();
  const custom = customRange(from, to);
  return (
    <>
      <ChoiceFilter
        label="Time"
        options={PRESETS}
        value={custom ? "" : preset}
        onChange={(chosen: string) => set({ range: chosen, from: "", to: "" })}
      />
      <DayFields
        value={range}
        onChange={(ends) => set(customRange(ends.from, ends.to) ? ends : { from: "", to: "" })}
      />
      {custom && !isOfDays(custom) && (
        <Button icon={X} onPress={() => set({ from: "", to: "" })} aria-label={`Zoomed to ${told(custom)}. Zoom out`}>
          {told(custom)}
        </Button>
      )}
    </>
  );
}

function told({ from, to }: Range): string {
  return `${stepName(Date.parse(from), HOUR_MS)} – ${stepName(Date.parse(to), HOUR_MS)}`;
}

/** Whether the fields for days tell a span wholly. */
function isOfDays({ from, to }: Range): boolean {
  return Date.parse(from) % DAY_MS === 0 && Date.parse(to) % DAY_MS === 0;
}
