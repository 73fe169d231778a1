// What an agent writes, as nodes: paragraphs, headings, lists, code, emphasis and links. It is never markup:
// nothing here makes HTML of text, there are no images, and a link shows where it leads.

/** Texts beyond this are shown as they are. */
const TEXT_MAX = 200_000;
const INLINE = /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\*([^*\s][^*\n]*)\*|\[([^\]\n]{1,300})\]\((https?:\/\/[^\s()<>"]{1,2000})\)|(https?:\/\/[^\s()<>"'`]{0,2000}[^\s()<>"'`.,;:!?])/g;

export function render(text: string): DocumentFragment {
  const out = document.createDocumentFragment();
  if (text.length > TEXT_MAX) {
    out.append(element("pre", text));
    return out;
  }
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; ) at = block(lines, at, out);
  return out;
}

/** One block from line `at` on; the line behind it. */
function block(lines: string[], at: number, out: DocumentFragment): number {
  const line = lines[at] ?? "";
  if (line.trim() === "") return at + 1;
  if (line.startsWith("```")) {
    let end = at + 1;
    while (end < lines.length && !lines[end]?.startsWith("```")) end += 1;
    const code = element("pre");
    code.append(element("code", lines.slice(at + 1, end).join("\n")));
    code.tabIndex = 0;
    out.append(code);
    return end + 1;
  }
  const heading = /^(#{1,4}) (.*)$/.exec(line);
  if (heading) {
    // The page has headings of its own above these.
    out.append(inline(element(`h${Math.min((heading[1] ?? "").length + 2, 6)}`), heading[2] ?? ""));
    return at + 1;
  }
  const marker = item(line);
  if (marker) return list(lines, at, marker, out);
  const taken: string[] = [];
  while (at < lines.length && starts(lines[at] ?? "", taken.length)) {
    taken.push(lines[at] ?? "");
    at += 1;
  }
  const paragraph = element("p");
  taken.forEach((part, n) => {
    if (n > 0) paragraph.append(element("br"));
    inline(paragraph, part);
  });
  out.append(paragraph);
  return at;
}

/** Whether a line belongs to a paragraph that has `taken` lines. */
function starts(line: string, taken: number): boolean {
  return taken === 0 || (line.trim() !== "" && !line.startsWith("```") && !/^#{1,4} /.test(line) && !item(line));
}

function item(line: string): { tag: "ul" | "ol"; text: string } | null {
  const found = /^\s{0,6}(?:([-*])|(\d{1,9})[.)])\s+(.*)$/.exec(line);
  return found ? { tag: found[1] ? "ul" : "ol", text: found[3] ?? "" } : null;
}

function list(lines: string[], at: number, first: { tag: "ul" | "ol" }, out: DocumentFragment): number {
  const node = element(first.tag);
  for (; at < lines.length; at += 1) {
    const next = item(lines[at] ?? "");
    if (!next || next.tag !== first.tag) break;
    node.append(inline(element("li"), next.text));
  }
  out.append(node);
  return at;
}

function inline<T extends HTMLElement>(into: T, text: string): T {
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    into.append(text.slice(end, found.index));
    end = found.index + found[0].length;
    const [, code, strong, emphasis, label, url, bare] = found;
    if (code) into.append(element("code", code));
    else if (strong) into.append(element("strong", strong));
    else if (emphasis) into.append(element("em", emphasis));
    else if (url) link(into, label ?? url, url);
    else if (bare) link(into, bare, bare);
  }
  into.append(text.slice(end));
  return into;
}

/** A link that says where it leads, whatever its text claims. */
function link(into: HTMLElement, label: string, url: string): void {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    into.append(label);
    return;
  }
  const node = element("a", label) as HTMLAnchorElement;
  node.href = parsed.href;
  node.rel = "noopener noreferrer nofollow";
  node.target = "_blank";
  node.title = parsed.href;
  into.append(node);
  if (label !== url) into.append(element("span", ` (${parsed.host})`, "host"));
}

export function element(tag: string, text?: string, name?: string): HTMLElement {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  if (name) node.className = name;
  return node;
}

const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e0fff}]/gu;

/** Arguments exactly as they are, with everything visible that hides or turns text around. */
export function exact(value: unknown): string {
  const text = JSON.stringify(value, null, 2) ?? "null";
  return text.replace(HIDDEN, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}
