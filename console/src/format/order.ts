// The order of a table's rows.

/** What a row is sorted by. What is absent comes last in either direction. */
export type SortValue = string | number | boolean | null | undefined;

export interface Sort {
  column: string;
  descending: boolean;
}

const TEXT = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

export function ordered<Row>(rows: Row[], of: (row: Row) => SortValue, descending: boolean): Row[] {
  const keyed = rows.map((row) => ({ row, key: of(row) ?? null }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null);
    const order =
      typeof a.key === "string" && typeof b.key === "string"
        ? TEXT.compare(a.key, b.key)
        : Number(a.key) - Number(b.key);
    return descending ? -order : order;
  });
  return keyed.map(({ row }) => row);
}
