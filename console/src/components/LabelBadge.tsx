import { Badge, type Tone } from "./Badge";
import { None } from "./Money";

const LABELS: Record<string, Tone> = { public: "good", internal: "plain", sensitive: "warn", restricted: "bad" };

/** How confidential something is. */
export function LabelBadge({ label }: { label: string | null | undefined }) {
  if (!label) return <None />;
  return <Badge tone={LABELS[label] ?? "plain"}>{label}</Badge>;
}

/** Whether what was seen may be trusted. */
export function IntegrityBadge({ integrity }: { integrity: string | null | undefined }) {
  if (!integrity) return <None />;
  return <Badge tone={integrity === "trusted" ? "good" : "warn"}>{integrity}</Badge>;
}
