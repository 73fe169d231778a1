// Paths as a tree of folders.

export interface TreeRow {
  /** The whole path, of a folder without a slash at its end. */
  path: string;
  name: string;
  /** From 1. */
  level: number;
  isFolder: boolean;
  isOpen: boolean;
  /** The place among its siblings, from 1, and how many they are. */
  place: number;
  siblings: number;
}

interface Folder {
  folders: Map<string, Folder>;
  files: string[];
}

/** The rows that are in sight: folders first, and of closed ones nothing. */
export function rowsOf(paths: readonly string[], closed: ReadonlySet<string>): TreeRow[] {
  return rowsWithin(folderOf(paths), "", 1, closed);
}

function folderOf(paths: readonly string[]): Folder {
  const root: Folder = { folders: new Map(), files: [] };
  for (const path of paths) {
    const parts = path.split("/");
    const name = parts.pop() ?? "";
    let folder = root;
    for (const part of parts) {
      const next = folder.folders.get(part) ?? { folders: new Map(), files: [] };
      folder.folders.set(part, next);
      folder = next;
    }
    folder.files.push(name);
  }
  return root;
}

function rowsWithin({ folders, files }: Folder, prefix: string, level: number, closed: ReadonlySet<string>): TreeRow[] {
  const siblings = folders.size + files.length;
  const names = [...folders.keys()].sort();
  const inFolders = names.flatMap((name, index) => {
    const path = prefix + name;
    const isOpen = !closed.has(path);
    const row = { path, name, level, isFolder: true, isOpen, place: index + 1, siblings };
    const folder = folders.get(name);
    return folder && isOpen ? [row, ...rowsWithin(folder, `${path}/`, level + 1, closed)] : [row];
  });
  const own = [...files].sort().map((name, index) => ({
    path: prefix + name,
    name,
    level,
    isFolder: false,
    isOpen: false,
    place: names.length + index + 1,
    siblings,
  }));
  return [...inFolders, ...own];
}
