import type { ReactNode } from "react";
import { Link } from "wouter";

interface PageProps {
  title: string;
  /** One sentence on what the page is of. */
  lead?: ReactNode;
  /** The page that this one is a part of. */
  up?: { href: string; title: string };
  /** Buttons that act on the whole page. */
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, lead, up, actions, children }: PageProps) {
  return (
    <div className="page">
      <title>{`${title} · Orchestack`}</title>
      <div className="page-head">
        <div className="page-title">
          {up && (
            <Link href={up.href} className="up">
              {up.title}
              <span aria-hidden="true"> /</span>
            </Link>
          )}
          <h1>{title}</h1>
          {lead && <p>{lead}</p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

interface SectionProps {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
}

/** A titled part of a page. */
export function Section({ title, actions, children }: SectionProps) {
  return (
    <section className="section">
      <div className="section-head">
        <h2>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}
