import { Link, useLocation } from "wouter";

import { Empty } from "../components/Empty";
import { Page } from "../components/Page";
import { PAGES, usePages } from "./routes";

/** For an address without a page, and for a page that the person may not see. */
export function NotFound() {
  const [location] = useLocation();
  const known = PAGES.some(({ path }) => path === location);
  const start = usePages().find(({ nav }) => nav);
  return (
    <Page title={known ? "Not permitted" : "Not found"}>
      <Empty title={known ? "Policy does not permit you this page" : `There is no page at ${location}`}>
        <p>
          {known
            ? "Ask an administrator to permit it in policies/administration.cedar of the tree, then load the page again."
            : "The address may be mistyped, or what it named is gone."}
        </p>
        {start && (
          <Link href={start.path} className="button" data-kind="primary">
            Go to {start.title}
          </Link>
        )}
      </Empty>
    </Page>
  );
}
