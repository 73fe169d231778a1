// The languages of a policy tree, as far as colours need them.

export interface Token {
  from: number;
  to: number;
  kind: string;
}

/** What each language is made of; the names of the groups are the kinds of tokens. Texts may be of several lines. */
const LANGUAGES: Record<string, RegExp> = {
  cedar: pattern(
    String.raw`(?<comment>//.*)`,
    String.raw`(?<text>"(?:[^"\\\n]|\\.)*"?)`,
    String.raw`(?<note>@\w+)`,
    String.raw`(?<type>\b\w+(?:::\w+)+|\b\w+(?=::"))`,
    String.raw`(?<word>\b(?:permit|forbid|when|unless|in|has|like|is|if|then|else)\b)`,
    String.raw`(?<name>\b(?:principal|action|resource|context)\b|\.[A-Za-z_]\w*)`,
    String.raw`(?<value>\b(?:true|false|\d+)\b)`,
  ),
  cedarschema: pattern(
    String.raw`(?<comment>//.*)`,
    String.raw`(?<text>"(?:[^"\\\n]|\\.)*"?)`,
    String.raw`(?<note>@\w+)`,
    String.raw`(?<name>\b\w+\??(?=\s*:(?!:)))`,
    String.raw`(?<word>\b(?:namespace|entity|type|action|appliesTo|in|enum|tags|attributes)\b)`,
    String.raw`(?<type>\b[A-Z]\w*(?:::\w+)*)`,
  ),
  toml: pattern(
    String.raw`(?<comment>#.*)`,
    String.raw`(?<text>'''[^]*?(?:'''|$(?![^]))|"""[^]*?(?:"""|$(?![^]))|'[^'\n]*'?|"(?:[^"\\\n]|\\.)*"?)`,
    String.raw`(?<word>^[ \t]*\[\[?[^\]\n]*\]\]?)`,
    String.raw`(?<name>[\w.-]+(?=[ \t]*=))`,
    String.raw`(?<value>\b(?:true|false|\d[\w.:+-]*)\b)`,
  ),
};

/** Beyond so many characters a file has no colours. */
const CHARS_MAX = 200_000;

/** The coloured parts of a file, in order; what is between them is plain. */
export function tokensOf(path: string, text: string): Token[] {
  const language = LANGUAGES[path.slice(path.lastIndexOf(".") + 1)];
  if (!language || text.length > CHARS_MAX) return [];
  return [...text.matchAll(language)].flatMap(({ index, groups = {}, 0: whole }): Token[] => {
    const kind = Object.keys(groups).find((name) => groups[name] !== undefined);
    return kind ? [{ from: index, to: index + whole.length, kind }] : [];
  });
}

function pattern(...parts: string[]): RegExp {
  return new RegExp(parts.join("|"), "gm");
}
