import type { LucideIcon } from "lucide-react";
import { lazy, type ComponentType, type LazyExoticComponent } from "react";

/** The headings of the side navigation, in order. */
export const GROUPS = ["Watch", "Decide", "Connect", "Govern", "System"] as const;

export interface PageSpec {
  /** `/agents`, or `/agents/:name`; `*` at the end takes the rest of the path with its slashes. */
  path: string;
  title: string;
  /** What policy must permit for the page to be there, by the name that audit records use. */
  operation: string;
  /** What is enough in its place, of a page that is of use without. */
  orOperation?: string;
  /** Where the page stands in the side navigation, if it does. */
  nav?: { group: (typeof GROUPS)[number]; order: number; icon: LucideIcon };
  load: () => Promise<{ default: ComponentType }>;
}

export interface Page extends PageSpec {
  Component: LazyExoticComponent<ComponentType>;
}

/** A page whose script is fetched when it is first seen. */
export function page(spec: PageSpec): Page {
  return { ...spec, Component: lazy(spec.load) };
}
