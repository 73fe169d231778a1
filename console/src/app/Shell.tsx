import { Suspense, useEffect, useRef, useState } from "react";
import { Dialog, Modal, ModalOverlay } from "react-aria-components";
import { Route, Switch, useLocation } from "wouter";

import { PageSkeleton } from "../components/Skeleton";
import { Broken } from "./Broken";
import { NotFound } from "./NotFound";
import { usePages } from "./routes";
import { SideNav } from "./SideNav";
import { TopBar } from "./TopBar";

/** What stays around the pages: navigation at the side, a bar at the top. */
export default function Shell() {
  const [location] = useLocation();
  const [menu, setMenu] = useState(false);
  const main = useFocusOnMove(location);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <aside className="side">
        <SideNav />
      </aside>
      <ModalOverlay className="overlay" isOpen={menu} onOpenChange={setMenu} isDismissable>
        <Modal className="drawer">
          <Dialog aria-label="Navigation">
            <SideNav onMove={() => setMenu(false)} />
          </Dialog>
        </Modal>
      </ModalOverlay>
      <TopBar onMenu={() => setMenu(true)} />
      <main id="main" ref={main} tabIndex={-1}>
        <Broken key={location}>
          <Suspense fallback={<PageSkeleton />}>
            <Pages />
          </Suspense>
        </Broken>
      </main>
    </div>
  );
}

function Pages() {
  const pages = usePages();
  return (
    <Switch>
      {pages.map(({ path, Component }) => (
        <Route key={path} path={path}>
          <Component />
        </Route>
      ))}
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

/** Moves the focus to the page after the person went to another one, as a browser does with whole documents. */
function useFocusOnMove(location: string) {
  const main = useRef<HTMLElement>(null);
  const first = useRef(location);
  useEffect(() => {
    if (first.current === location) return;
    first.current = location;
    main.current?.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }, [location]);
  return main;
}
