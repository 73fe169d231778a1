// Texts of the server, which begin small and end without a stop, as sentences.

export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === "") return "";
  // A name in backticks, or of code, stays as it is.
  const begun = /^[a-z]+[ ,;:]/.test(trimmed) ? trimmed[0]?.toUpperCase() + trimmed.slice(1) : trimmed;
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** A code of the API in words: `policy_denied` is `policy denied`. */
export function coded(code: string): string {
  return code.replaceAll("_", " ");
}
