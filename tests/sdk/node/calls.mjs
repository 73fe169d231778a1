// Twenty calls with OpenAI's own, unmodified package for Node.
//
// Each prints one line; the first mismatch ends the script with exit code 1. The environment is
// that of ../python/calls.py.

import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  PermissionDeniedError,
} from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const env = process.env;
const BASE_URL = env.ORCHESTACK_BASE_URL;
const KEY = env.ORCHESTACK_KEY;
const MODEL = env.ORCHESTACK_MODEL;
const DENIED_KEY = env.ORCHESTACK_DENIED_KEY ?? KEY;
const DENIED_MODEL = env.ORCHESTACK_DENIED_MODEL ?? MODEL;
const EXHAUSTED_KEY = env.ORCHESTACK_EXHAUSTED_KEY ?? KEY;
const EXHAUSTED_MODEL = env.ORCHESTACK_EXHAUSTED_MODEL ?? MODEL;
const UNKNOWN_MODEL = env.ORCHESTACK_UNKNOWN_MODEL ?? 'no-such-model';
const BODY_MAX_BYTES = Number(env.ORCHESTACK_BODY_MAX_BYTES ?? 32 << 20);
const OURS = (env.ORCHESTACK_CODES ?? 'orchestack') === 'orchestack';

// A retry would hide a failure, and a hang should fail the test rather than the runner.
const connect = (apiKey) => new OpenAI({ apiKey, baseURL: BASE_URL, maxRetries: 0, timeout: 60_000 });
const client = connect(KEY);

const PROMPT = [{ role: 'user', content: 'Say something.' }];
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk' +
  '+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const WEATHER = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string' },
        unit: { type: 'string', enum: ['celsius', 'kelvin'] },
      },
      required: ['city', 'unit'],
      additionalProperties: false,
    },
  },
};

class Mismatch extends Error {}

function expect(condition, what) {
  if (!condition) throw new Mismatch(what);
}

const create = (options = {}) =>
  client.chat.completions.create({ model: MODEL, messages: PROMPT, ...options });

/** Checks that a call throws the SDK's typed error, with our code in it. */
async function refused(kind, status, code, call) {
  try {
    await call();
  } catch (error) {
    if (!(error instanceof APIError) || error.status === undefined) throw error;
    expect(error instanceof kind, `${error.constructor.name} instead of ${kind.name}`);
    expect(error.status === status, `status ${error.status} instead of ${status}`);
    expect(error.error?.message, 'no message in the error');
    if (OURS) expect(error.code === code, `code ${error.code} instead of ${code}`);
    return `${error.constructor.name} ${status} ${error.code}`;
  }
  throw new Mismatch(`answered, instead of ${kind.name}`);
}

