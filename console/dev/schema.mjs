// Writes src/api/schema.d.ts from openapi.json; with an address, fetches openapi.json from that server first:
//
//   npm run api -- http://127.0.0.1:8081

import { readFile, writeFile } from "node:fs/promises";

import openapiTS, { astToString } from "openapi-typescript";

const DOCUMENT = new URL("../openapi.json", import.meta.url);
const SCHEMA = new URL("../src/api/schema.d.ts", import.meta.url);

const server = process.argv[2];
if (server) {
    const response = await fetch(new URL("/api/v1/openapi.json", server));
    if (!response.ok) throw new Error(`${server} answered with status ${response.status}`);
    await writeFile(DOCUMENT, `${JSON.stringify(await response.json(), null, 2)}\n`);
}
const document = JSON.parse(await readFile(DOCUMENT, "utf8"));
const types = astToString(await openapiTS(document, { alphabetize: true }));
await writeFile(SCHEMA, `// Made from openapi.json by \`npm run api\`.\n\n${types}`);
