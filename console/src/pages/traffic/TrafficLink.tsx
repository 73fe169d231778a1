import { Activity } from "lucide-react";
import { Link, useLocation } from "wouter";

import { useHref } from "../../components/PageLink";
import type { RowAction } from "../../components/RowMenu";
import { trafficAddress, type TrafficFilter } from "./filter";

/** A button that leads to the requests of what a page is about. */
export function TrafficLink({ of }: { of: Partial<TrafficFilter> }) {
  const href = useHref()(trafficAddress(of));
  if (!href) return null;
  return (
    <Link className="button" href={href}>
      <Activity aria-hidden="true" />
      Requests
    </Link>
  );
}

/** The entry of a row's menu that leads to the requests of what the row is about; none where policy does not permit. */
export function useTrafficAction(): (of: Partial<TrafficFilter>, title?: string) => RowAction[] {
  const href = useHref();
  const [, navigate] = useLocation();
  return (of, title = "Show its requests") => {
    const to = href(trafficAddress(of));
    return to ? [{ title, icon: Activity, onAction: () => navigate(to) }] : [];
  };
}
