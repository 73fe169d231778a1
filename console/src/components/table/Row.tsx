import { memo, type MouseEvent, type ReactNode } from "react";
import { Link } from "wouter";

import type { Column } from "./DataTable";

interface RowProps<T> {
  /** Its place in the order, from 0. */
  index: number;
  /** Whether Tab goes to it. */
  isCurrent: boolean;
  row: T;
  columns: Column<T>[];
  href: string | undefined;
  actions: ((row: T) => ReactNode) | undefined;
  onOpen: (href: string) => void;
}

/** Rendered anew only where something of it changed, so that a scroll renders only the rows that come into sight. */
export const Row = memo(PlainRow) as typeof PlainRow;

function PlainRow<T>({ index, isCurrent, row, columns, href, actions, onOpen }: RowProps<T>) {
  function open(event: MouseEvent<HTMLTableRowElement>) {
    // The row is a larger target for its link; buttons in it, and text that is being selected, are not meant.
    const within = (event.target as Element).closest("a, button, [role=menu], [role=dialog]");
    if (href && !within && getSelection()?.isCollapsed !== false) onOpen(href);
  }

  return (
    <tr
      tabIndex={isCurrent ? 0 : -1}
      aria-rowindex={index + 2}
      data-index={index}
      data-opens={href !== undefined || undefined}
      onClick={open}
      onKeyDown={(event) => {
        if (href && event.key === "Enter" && event.target === event.currentTarget) onOpen(href);
      }}
    >
      {columns.map((column, at) => (
        <td key={column.id} data-align={column.align}>
          {at === 0 && href ? (
            // The row itself is what the keyboard opens.
            <Link href={href} tabIndex={-1}>
              {column.cell(row)}
            </Link>
          ) : (
            column.cell(row)
          )}
        </td>
      ))}
      {actions && <td className="table-actions">{actions(row)}</td>}
    </tr>
  );
}
