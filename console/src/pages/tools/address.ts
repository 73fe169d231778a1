// Addresses of tools. A tool's own name may have anything in it, slashes too.

/** Where the page of a tool is. */
export function toolAddress(server: string, tool: string): string {
  return `/tools/${encodeURIComponent(server)}/${encodeURI(tool).replace(/[?#]/g, encodeURIComponent)}`;
}

/** The name in the rest of such an address, which the router has decoded but for these two. */
export function toolName(rest: string): string {
  return rest.replaceAll("%3F", "?").replaceAll("%23", "#");
}
