import { CircleUser, LogOut, Menu as MenuIcon, Search } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { Header, Menu, MenuItem, MenuSection, MenuTrigger, Popover } from "react-aria-components";

import { Refused } from "../api/refusal";
import { useSession, useSignOut } from "../api/session";
import { Button, IconButton } from "../components/Button";
import { useNotify } from "../components/Notices";
import { ThemeSwitch } from "./ThemeSwitch";

const Palette = lazy(() => import("./Palette"));

export function TopBar({ onMenu }: { onMenu: () => void }) {
  const [palette, setPalette] = usePalette();
  return (
    <header className="top">
      <IconButton className="top-menu" icon={MenuIcon} label="Navigation" onPress={onMenu} />
      <Button className="top-search" icon={Search} onPress={() => setPalette(true)}>
        <span className="top-search-text">Go to</span>
        <kbd>Ctrl K</kbd>
      </Button>
      {palette && (
        <Suspense>
          <Palette onClose={() => setPalette(false)} />
        </Suspense>
      )}
      <ThemeSwitch />
      <PersonMenu />
    </header>
  );
}

function PersonMenu() {
  const { person, groups } = useSession();
  const signOut = useSignOut();
  const notify = useNotify();

  async function leave(everywhere: boolean) {
    try {
      await signOut(everywhere);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      notify(`Not signed out: ${error.message}. ${error.fault.fix}.`, "bad");
    }
  }

  return (
    <MenuTrigger>
      <Button kind="quiet" className="person" icon={CircleUser}>
        {person}
      </Button>
      <Popover className="popover" placement="bottom end">
        <Menu className="menu" onAction={(key) => void leave(key === "everywhere")}>
          <MenuSection>
            <Header className="menu-head">
              <strong>{person}</strong>
              <span>{groups.length > 0 ? groups.join(", ") : "in no group"}</span>
            </Header>
            <MenuItem id="here" className="menu-item" textValue="Sign out">
              <LogOut aria-hidden="true" />
              Sign out
            </MenuItem>
            <MenuItem id="everywhere" className="menu-item" textValue="Sign out everywhere">
              <LogOut aria-hidden="true" />
              Sign out everywhere
            </MenuItem>
          </MenuSection>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}

/** Whether the palette is open; Ctrl K or ⌘ K opens and closes it from everywhere. */
function usePalette() {
  const state = useState(false);
  const [, setOpen] = state;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "k" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      setOpen((open) => !open);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [setOpen]);
  return state;
}
