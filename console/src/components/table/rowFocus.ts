import { useEffect, useRef, useState, type KeyboardEvent, type RefObject } from "react";

import { ROW_PX, type RowWindow } from "./rowWindow";

/** One row of a table takes the focus; keys move it, and the table scrolls with it. */
export function useRowFocus(scroller: RefObject<HTMLElement | null>, seen: RowWindow, count: number) {
  const [wanted, setWanted] = useState(0);
  const moved = useRef(false);
  // Tab must lead to a row that is in the document.
  const current = Math.min(Math.max(wanted, seen.first), Math.max(seen.first, seen.end - 1));

  useEffect(() => {
    if (!moved.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`tr[data-index="${wanted}"]`);
    if (!row) return;
    moved.current = false;
    row.focus();
  }, [scroller, wanted, seen.first, seen.end]);

  function onKeyDown(event: KeyboardEvent) {
    const at = (event.target as HTMLElement).dataset?.["index"];
    const element = scroller.current;
    if (at === undefined || !element) return;
    const to = target(event.key, Number(at), count, Math.floor(element.clientHeight / ROW_PX) - 2);
    if (to === undefined) return;
    event.preventDefault();
    moved.current = true;
    setWanted(to);
    reveal(element, to);
  }

  return { current, onKeyDown };
}

function target(key: string, at: number, count: number, page: number): number | undefined {
  const steps: Record<string, number> = {
    ArrowDown: at + 1,
    ArrowUp: at - 1,
    PageDown: at + page,
    PageUp: at - page,
    Home: 0,
    End: count - 1,
  };
  const to = steps[key];
  return to === undefined ? undefined : Math.min(Math.max(to, 0), count - 1);
}

/** Scrolls as little as shows the row below the head, which stays in sight. */
function reveal(element: HTMLElement, index: number): void {
  const top = index * ROW_PX;
  const bottom = top + 2 * ROW_PX;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
}
