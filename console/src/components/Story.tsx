import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

import type { Tone } from "./Badge";

/** What happened, part by part in its order. */
export function Story({ label, children }: { label: string; children: ReactNode }) {
  return (
    <ol className="story" aria-label={label}>
      {children}
    </ol>
  );
}

interface StoryPartProps {
  icon: LucideIcon;
  title: string;
  /** How this part went; shown by the colour of its icon, and never by that alone. */
  tone?: Tone;
  /** What is worth knowing at a glance, at the end of the title's line. */
  note?: ReactNode;
  children?: ReactNode;
}

export function StoryPart({ icon: Icon, title, tone = "plain", note, children }: StoryPartProps) {
  return (
    <li>
      <span className="story-icon" data-tone={tone}>
        <Icon aria-hidden="true" />
      </span>
      <section className="story-part">
        <header>
          <h2>{title}</h2>
          {note && <span className="story-note">{note}</span>}
        </header>
        {children}
      </section>
    </li>
  );
}
