// Builds the page and the widget into the folder that is given, or into dist/. What is in dist/ is in the
// repository, so that the server builds without Node; a test holds it against the sources.
import { build } from "esbuild";
import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { join } from "node:path";

const here = fileURLToPath(new URL(".", import.meta.url));
const out = process.argv[2] ?? join(here, "dist");
await mkdir(out, { recursive: true });
const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  // Small, and still lines that a person can read in a diff.
  minifySyntax: true,
  legalComments: "none",
  target: ["es2022"],
  logLevel: "warning",
};
await build({ ...common, entryPoints: ["src/page.ts"], format: "esm", outfile: join(out, "page.js") });
await build({ ...common, entryPoints: ["src/widget.ts"], format: "iife", outfile: join(out, "widget.js") });
await build({ ...common, entryPoints: ["src/page.css"], outfile: join(out, "page.css") });
await copyFile(join(here, "src/page.html"), join(out, "page.html"));
