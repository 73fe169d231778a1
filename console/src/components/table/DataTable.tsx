import { ArrowDown, ArrowUp } from "lucide-react";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { useLocation } from "wouter";

import { ordered, type Sort, type SortValue } from "../../format/order";
import { Empty } from "../Empty";
import { useNarrow } from "../useNarrow";
import { Row } from "./Row";
import { useRowFocus } from "./rowFocus";
import { useRowWindow } from "./rowWindow";

export interface Column<T> {
  id: string;
  title: string;
  cell: (row: T) => ReactNode;
  /** What the column sorts by; without it, it does not sort. */
  sort?: (row: T) => SortValue;
  /** `end` for figures, which then stand below each other. */
  align?: "start" | "end";
  /** In pixels; columns without a width share what is left. */
  width?: number;
  /** What a column without a width has at least, in pixels. */
  minWidth?: number;
  /** Whether a narrow screen goes without it. */
  isMinor?: boolean;
}

interface DataTableProps<T> {
  /** What the rows are, for screen readers. */
  label: string;
  rows: T[];
  rowKey: (row: T) => string;
  columns: Column<T>[];
  /** The order at first; that of the rows where absent. */
  sort?: Sort;
  /** Where a row leads: Enter or a click opens it. */
  href?: (row: T) => string | undefined;
  /** A menu or a button at the end of the row. */
  actions?: (row: T) => ReactNode;
  /** What to say where there are no rows. */
  empty?: ReactNode;
}

const MIN_WIDTH_PX = 140;
const ACTIONS_PX = 48;

/**
 * Rows of a fixed height, of which only those in sight are in the document. The arrow keys, Page Up and Down, Home and
 * End move between rows; Enter opens one.
 */
export function DataTable<T>(props: DataTableProps<T>) {
  const { label, rows, rowKey, href, actions, empty } = props;
  const narrow = useNarrow();
  const [, navigate] = useLocation();
  const columns = useMemo(
    () => (narrow ? props.columns.filter((column) => !column.isMinor) : props.columns),
    [narrow, props.columns],
  );
  const [sort, setSort] = useState<Sort | undefined>(props.sort);
  const sorted = useSorted(rows, props.columns, sort);
  const scroller = useRef<HTMLDivElement>(null);
  const seen = useRowWindow(scroller, sorted.length);
  const focus = useRowFocus(scroller, seen, sorted.length);

  if (rows.length === 0) return <div className="table-empty">{empty ?? <Empty title="Nothing is here yet" />}</div>;

  const widths = columns.map((column) => column.width ?? column.minWidth ?? MIN_WIDTH_PX);
  const minWidth = widths.reduce((sum, width) => sum + width, actions ? ACTIONS_PX : 0);
  const span = columns.length + (actions ? 1 : 0);
  return (
    <div className="table-scroll" ref={scroller} onKeyDown={focus.onKeyDown}>
      <table role="grid" aria-label={label} aria-rowcount={sorted.length + 1} style={{ minWidth }}>
        <colgroup>
          {columns.map((column) => (
            <col key={column.id} style={{ width: column.width }} />
          ))}
          {actions && <col style={{ width: ACTIONS_PX }} />}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.id} column={column} sort={sort} onSort={setSort} />
            ))}
            {actions && (
              <th scope="col">
                <span className="hidden">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          <Spacer height={seen.before} span={span} />
          {sorted.slice(seen.first, seen.end).map((row, offset) => {
            const index = seen.first + offset;
            return (
              <Row
                key={rowKey(row)}
                index={index}
                isCurrent={index === focus.current}
                row={row}
                columns={columns}
                href={href?.(row)}
                actions={actions}
                onOpen={navigate}
              />
            );
          })}
          <Spacer height={seen.after} span={span} />
        </tbody>
      </table>
    </div>
  );
}

function useSorted<T>(rows: T[], columns: Column<T>[], sort: Sort | undefined): T[] {
  const by = columns.find((column) => column.id === sort?.column)?.sort;
  return useMemo(
    () => (by && sort ? ordered(rows, by, sort.descending) : rows),
    // Columns are written anew by each rendering; what one sorts by does not change.
    [rows, sort?.column, sort?.descending],
  );
}

interface HeadProps<T> {
  column: Column<T>;
  sort: Sort | undefined;
  onSort: (sort: Sort) => void;
}

function Head<T>({ column, sort, onSort }: HeadProps<T>) {
  const { id, title, align } = column;
  if (!column.sort) {
    return (
      <th scope="col" data-align={align}>
        {title}
      </th>
    );
  }
  const active = sort?.column === id;
  const Arrow = active && !sort.descending ? ArrowUp : ArrowDown;
  // Of figures, the greatest are what is looked for first.
  const descending = active ? !sort.descending : align === "end";
  return (
    <th scope="col" data-align={align} aria-sort={active ? (sort.descending ? "descending" : "ascending") : undefined}>
      <button type="button" data-active={active || undefined} onClick={() => onSort({ column: id, descending })}>
        {title}
        <Arrow aria-hidden="true" />
      </button>
    </th>
  );
}

/** Stands for the rows that are out of sight. */
function Spacer({ height, span }: { height: number; span: number }) {
  if (height === 0) return null;
  return (
    <tr aria-hidden="true" className="table-spacer">
      <td colSpan={span} style={{ height }} />
    </tr>
  );
}
