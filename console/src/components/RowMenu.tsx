import { Ellipsis, type LucideIcon } from "lucide-react";
import { useRef, useState } from "react";
import { Menu, MenuItem, Popover } from "react-aria-components";

import { Button } from "./Button";

export interface RowAction {
  title: string;
  icon: LucideIcon;
  isDangerous?: boolean;
  onAction: () => void;
}

/** What can be done with a row of a table. Its menu is made when it is opened: a table has many rows. */
export function RowMenu({ label, actions }: { label: string; actions: RowAction[] }) {
  const trigger = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  if (actions.length === 0) return null;
  return (
    <>
      <Button
        ref={trigger}
        kind="quiet"
        className="icon-button"
        icon={Ellipsis}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onPress={() => setOpen(true)}
      />
      {isOpen && (
        <Popover
          className="popover"
          aria-label={label}
          placement="bottom end"
          triggerRef={trigger}
          isOpen
          onOpenChange={setOpen}
        >
          <Menu className="menu" aria-label={label} autoFocus="first" onClose={() => setOpen(false)}>
            {actions.map(({ title, icon: Icon, isDangerous, onAction }) => (
              <MenuItem
                key={title}
                className="menu-item"
                textValue={title}
                data-kind={isDangerous ? "danger" : undefined}
                onAction={onAction}
              >
                <Icon aria-hidden="true" />
                {title}
              </MenuItem>
            ))}
          </Menu>
        </Popover>
      )}
    </>
  );
}
