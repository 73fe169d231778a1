import optimizeLocales from "@react-aria/optimize-locales-plugin";
import react from "@vitejs/plugin-react";
import { defineConfig, type CommonServerOptions } from "vite";

// Where the server is. The browser's Host goes on to it, which must be that of the page.
const proxy: CommonServerOptions["proxy"] = {
  "/api": {
    target: process.env["ORCHESTACK_ADMIN_URL"] ?? "http://127.0.0.1:8081",
    configure: (server) =>
      server.on("proxyRes", (from, _, to) => {
        // A stream begins in the browser when it begins at the server, and ends there when it is cut off here.
        setImmediate(() => to.flushHeaders());
        from.on("close", () => from.complete || to.destroy());
      }),
  },
};

/** The policy of the server's pages, so that `vite preview` shows what it breaks. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; " +
  "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; " +
  "frame-ancestors 'none'";

export default defineConfig({
  plugins: [react(), optimizeLocales.vite({ locales: ["en-US"] })],
  server: { port: 5173, strictPort: true, proxy },
  preview: { port: 5174, strictPort: true, proxy, headers: { "content-security-policy": PAGE_POLICY } },
  build: {
    target: ["chrome125", "firefox128", "safari18"],
    // The policy of the server's pages allows no data in scripts and styles, and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // The editor's parts are marked as if loading them did something; it does not.
    rolldownOptions: { treeshake: { moduleSideEffects: [{ test: /@codemirror|@lezer/, sideEffects: false }] } },
  },
});
