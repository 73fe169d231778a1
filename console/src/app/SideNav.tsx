import { Link, useLocation } from "wouter";

import { useSession } from "../api/session";
import { Logo } from "./Logo";
import { GROUPS } from "./page";
import { usePages } from "./routes";

/** The pages that the person may see, by group. */
export function SideNav({ onMove }: { onMove?: () => void }) {
  const [location] = useLocation();
  const { tenant } = useSession();
  const pages = usePages();
  const groups = GROUPS.filter((group) => pages.some(({ nav }) => nav?.group === group));
  return (
    <>
      <Link href="/" className="brand" onClick={onMove}>
        <Logo />
        <span>Orchestack</span>
        <span className="brand-tenant" title={`Tenant ${tenant}`}>
          {tenant}
        </span>
      </Link>
      <nav aria-label="Pages">
        {groups.map((group) => (
          <section key={group} aria-labelledby={`nav-${group}`}>
            <h2 id={`nav-${group}`}>{group}</h2>
            <ul>
              {pages.map(
                ({ path, title, load, nav }) =>
                  nav?.group === group && (
                    <li key={path}>
                      <Link
                        href={path}
                        aria-current={isWithin(location, path) ? "page" : undefined}
                        onClick={onMove}
                        onPointerEnter={() => void load()}
                      >
                        <nav.icon aria-hidden="true" />
                        {title}
                      </Link>
                    </li>
                  ),
              )}
            </ul>
          </section>
        ))}
      </nav>
    </>
  );
}

function isWithin(location: string, path: string): boolean {
  return location === path || (path !== "/" && location.startsWith(`${path}/`));
}