/** Whether a tool call's arguments are those of the schema. */
function fits(call) {
  const names = Object.keys(JSON.parse(call.function.arguments)).sort();
  return call.function.name === 'get_weather' && names.join() === 'city,unit';
}

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const CALLS = {
  async plain() {
    const answer = await create();
    const [choice] = answer.choices;
    expect(answer.object === 'chat.completion', answer.object);
    expect(choice.message.role === 'assistant' && choice.message.content, 'no content');
    expect(choice.finish_reason === 'stop', choice.finish_reason);
    const { usage } = answer;
    expect(usage.prompt_tokens > 0 && usage.completion_tokens > 0, 'no usage');
    expect(usage.total_tokens === usage.prompt_tokens + usage.completion_tokens, 'usage sum');
    return `${usage.total_tokens} tokens`;
  },

  async streamed() {
    const chunks = await collect(await create({ stream: true }));
    const choices = chunks.flatMap((chunk) => chunk.choices);
    const text = choices.map((choice) => choice.delta.content ?? '').join('');
    const finish = choices.map((choice) => choice.finish_reason).find(Boolean);
    expect(chunks.every((chunk) => chunk.object === 'chat.completion.chunk'), 'wrong object');
    expect(text && finish === 'stop', `text ${text}, finish ${finish}`);
    return `${chunks.length} chunks`;
  },

  async 'usage in the stream'() {
    const options = { stream: true, stream_options: { include_usage: true } };
    const chunks = await collect(await create(options));
    const last = chunks.pop();
    expect(last.choices.length === 0, 'the usage chunk has choices');
    expect(last.usage?.completion_tokens > 0, 'no usage');
    expect(chunks.every((chunk) => chunk.usage == null), 'usage before the end');
    return `${last.usage.total_tokens} tokens`;
  },

  async 'tool call'() {
    const answer = await create({ tools: [WEATHER], tool_choice: 'required' });
    const [choice] = answer.choices;
    expect(choice.finish_reason === 'tool_calls', choice.finish_reason);
    const [call] = choice.message.tool_calls;
    expect(fits(call), call.function.arguments);
    return call.function.arguments;
  },

  async 'streamed tool call'() {
    const options = { model: MODEL, messages: PROMPT, tools: [WEATHER], tool_choice: 'required' };
    const answer = await client.chat.completions.stream(options).finalChatCompletion();
    const [call] = answer.choices[0].message.tool_calls;
    expect(fits(call), call.function.arguments);
    return call.function.name;
  },

  async 'tool result round trip'() {
    const first = (await create({ tools: [WEATHER], tool_choice: 'required' })).choices[0].message;
    const content = '{"degrees": 21}';
    const result = { role: 'tool', tool_call_id: first.tool_calls[0].id, content };
    // No `tool_choice` now: a result is there, so the model has something to say.
    const answer = await create({ messages: [...PROMPT, first, result], tools: [WEATHER] });
    expect(answer.choices[0].finish_reason === 'stop', answer.choices[0].finish_reason);
    expect(answer.choices[0].message.content, 'no content');
    return 'answered';
  },

  async 'json schema'() {
    const city = z.object({ name: z.string(), inhabitants: z.number(), rivers: z.array(z.string()) });
    const answer = await client.chat.completions.parse({
      model: MODEL,
      messages: PROMPT,
      response_format: zodResponseFormat(city, 'city'),
    });
    const { parsed } = answer.choices[0].message;
    expect(city.safeParse(parsed).success, `parsed ${JSON.stringify(parsed)}`);
    return JSON.stringify(parsed);
  },

  async 'json object'() {
    const messages = [{ role: 'user', content: 'Answer in JSON.' }];
    const answer = await create({ messages, response_format: { type: 'json_object' } });
    const value = JSON.parse(answer.choices[0].message.content);
    expect(value !== null && typeof value === 'object', 'not an object');
    return 'parsed';
  },

  async image() {
    const content = [
      { type: 'text', text: 'What is in this picture?' },
      { type: 'image_url', image_url: { url: PIXEL, detail: 'low' } },
    ];
    const answer = await create({ messages: [{ role: 'user', content }] });
    expect(answer.choices[0].message.content, 'no content');
    return 'answered';
  },

  async 'two choices'() {
    const answer = await create({ n: 2 });
    expect(answer.choices.map((choice) => choice.index).join() === '0,1', 'not two choices');
    return '2 choices';
  },

  async stop() {
    const word = (await create()).choices[0].message.content.split(/\s+/)[2];
    const [choice] = (await create({ stop: [word] })).choices;
    expect(choice.finish_reason === 'stop', choice.finish_reason);
    expect(!choice.message.content?.includes(word), 'the stop sequence is in the text');
    return 'stopped';
  },

  async 'token limit'() {
    const answer = await create({ max_completion_tokens: 3 });
    expect(answer.choices[0].finish_reason === 'length', answer.choices[0].finish_reason);
    expect(answer.usage.completion_tokens <= 3, 'more tokens than the limit');
    return 'length';
  },

  async models() {
    const ids = (await collect(await client.models.list())).map((model) => model.id);
    expect(ids.includes(MODEL), `${MODEL} is not in ${ids}`);
    const model = await client.models.retrieve(MODEL);
    expect(model.id === MODEL && model.object === 'model', 'wrong model');
    return `${ids.length} models`;
  },

  'wrong key': () =>
    refused(AuthenticationError, 401, 'unauthenticated', () =>
      connect('ork_wrong_key').chat.completions.create({ model: MODEL, messages: PROMPT }),
    ),

  'denied model': () =>
    refused(PermissionDeniedError, 403, 'policy_denied', () =>
      connect(DENIED_KEY).chat.completions.create({ model: DENIED_MODEL, messages: PROMPT }),
    ),

  'unknown model': () =>
    refused(NotFoundError, 404, 'model_not_found', () => create({ model: UNKNOWN_MODEL })),

  'exhausted budget': () =>
    refused(APIError, 402, 'budget_exhausted', () =>
      connect(EXHAUSTED_KEY).chat.completions.create({ model: EXHAUSTED_MODEL, messages: PROMPT }),
    ),

  'over-long body': () =>
    refused(APIError, 413, 'body_too_large', () =>
      create({ messages: [{ role: 'user', content: 'x'.repeat(BODY_MAX_BYTES + 1) }] }),
    ),

  'bad parameter': () =>
    refused(BadRequestError, 400, 'invalid_request', () => create({ temperature: 7 })),

  async 'headers of the answer'() {
    const { data, response } = await create().withResponse();
    expect(data.choices.length === 1, 'no answer');
    if (!OURS) return 'answered';
    const request = response.headers.get('x-orchestack-request-id') ?? '';
    expect(request.startsWith('req_'), `x-orchestack-request-id is ${request}`);
    return request;
  },
};

console.log(`openai for Node, ${Object.keys(CALLS).length} calls`);
let number = 0;
for (const [name, call] of Object.entries(CALLS)) {
  number += 1;
  try {
    console.log(`${String(number).padStart(2)} ok ${name}: ${await call()}`);
  } catch (error) {
    const what = error instanceof Mismatch ? 'MISMATCH' : `FAILED (${error.constructor.name})`;
    console.error(`${String(number).padStart(2)} ${what} ${name}: ${error.message}`);
    process.exit(1);
  }
}
