import "uplot/dist/uPlot.min.css";

import { useEffect, useRef } from "react";
import uPlot from "uplot";

import { DAY_MS } from "../../format/time";
import type { ChartProps } from "./Chart";
import { colours, type Colours } from "./colours";
import { edges } from "./stack";
import { stepName } from "./step";

/** The height of a chart, in pixels; `--chart` in tokens.css is the same. */
const HEIGHT_PX = 240;
/** Below this width of a selection, in pixels, a click was meant. */
const ZOOM_PX_MIN = 8;

interface PlotProps extends ChartProps {
  onStep: (step: number | null) => void;
}

/** The drawing of a chart. What it shows is told in the legend and the table too. */
export default function Plot(props: PlotProps) {
  const host = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const { label, starts, series, stepMs } = props;

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const plot = new uPlot(options(latest, element.clientWidth, colours(element)), data(latest.current), element);
    const resized = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height: HEIGHT_PX }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.destroy();
    };
  }, [starts, series, stepMs]);

  return <div className="plot" ref={host} role="img" aria-label={`${label}. Press “Show as table” for the numbers.`} />;
}

/** Times in seconds, then the edges from the top series to the bottom one, which so lies over the others. */
function data({ starts, series }: ChartProps): uPlot.AlignedData {
  return [starts.map((start) => start / 1000), ...edges(series).reverse()];
}

function options(latest: { current: PlotProps }, width: number, { line, soft, series: fills }: Colours): uPlot.Options {
  const { series, starts, stepMs } = latest.current;
  const bars = uPlot.paths.bars?.({ size: [0.76, 48] });
  const half = stepMs / 2;
  const axis = { stroke: soft, ticks: { show: false }, font: "12px Inter, system-ui, sans-serif" };
  return {
    width,
    height: HEIGHT_PX,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: true, y: false, dist: ZOOM_PX_MIN, setScale: false }, points: { show: false }, y: false },
    scales: {
      // A bar stands around its instant: half a step more on both sides shows the outer ones whole.
      x: { time: true, range: () => [((starts[0] ?? 0) - half) / 1000, ((starts.at(-1) ?? 0) + half) / 1000] },
      y: { range: (_plot, _min, max) => [0, max * 1.06] },
    },
    // Steps are days and hours of UTC, and so are the labels.
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
    axes: [
      {
        ...axis,
        size: 28,
        grid: { show: false },
        space: stepMs < DAY_MS ? 110 : 70,
        values: (_plot, splits) => splits.map((at) => stepName(at * 1000, stepMs).replace(/ \d{4}$/, "")),
      },
      {
        ...axis,
        size: 60,
        grid: { stroke: line, width: 1 },
        values: (_plot, splits) => {
          const step = (splits[1] ?? 1) - (splits[0] ?? 0);
          return splits.map((value) => latest.current.unit.axis(value, step));
        },
      },
    ],
    series: [
      {},
      ...series
        .map((_, index) => ({ paths: bars, fill: fills[index % fills.length], width: 0, points: { show: false } }))
        .reverse(),
    ],
    hooks: {
      setCursor: [(plot) => latest.current.onStep(plot.cursor.idx ?? null)],
      setSelect: [(plot) => zoom(plot, latest.current)],
    },
  };
}

/** Tells what was selected, in whole steps, and takes the selection away. */
function zoom(plot: uPlot, { onZoom, stepMs, starts }: ChartProps): void {
  const { left, width } = plot.select;
  const first = starts[0];
  if (width < ZOOM_PX_MIN || !onZoom || first === undefined) return;
  const whole = (pixel: number, round: (steps: number) => number) =>
    first + round((plot.posToVal(pixel, "x") * 1000 - first) / stepMs + 0.5) * stepMs;
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  onZoom(whole(left, Math.floor), whole(left + width, Math.ceil));
}
