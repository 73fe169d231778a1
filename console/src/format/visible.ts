// Texts of agents, tools and models as they are, with nothing in them that hides or turns text around.

/** Controls but tab and line ends, and format characters: bidirectional marks, zero widths, tags. */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\p{Cf}\u2028\u2029\u115f\u1160\u3164\uffa0]/gu;

/** Spells out each character that is not seen, as `⟨U+202E⟩`. */
export function visible(text: string): string {
  return text.replace(UNSEEN, (unseen) => {
    const code = unseen.codePointAt(0) ?? 0;
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}
