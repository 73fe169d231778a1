import { useEffect, useState, type RefObject } from "react";

/** The height of each row, in pixels; `--row` in tokens.css is the same. */
export const ROW_PX = 36;
/** Rows beyond the edges, so that a quick scroll does not show a gap. */
const BEYOND = 12;
/** Up to this many rows are all in the document. */
const WHOLE_MAX = 100;

/** Which rows are in the document, and the heights of those before and after them. */
export interface RowWindow {
  first: number;
  end: number;
  before: number;
  after: number;
}

export function useRowWindow(scroller: RefObject<HTMLElement | null>, count: number): RowWindow {
  const [range, setRange] = useState({ first: 0, end: WHOLE_MAX });
  const isWhole = count <= WHOLE_MAX;

  useEffect(() => {
    const element = scroller.current;
    if (!element || isWhole) return;
    const look = () => setRange((last) => rangeOf(element, last));
    const resized = new ResizeObserver(look);
    resized.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      resized.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [scroller, isWhole]);

  const first = isWhole ? 0 : Math.min(range.first, Math.max(0, count - 1));
  const end = isWhole ? count : Math.min(range.end, count);
  return { first, end, before: first * ROW_PX, after: (count - end) * ROW_PX };
}

/** The rows to have; the same object as before while the edges are far, so that a scroll renders little. */
function rangeOf({ scrollTop, clientHeight }: HTMLElement, last: { first: number; end: number }) {
  const top = Math.floor(scrollTop / ROW_PX);
  const bottom = Math.ceil((scrollTop + clientHeight) / ROW_PX);
  const isInside = last.first <= Math.max(0, top - BEYOND / 2) && last.end >= bottom + BEYOND / 2;
  const isClose = last.end - last.first <= bottom - top + 3 * BEYOND;
  if (isInside && isClose) return last;
  return { first: Math.max(0, top - BEYOND), end: bottom + BEYOND };
}
