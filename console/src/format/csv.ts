// Tables as files of comma-separated values (RFC 4180) that spreadsheets open without running anything in them.

export type CsvCell = string | number | null | undefined;

export function csv(head: string[], rows: CsvCell[][]): string {
  return [head, ...rows].map((row) => row.map(field).join(",")).join("\r\n") + "\r\n";
}

/** Hands a text to the browser as a file to keep. */
export function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

/** A text that begins as a formula does is told to be text, since names are chosen by whoever makes an agent. */
function field(cell: CsvCell): string {
  if (typeof cell === "number") return String(cell);
  const text = (cell ?? "").replace(/^[=+\-@\t\r]/, "'$&");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
