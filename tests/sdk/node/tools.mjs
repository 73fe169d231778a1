// What an MCP client does at the gateway, with the official SDK: each line that it prints ends in `ok`.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  CreateMessageRequestSchema,
  ElicitRequestSchema,
  LoggingMessageNotificationSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

const { ORCHESTACK_BASE_URL: base, ORCHESTACK_KEY: key } = process.env;
const requestInit = { headers: { authorization: `Bearer ${key}` } };
const transport = new StreamableHTTPClientTransport(new URL(`${base}/mcp`), { requestInit });
const capabilities = { sampling: {}, elicitation: {} };
const client = new Client({ name: "test", version: "1" }, { capabilities });
client.setRequestHandler(CreateMessageRequestSchema, () => ({
  role: "assistant",
  model: "test",
  content: { type: "text", text: "sampled" },
}));
client.setRequestHandler(ElicitRequestSchema, () => ({
  action: "accept",
  content: { response: "elicited" },
}));
let logged = 0;
client.setNotificationHandler(LoggingMessageNotificationSchema, () => (logged += 1));
const updated = new Promise((done) => {
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, done);
});
await client.connect(transport);

function check(what, holds) {
  if (!holds) throw new Error(`${what} is wrong`);
  console.log(`${what} ok`);
}
const call = (name, args = {}, options) =>
  client.callTool({ name: `suite__${name}`, arguments: args }, undefined, options);
const said = (result) => result.content[0].text;

const { tools } = await client.listTools();
check("tools", tools.some(({ name }) => name === "suite__test_simple_text"));
check("call", said(await call("test_simple_text")).startsWith("This is a simple"));
const heard = [];
await call("test_tool_with_progress", {}, { onprogress: ({ progress }) => heard.push(progress) });
check("progress", heard.join() === "0,50,100");
check("sampling", said(await call("test_sampling", { prompt: "hi" })).includes("sampled"));
check("elicitation", said(await call("test_elicitation", { message: "hi" })).includes("elicited"));
const { contents } = await client.readResource({ uri: "test://static-text" });
check("resource", contents[0].text.startsWith("This is the content"));
const args = { arg1: "a", arg2: "b" };
const prompt = await client.getPrompt({ name: "suite__test_prompt_with_arguments", arguments: args });
check("prompt", prompt.messages[0].content.text.includes("arg1='a'"));
await client.subscribeResource({ uri: "test://watched-resource" });
await updated;
await client.setLoggingLevel("debug");
await call("test_tool_with_logging");
await new Promise((done) => setTimeout(done, 300));
check("events", logged === 3);
await transport.terminateSession();
await client.close();
