/** Holds the place of what is loading, as high as that will be. */
export function Skeleton({ rows = 1, kind = "line" }: { rows?: number; kind?: "line" | "row" | "chart" | "tile" }) {
  return (
    <div className="skeleton" data-kind={kind} aria-hidden="true">
      {Array.from({ length: rows }, (_, row) => (
        <span key={row} />
      ))}
    </div>
  );
}

/** A whole page that is on its way. */
export function PageSkeleton() {
  return (
    <div className="page" aria-busy="true" aria-label="Loading">
      <div className="page-head">
        <Skeleton />
      </div>
      <Skeleton kind="row" rows={8} />
    </div>
  );
}
