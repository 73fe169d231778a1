// Passes requests on to ORCHESTACK_BASE_URL with a key, and changes nothing else: for clients that cannot send
// one, as the conformance suite. It prints its address, and serves until its input ends.
import { createServer, request as ask } from "node:http";

const { ORCHESTACK_BASE_URL: base, ORCHESTACK_KEY: key } = process.env;

const proxy = createServer((request, response) => {
  const headers = { ...request.headers, authorization: `Bearer ${key}` };
  const asked = ask(new URL(request.url, base), { method: request.method, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    response.flushHeaders();
    answer.pipe(response);
  });
  asked.on("error", () => response.destroy());
  response.on("close", () => asked.destroy());
  request.pipe(asked);
});
proxy.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${proxy.address().port}`));
process.stdin.on("end", () => process.exit(0)).resume();
