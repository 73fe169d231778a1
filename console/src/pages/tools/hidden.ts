// Characters that a reader does not see, made visible. The table is that of `tools/src/shown.rs`.

export type Hidden = "control" | "direction" | "tag" | "variation" | "no width" | "private" | "foreign";

/** A part of a text: as it is, or one character that is hidden, by its number. */
export interface Piece {
  text: string;
  hidden?: Hidden;
}

const KINDS: [Hidden, RegExp][] = [
  ["control", /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/u],
  ["direction", /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u],
  ["variation", /[\ufe00-\ufe0f\u180b-\u180f\u{e0100}-\u{e01ef}]/u],
  ["tag", /[\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]/u],
  [
    "no width",
    /[\xad\u034f\u115f\u1160\u17b4\u17b5\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u2800\u3164\ufeff\uffa0\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}]/u,
  ],
  ["private", /[\ue000-\uf8ff\ufff0-\ufffb\u{f0000}-\u{10ffff}]/u],
];

/** Cuts a text where something is hidden. In a name, letters beyond ASCII are told too: they may look like others. */
export function pieces(text: string, isName = false): Piece[] {
  const found: Piece[] = [];
  for (const character of text) {
    const hidden = hiddenKind(character) ?? (isName && character > "~" ? "foreign" : undefined);
    const last = found.at(-1);
    if (hidden) found.push({ text: hidden === "foreign" ? character : number(character), hidden });
    else if (last && !last.hidden) last.text += character;
    else found.push({ text: character });
  }
  return found;
}

/** `U+200B`. */
export function number(character: string): string {
  return `U+${codeOf(character).toString(16).toUpperCase().padStart(4, "0")}`;
}

function hiddenKind(character: string): Hidden | undefined {
  return KINDS.find(([, pattern]) => pattern.test(character))?.[0];
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}
