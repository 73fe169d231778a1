// A tool server with everything that the public conformance suite of MCP asks a server for, made with the
// official SDK. It prints its address, and serves until its input ends.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";

import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import * as types from "@modelcontextprotocol/sdk/types.js";

// One red point, and a tenth of a second of nothing.
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==";
const WAV = "UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA==";

const text = (text) => ({ type: "text", text });
const image = { type: "image", data: PNG, mimeType: "image/png" };
const resource = (uri, mimeType, text) => ({ type: "resource", resource: { uri, mimeType, text } });
const pause = () => new Promise((done) => setTimeout(done, 50));
const string = (more = {}) => ({ type: "string", ...more });
const object = (properties = {}, required = []) => ({ type: "object", properties, required });

// Tools: what is said of each, and what it does with its arguments and the request that it is called by.
const TOOLS = {
  test_simple_text: ["Text", object(), () => [text("This is a simple text response for testing.")]],
  test_image_content: ["An image", object(), () => [image]],
  test_audio_content: [
    "Sound",
    object(),
    () => [{ type: "audio", data: WAV, mimeType: "audio/wav" }],
  ],
  test_embedded_resource: [
    "A resource",
    object(),
    () => [resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")],
  ],
  test_multiple_content_types: [
    "Text, an image and a resource",
    object(),
    () => [
      text("Multiple content types test:"),
      image,
      resource("test://mixed-content-resource", "application/json", '{"test":"data","value":123}'),
    ],
  ],
  test_tool_with_logging: ["Three lines of the log", object(), logs],
  test_tool_with_progress: ["Three words on its progress", object(), progresses],
  test_error_handling: [
    "Always fails",
    object(),
    () => {
      throw new Error("This tool intentionally returns an error for testing");
    },
  ],
  test_sampling: ["Asks a model", object({ prompt: string() }, ["prompt"]), samples],
  test_elicitation: ["Asks the user", object({ message: string() }, ["message"]), elicits],
  test_elicitation_sep1034_defaults: ["Asks with defaults", object(), asks(defaults())],
  test_elicitation_sep1330_enums: ["Asks with choices", object(), asks(choices())],
  test_reconnection: [
    "Takes a while",
    object(),
    async () => {
      await pause();
      return [text("Reconnection test completed successfully.")];
    },
  ],
  json_schema_2020_12_tool: ["Has a schema of 2020-12", schema2020(), () => [text("ok")]],
};

async function logs(_, { sendNotification }) {
  for (const data of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
    const params = { level: "info", logger: "conformance", data };
    await sendNotification({ method: "notifications/message", params });
    await pause();
  }
  return [text("logged")];
}

async function progresses(_, { _meta, sendNotification }) {
  for (const progress of [0, 50, 100]) {
    if (_meta?.progressToken !== undefined) {
      const params = { progressToken: _meta.progressToken, progress, total: 100 };
      await sendNotification({ method: "notifications/progress", params });
    }
    await pause();
  }
  return [text("done")];
}

async function samples({ prompt }, { sendRequest }) {
  const messages = [{ role: "user", content: text(prompt) }];
  const params = { messages, maxTokens: 100 };
  const request = { method: "sampling/createMessage", params };
  const answer = await sendRequest(request, types.CreateMessageResultSchema);
  return [text(`LLM response: ${answer.content.text}`)];
}

async function elicits({ message }, { sendRequest }) {
  const requestedSchema = object({ response: string({ description: "User's response" }) }, ["response"]);
  const request = { method: "elicitation/create", params: { message, requestedSchema } };
  const { action, content } = await sendRequest(request, types.ElicitResultSchema);
  return [text(`User response: action=${action}, content=${JSON.stringify(content)}`)];
}

function asks(properties) {
  return async (_, { sendRequest }) => {
    const params = { message: "Please fill this in.", requestedSchema: object(properties) };
    const request = { method: "elicitation/create", params };
    const { action, content } = await sendRequest(request, types.ElicitResultSchema);
    return [text(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`)];
  };
}

function defaults() {
  return {
    name: string({ default: "John Doe" }),
    age: { type: "integer", default: 30 },
    score: { type: "number", default: 95.5 },
    status: string({ enum: ["active", "inactive", "pending"], default: "active" }),
    verified: { type: "boolean", default: true },
  };
}

function choices() {
  const named = (names, stem) => names.map((title, n) => ({ const: `${stem}${n + 1}`, title }));
  const options = ["option1", "option2", "option3"];
  return {
    untitledSingle: string({ enum: options }),
    titledSingle: string({ oneOf: named(["First Option", "Second Option", "Third Option"], "value") }),
    legacyEnum: string({
      enum: ["opt1", "opt2", "opt3"],
      enumNames: ["Option One", "Option Two", "Option Three"],
    }),
    untitledMulti: { type: "array", items: string({ enum: options }) },
    titledMulti: {
      type: "array",
      items: { anyOf: named(["First Choice", "Second Choice", "Third Choice"], "value") },
    },
  };
}

function schema2020() {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    $defs: { address: { type: "object", properties: { street: string(), city: string() } } },
    properties: { name: string(), address: { $ref: "#/$defs/address" } },
    additionalProperties: false,
  };
}

const RESOURCES = {
  "test://static-text": {
    mimeType: "text/plain",
    text: "This is the content of the static text resource.",
  },
  "test://static-binary": { mimeType: "image/png", blob: PNG },
  "test://watched-resource": { mimeType: "text/plain", text: "Watched resource content" },
};

function read(uri) {
  const known = RESOURCES[uri];
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (known) return { contents: [{ uri, ...known }] };
  if (!id) throw new types.McpError(-32002, "no such resource");
  const data = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
  return { contents: [{ uri, mimeType: "application/json", text: data }] };
}

const user = (content) => ({ role: "user", content });
const argument = (name) => ({ name, description: name, required: true });
const PROMPTS = {
  test_simple_prompt: [[], () => [user(text("This is a simple prompt for testing."))]],
  test_prompt_with_arguments: [
    [argument("arg1"), argument("arg2")],
    ({ arg1, arg2 }) => [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))],
  ],
  test_prompt_with_embedded_resource: [
    [argument("resourceUri")],
    ({ resourceUri }) => [
      user(resource(resourceUri, "text/plain", "Embedded resource content for testing.")),
      user(text("Please process the embedded resource above.")),
    ],
  ],
  test_prompt_with_image: [
    [],
    () => [user(image), user(text("Please analyze the image above."))],
  ],
};

function server() {
  const capabilities = {
    tools: { listChanged: true },
    resources: { subscribe: true, listChanged: true },
    prompts: { listChanged: true },
    logging: {},
    completions: {},
  };
  const server = new Server({ name: "conformance", version: "1.0.0" }, { capabilities });
  const on = (schema, answer) => server.setRequestHandler(schema, answer);
  on(types.ListToolsRequestSchema, () => ({
    tools: Object.entries(TOOLS).map(([name, [description, inputSchema]]) => ({
      name,
      description,
      inputSchema,
    })),
  }));
  on(types.CallToolRequestSchema, async ({ params }, extra) => {
    try {
      const content = await TOOLS[params.name][2](params.arguments ?? {}, extra);
      return { content };
    } catch (error) {
      return { content: [text(error.message)], isError: true };
    }
  });
  on(types.ListResourcesRequestSchema, () => ({
    resources: Object.entries(RESOURCES).map(([uri, { mimeType }]) => ({
      uri,
      name: uri,
      description: "For testing",
      mimeType,
    })),
  }));
  on(types.ListResourceTemplatesRequestSchema, () => ({
    resourceTemplates: [
      {
        uriTemplate: "test://template/{id}/data",
        name: "template",
        description: "For testing",
        mimeType: "application/json",
      },
    ],
  }));
  on(types.ReadResourceRequestSchema, ({ params }) => read(params.uri));
  on(types.SubscribeRequestSchema, ({ params }) => {
    // It changes at once, so that the test need not wait.
    const updated = { method: "notifications/resources/updated", params: { uri: params.uri } };
    setTimeout(() => server.notification(updated).catch(() => {}), 100);
    return {};
  });
  on(types.UnsubscribeRequestSchema, () => ({}));
  on(types.ListPromptsRequestSchema, () => ({
    prompts: Object.entries(PROMPTS).map(([name, [args]]) => ({
      name,
      description: "For testing",
      arguments: args,
    })),
  }));
  on(types.GetPromptRequestSchema, ({ params }) => ({
    messages: PROMPTS[params.name][1](params.arguments ?? {}),
  }));
  on(types.CompleteRequestSchema, () => ({
    completion: { values: ["testing"], total: 1, hasMore: false },
  }));
  on(types.SetLevelRequestSchema, () => ({}));
  return server;
}

const sessions = new Map();

async function transport(request) {
  const known = sessions.get(request.headers["mcp-session-id"]);
  if (known) return known;
  const made = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    onsessioninitialized: (id) => sessions.set(id, made),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await server().connect(made);
  return made;
}

const http = createServer(async (request, response) => {
  // What a gateway was shown by its caller must not come this far.
  if (request.headers.authorization) {
    response.writeHead(418).end();
    return;
  }
  await (await transport(request)).handleRequest(request, response);
});
http.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${http.address().port}/mcp`));
process.stdin.on("end", () => process.exit(0)).resume();
