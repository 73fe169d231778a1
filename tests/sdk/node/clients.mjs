// Calls with other unmodified clients: Anthropic's package, OpenAI's responses, the Vercel AI SDK.
// The environment is described in tests/sdk/python/clients.py.
import Anthropic from "@anthropic-ai/sdk";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { embed, embedMany, generateText, streamText, tool } from "ai";
import OpenAI from "openai";
import { z } from "zod";

const { ORCHESTACK_BASE_URL: baseURL, ORCHESTACK_KEY: apiKey } = process.env;
const { ORCHESTACK_MODELS, ORCHESTACK_EMBED_MODEL } = process.env;
const options = { apiKey, maxRetries: 0, timeout: 60_000 };
const claude = new Anthropic({ baseURL, ...options });
const gpt = new OpenAI({ baseURL: `${baseURL}/v1`, ...options });
const messages = [{ role: "user", content: "Say something." }];

function expect(condition, what) {
  if (!condition) throw new Error(`mismatch: ${JSON.stringify(what)}`);
}

async function anthropic(model) {
  const answer = await claude.messages.create({ model, max_tokens: 64, messages });
  expect(answer.content[0].text && answer.usage.output_tokens > 0, answer);
  const stream = claude.messages.stream({ model, max_tokens: 64, messages });
  const streamed = await stream.finalMessage();
  expect(streamed.content[0].text && streamed.usage.input_tokens > 0, streamed);
}

async function responses(model) {
  const answer = await gpt.responses.create({ model, input: "Say something." });
  expect(answer.status === "completed" && answer.output_text, answer);
  const stream = gpt.responses.stream({ model, input: "Say something." });
  const streamed = await stream.finalResponse();
  expect(streamed.output_text, streamed);
}

// The provider's packages of the Vercel AI SDK speak responses and messages; it also speaks chat.
async function vercel(model) {
  const openai = createOpenAI({ baseURL: `${baseURL}/v1`, apiKey });
  const anthropic = createAnthropic({ baseURL: `${baseURL}/v1`, apiKey });
  const weather = tool({
    description: "The weather of a city",
    inputSchema: z.object({ city: z.string() }),
  });
  for (const chat of [openai.responses(model), openai.chat(model), anthropic(model)]) {
    const common = { model: chat, prompt: "Say something.", maxRetries: 0, maxOutputTokens: 64 };
    const { text, usage } = await generateText(common);
    expect(text && usage.outputTokens > 0, { text, usage });
    const onError = ({ error }) => {
      throw error;
    };
    const streamed = streamText({ ...common, onError });
    expect(await streamed.text, chat.provider);
    const tools = { get_weather: weather };
    const called = await generateText({ ...common, tools, toolChoice: "required" });
    expect(called.toolCalls[0].toolName === "get_weather", called.toolCalls);
    const calling = streamText({ ...common, tools, toolChoice: "required", onError });
    expect((await calling.toolCalls)[0].input.city !== undefined, chat.provider);
  }
}

const values = [..."abcdefghijkl"].map((word) => `The ${word} of the house`);
const close = (one, other) =>
  one.length === other.length && one.every((number, i) => Math.abs(number - other[i]) < 1e-6);

// The package asks for base64 where nobody says otherwise, and reads it.
async function embeddings(model) {
  const packed = await gpt.embeddings.create({ model, input: values });
  const plain = await gpt.embeddings.create({ model, input: values, encoding_format: "float" });
  expect(packed.data.length === values.length && packed.usage.total_tokens > 0, packed.usage);
  packed.data.forEach(({ embedding, index }, i) => {
    expect(index === i && close(embedding, plain.data[i].embedding), { index, i });
  });
}

async function vercelEmbeddings(name) {
  const model = createOpenAI({ baseURL: `${baseURL}/v1`, apiKey }).embedding(name);
  const { embeddings, usage } = await embedMany({ model, values, maxRetries: 0 });
  expect(embeddings.length === values.length && usage.tokens > 0, usage);
  const { embedding } = await embed({ model, value: values[3], maxRetries: 0 });
  expect(close(embedding, embeddings[3]), "another vector for the same text");
}

const calls = ORCHESTACK_MODELS.split(",").map((model) => [model, [anthropic, responses, vercel]]);
for (const [model, all] of [...calls, [ORCHESTACK_EMBED_MODEL, [embeddings, vercelEmbeddings]]]) {
  for (const call of all) {
    try {
      await call(model);
      console.log(`ok ${call.name} of ${model}`);
    } catch (error) {
      console.error(`FAILED ${call.name} of ${model}:`, error);
      process.exit(1);
    }
  }
}
