// Parts of the page by their ids.

export function find<T extends HTMLElement>(id: string): T {
  const node = document.getElementById(id);
  if (!node) throw new Error(`the page has no ${id}`);
  return node as T;
}
