import type { ReactNode } from "react";

/** Headline numbers side by side. */
export function Stats({ children }: { children: ReactNode }) {
  return <dl className="stats">{children}</dl>;
}

interface StatProps {
  label: string;
  value: ReactNode;
  /** A line below the number. */
  note?: ReactNode;
}

export function Stat({ label, value, note }: StatProps) {
  return (
    <div className="stat">
      <dt>{label}</dt>
      <dd>
        <span className="stat-value">{value}</span>
        <span className="stat-note">{note}</span>
      </dd>
    </div>
  );
}

/** Holds the place of headline numbers whose labels are known. */
export function StatsSkeleton({ labels }: { labels: string[] }) {
  return (
    <Stats>
      {labels.map((label) => (
        <Stat key={label} label={label} value={<span className="none">–</span>} />
      ))}
    </Stats>
  );
}
