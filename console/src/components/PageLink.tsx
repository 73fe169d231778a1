import type { ReactNode } from "react";
import { Link, matchRoute, useRouter } from "wouter";

import { usePages } from "../app/routes";

/** A link to another page; plain text where there is no such page, or policy does not permit it. */
export function PageLink({ to, children }: { to: string; children: ReactNode }) {
  const href = useHref();
  const known = href(to);
  return known ? <Link href={known}>{children}</Link> : <>{children}</>;
}

/** Gives an address back where it is one of a page that the person may see. */
export function useHref(): (to: string) => string | undefined {
  const pages = usePages();
  const { parser } = useRouter();
  return (to) => {
    const path = to.split(/[?#]/, 1)[0] ?? "";
    return pages.some((known) => matchRoute(parser, known.path, path)[0]) ? to : undefined;
  };
}
