import {
  Autocomplete,
  Dialog,
  Input,
  Menu,
  MenuItem,
  Modal,
  ModalOverlay,
  SearchField,
  useFilter,
} from "react-aria-components";
import { useLocation } from "wouter";

import { usePages } from "./routes";

/** A list of pages that typing narrows, for who keeps their hands on the keyboard. */
export default function Palette({ onClose }: { onClose: () => void }) {
  const [, navigate] = useLocation();
  const { contains } = useFilter({ sensitivity: "base" });
  const pages = usePages().filter((known) => known.nav);
  return (
    <ModalOverlay className="overlay" isOpen isDismissable onOpenChange={onClose}>
      <Modal className="palette">
        <Dialog aria-label="Go to a page">
          <Autocomplete filter={contains}>
            <SearchField aria-label="Page" autoFocus>
              <Input placeholder="Go to a page" />
            </SearchField>
            <Menu
              className="menu"
              aria-label="Pages"
              renderEmptyState={() => <p className="menu-empty">No page has such a name.</p>}
              onAction={(path) => {
                navigate(String(path));
                onClose();
              }}
            >
              {pages.map(({ path, title, nav }) => (
                <MenuItem key={path} id={path} className="menu-item" textValue={title}>
                  {nav && <nav.icon aria-hidden="true" />}
                  {title}
                </MenuItem>
              ))}
            </Menu>
          </Autocomplete>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
