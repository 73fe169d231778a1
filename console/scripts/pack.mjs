// Packs what was built, once for all browsers: beside each file that is worth it one with `.br`, and one with `.gz`
// for browsers that ask over plain HTTP, where they take nothing newer.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const WORTH = /\.(js|css|html|svg|json|wasm)$/;
const WORTH_BYTES = 1024;

for (const file of await readdir(dist, { recursive: true })) {
  if (!WORTH.test(file)) continue;
  const bytes = await readFile(join(dist, file));
  if (bytes.length < WORTH_BYTES) continue;
  await writeFile(join(dist, `${file}.br`), brotliCompressSync(bytes));
  await writeFile(join(dist, `${file}.gz`), gzipSync(bytes, { level: 9 }));
}
