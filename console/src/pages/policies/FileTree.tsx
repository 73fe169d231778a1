import { ChevronRight, FileCheck2, FileText, Folder, FolderOpen, ShieldCheck, type LucideIcon } from "lucide-react";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";

import { rowsOf, type TreeRow } from "./tree";

interface FileTreeProps {
  paths: readonly string[];
  chosen: string;
  /** A letter for each file that changes, with what it means. */
  marks: ReadonlyMap<string, { letter: string; title: string }>;
  onChoose: (path: string) => void;
}

/** The files as a tree: arrow keys move, left and right close and open folders, a letter finds a name. */
export function FileTree({ paths, chosen, marks, onChoose }: FileTreeProps) {
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [current, setCurrent] = useState(chosen);
  const tree = useRef<HTMLUListElement>(null);
  const rows = useMemo(() => rowsOf(paths, closed), [paths, closed]);
  const at = Math.max(
    0,
    rows.findIndex(({ path }) => path === current),
  );

  useEffect(() => {
    const box = tree.current?.parentElement;
    const row = tree.current?.querySelector('[aria-selected="true"]')?.getBoundingClientRect();
    if (!box || !row) return;
    const { top, bottom, height } = box.getBoundingClientRect();
    // Not into the view of the window, which would move the page.
    if (row.top < top || row.bottom > bottom) box.scrollTop += row.top - top - height / 2;
  }, [chosen]);

  function move(to: number) {
    const row = rows[Math.min(Math.max(to, 0), rows.length - 1)];
    if (!row) return;
    setCurrent(row.path);
    tree.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row.path)}"]`)?.focus();
  }

  function open(path: string, isOpen: boolean) {
    const others = [...closed].filter((folder) => folder !== path);
    setClosed(new Set(isOpen ? others : [...others, path]));
  }

  function act(row: TreeRow) {
    setCurrent(row.path);
    if (row.isFolder) open(row.path, !row.isOpen);
    else onChoose(row.path);
  }

  function onKeyDown(event: KeyboardEvent) {
    const row = rows[at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const parent = rows.findLastIndex(({ level }, index) => index < at && level < row.level);
    const steps: Record<string, () => void> = {
      ArrowDown: () => move(at + 1),
      ArrowUp: () => move(at - 1),
      Home: () => move(0),
      End: () => move(rows.length - 1),
      Enter: () => act(row),
      " ": () => act(row),
      ArrowRight: () => (row.isFolder && !row.isOpen ? open(row.path, true) : row.isFolder && move(at + 1)),
      ArrowLeft: () => (row.isFolder && row.isOpen ? open(row.path, false) : parent >= 0 && move(parent)),
    };
    const step = steps[event.key] ?? (/^[\w-]$/.test(event.key) ? () => move(found(rows, at, event.key)) : undefined);
    if (!step) return;
    event.preventDefault();
    step();
  }

  return (
    <ul ref={tree} role="tree" aria-label="Files of the tree" className="file-tree" onKeyDown={onKeyDown}>
      {rows.map((row, index) => (
        <Row
          key={row.path}
          row={row}
          isCurrent={index === at}
          isChosen={row.path === chosen}
          mark={marks.get(row.path)}
          onAct={act}
        />
      ))}
    </ul>
  );
}

/** The next row whose name begins with a letter. */
function found(rows: TreeRow[], at: number, letter: string): number {
  const begins = ({ name }: TreeRow) => name.toLowerCase().startsWith(letter.toLowerCase());
  const next = rows.findIndex((row, index) => index > at && begins(row));
  return next >= 0 ? next : Math.max(rows.findIndex(begins), 0);
}

interface RowProps {
  row: TreeRow;
  isCurrent: boolean;
  isChosen: boolean;
  mark: { letter: string; title: string } | undefined;
  onAct: (row: TreeRow) => void;
}

function Row({ row, isCurrent, isChosen, mark, onAct }: RowProps) {
  const Icon = iconOf(row);
  return (
    <li
      role="treeitem"
      data-row={row.path}
      tabIndex={isCurrent ? 0 : -1}
      aria-level={row.level}
      aria-posinset={row.place}
      aria-setsize={row.siblings}
      aria-expanded={row.isFolder ? row.isOpen : undefined}
      aria-selected={row.isFolder ? undefined : isChosen}
      style={{ paddingInlineStart: row.level * 14 - 6 }}
      onClick={() => onAct(row)}
    >
      <ChevronRight aria-hidden="true" className="file-tree-turn" />
      <Icon aria-hidden="true" />
      <span className="file-tree-name">{row.name}</span>
      {mark && (
        <span className="file-tree-mark" title={mark.title}>
          <span aria-hidden="true">{mark.letter}</span>
          <span className="hidden">{mark.title}</span>
        </span>
      )}
    </li>
  );
}

function iconOf({ isFolder, isOpen, name, path }: TreeRow): LucideIcon {
  if (isFolder) return isOpen ? FolderOpen : Folder;
  if (name.endsWith(".cedar")) return ShieldCheck;
  return /^(?:tests|invariants)\//.test(path) ? FileCheck2 : FileText;
}
