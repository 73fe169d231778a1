import { X } from "lucide-react";
import { useMemo } from "react";

import { customRange, instant, isPreset, presetRange, PRESETS, type Range } from "../format/range";
import { day, DAY_MS, HOUR_MS, isoDay } from "../format/time";
import { Button } from "./Button";
import { stepName } from "./chart/step";
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

/** Chooses a span of time; what was zoomed to in a chart is shown beside and can be taken back. */
export function RangeFilter() {
  const [{ range, from, to }, set] = useFilters(DEFAULTS);
  const custom = customRange(from, to);
  return (
    <>
      <ChoiceFilter
        label="Time"
        options={PRESETS}
        value={custom ? "" : range}
        onChange={(preset: string) => set({ range: preset, from: "", to: "" })}
      />
      {custom && (
        <Button icon={X} onPress={() => set({ from: "", to: "" })} aria-label={`Zoomed to ${told(custom)}. Zoom out`}>
          {told(custom)}
        </Button>
      )}
    </>
  );
}

/** A span of whole days by its first and last one; any other by its ends. */
function told({ from, to }: Range): string {
  const start = Date.parse(from);
  const end = Date.parse(to);
  if (start % DAY_MS !== 0 || end % DAY_MS !== 0) return `${stepName(start, HOUR_MS)} – ${stepName(end, HOUR_MS)}`;
  return end - start === DAY_MS ? day(start) : `${day(start)} – ${day(end - DAY_MS)}`;
}
