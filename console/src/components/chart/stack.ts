// Series drawn on top of each other.

/** A named row of values, one for each step of time. */
export interface Series {
  name: string;
  values: number[];
}

/** The upper edge of each series when they stand on each other, the first at the bottom. */
export function edges(series: Series[]): number[][] {
  let below: number[] | undefined;
  return series.map(({ values }) => {
    const edge = values.map((value, step) => value + (below?.[step] ?? 0));
    below = edge;
    return edge;
  });
}
