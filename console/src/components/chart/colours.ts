/** Colours of a chart as the canvas takes them, in the theme that is seen. */
export interface Colours {
  line: string;
  soft: string;
  series: string[];
}

/** How many colours for series there are in tokens.css. */
const SERIES = 13;

export function colours(element: HTMLElement): Colours {
  const probe = document.createElement("span");
  element.append(probe);
  // A custom property is text; as the colour of an element it becomes the one of the theme.
  const read = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const found = {
    line: read("--border"),
    soft: read("--soft"),
    series: Array.from({ length: SERIES }, (_, index) => read(`--series-${index}`)),
  };
  probe.remove();
  return found;
}
