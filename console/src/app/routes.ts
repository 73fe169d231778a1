// The pages there are. Each folder of src/pages tells its own in `routes.ts`.

import { useMay } from "../api/session";
import { GROUPS, type Page } from "./page";

/** More than any group has pages. */
const ORDERS = 100;

const found = import.meta.glob<Page[]>("../pages/*/routes.ts", { eager: true, import: "default" });

/** In the order of the side navigation; those that are not in it come last. */
export const PAGES: readonly Page[] = Object.values(found)
  .flat()
  .sort((a, b) => place(a) - place(b));

/** The pages that the person who is signed in may see. */
export function usePages(): Page[] {
  const may = useMay();
  return PAGES.filter(
    ({ operation, orOperation }) => may(operation) || (orOperation !== undefined && may(orOperation)),
  );
}

function place({ nav }: Page): number {
  return nav ? GROUPS.indexOf(nav.group) * ORDERS + nav.order : Number.MAX_SAFE_INTEGER;
}
