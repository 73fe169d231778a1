"""Twenty calls with OpenAI's own, unmodified Python package.

Each prints one line; the first mismatch ends the script with exit code 1. From the environment:

ORCHESTACK_BASE_URL         such as http://127.0.0.1:8080/v1
ORCHESTACK_KEY              a key that may call ORCHESTACK_MODEL
ORCHESTACK_MODEL            a model with tools, images and structured output
ORCHESTACK_DENIED_KEY       a key that no policy lets call ORCHESTACK_DENIED_MODEL
ORCHESTACK_DENIED_MODEL     (default: ORCHESTACK_MODEL)
ORCHESTACK_EXHAUSTED_KEY    a key whose budget is spent for ORCHESTACK_EXHAUSTED_MODEL
ORCHESTACK_EXHAUSTED_MODEL  (default: ORCHESTACK_MODEL)
ORCHESTACK_UNKNOWN_MODEL    (default: no-such-model)
ORCHESTACK_BODY_MAX_BYTES   the longest body that is accepted (default: 32 MiB)
ORCHESTACK_CODES            `orchestack` (default) checks our error codes and headers as well;
                            `any` checks the SDK's types only, for other servers
"""

import asyncio
import json
import os
import sys

import openai
from pydantic import BaseModel

ENV = os.environ
BASE_URL = ENV["ORCHESTACK_BASE_URL"]
KEY = ENV["ORCHESTACK_KEY"]
MODEL = ENV["ORCHESTACK_MODEL"]
DENIED_KEY = ENV.get("ORCHESTACK_DENIED_KEY", KEY)
DENIED_MODEL = ENV.get("ORCHESTACK_DENIED_MODEL", MODEL)
EXHAUSTED_KEY = ENV.get("ORCHESTACK_EXHAUSTED_KEY", KEY)
EXHAUSTED_MODEL = ENV.get("ORCHESTACK_EXHAUSTED_MODEL", MODEL)
UNKNOWN_MODEL = ENV.get("ORCHESTACK_UNKNOWN_MODEL", "no-such-model")
BODY_MAX_BYTES = int(ENV.get("ORCHESTACK_BODY_MAX_BYTES", str(32 << 20)))
OURS = ENV.get("ORCHESTACK_CODES", "orchestack") == "orchestack"

# A retry would hide a failure, and a hang should fail the test rather than the runner.
OPTIONS = {"base_url": BASE_URL, "max_retries": 0, "timeout": 60}
client = openai.OpenAI(api_key=KEY, **OPTIONS)

PROMPT = [{"role": "user", "content": "Say something."}]
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {
                "city": {"type": "string"},
                "unit": {"type": "string", "enum": ["celsius", "kelvin"]},
            },
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}


class Mismatch(Exception):
    """What came is not what should have come."""


def expect(condition, what):
    if not condition:
        raise Mismatch(what)


def create(**options):
    options.setdefault("model", MODEL)
    options.setdefault("messages", PROMPT)
    return client.chat.completions.create(**options)


def refused(kind, status, code, call):
    """Checks that a call raises the SDK's typed exception, with our code in it."""
    try:
        call()
    except openai.APIStatusError as error:
        expect(isinstance(error, kind), f"{type(error).__name__} instead of {kind.__name__}")
        expect(error.status_code == status, f"status {error.status_code} instead of {status}")
        expect(isinstance(error.body, dict), f"error body {error.body!r}")
        expect(error.body.get("message"), "no message in the error")
        if OURS:
            expect(error.code == code, f"code {error.code!r} instead of {code!r}")
        return f"{kind.__name__} {status} {error.code}"
    raise Mismatch(f"answered, instead of {kind.__name__}")


def plain():
    answer = create()
    choice = answer.choices[0]
    expect(answer.object == "chat.completion", answer.object)
    expect(choice.message.role == "assistant" and choice.message.content, "no content")
    expect(choice.finish_reason == "stop", choice.finish_reason)
    usage = answer.usage
    expect(usage and usage.prompt_tokens > 0 and usage.completion_tokens > 0, "no usage")
    expect(usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, "usage sum")
    return f"{usage.total_tokens} tokens"


def streamed():
    text, finish, chunks = "", None, 0
    for chunk in create(stream=True):
        expect(chunk.object == "chat.completion.chunk", chunk.object)
        chunks += 1
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    expect(text and finish == "stop", f"text {text!r}, finish {finish!r}")
    return f"{chunks} chunks"


def usage_in_the_stream():
    chunks = list(create(stream=True, stream_options={"include_usage": True}))
    expect(chunks[-1].choices == [], "the usage chunk has choices")
    usage = chunks[-1].usage
    expect(usage and usage.completion_tokens > 0, "no usage")
    expect(all(chunk.usage is None for chunk in chunks[:-1]), "usage before the end")
    return f"{usage.total_tokens} tokens"


def tool_call():
    answer = create(tools=[WEATHER], tool_choice="required")
    choice = answer.choices[0]
    expect(choice.finish_reason == "tool_calls", choice.finish_reason)
    call = choice.message.tool_calls[0]
    expect(call.type == "function" and call.function.name == "get_weather", "wrong function")
    arguments = json.loads(call.function.arguments)
    expect(set(arguments) == {"city", "unit"}, call.function.arguments)
    return call.function.arguments


def streamed_tool_call():
    with client.chat.completions.stream(
        model=MODEL, messages=PROMPT, tools=[WEATHER], tool_choice="required"
    ) as stream:
        for _ in stream:
            pass
        answer = stream.get_final_completion()
    call = answer.choices[0].message.tool_calls[0]
    expect(set(json.loads(call.function.arguments)) == {"city", "unit"}, "arguments")
    return call.function.name


def tool_result_round_trip():
    first = create(tools=[WEATHER], tool_choice="required").choices[0].message
    result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": '{"degrees": 21}'}
    # No `tool_choice` now: a result is there, so the model has something to say.
    answer = create(messages=[*PROMPT, first, result], tools=[WEATHER])
    expect(answer.choices[0].finish_reason == "stop", answer.choices[0].finish_reason)
    expect(answer.choices[0].message.content, "no content")
    return "answered"


class City(BaseModel):
    name: str
    inhabitants: int
    rivers: list[str]


def json_schema():
    answer = client.chat.completions.parse(model=MODEL, messages=PROMPT, response_format=City)
    parsed = answer.choices[0].message.parsed
    expect(isinstance(parsed, City), f"parsed {parsed!r}")
    return repr(parsed)


def json_object():
    messages = [{"role": "user", "content": "Answer in JSON."}]
    answer = create(messages=messages, response_format={"type": "json_object"})
    expect(isinstance(json.loads(answer.choices[0].message.content), dict), "not an object")
    return "parsed"


def image():
    content = [
        {"type": "text", "text": "What is in this picture?"},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
    ]
    answer = create(messages=[{"role": "user", "content": content}])
    expect(answer.choices[0].message.content, "no content")
    return "answered"


def two_choices():
    answer = create(n=2)
    expect([choice.index for choice in answer.choices] == [0, 1], "not two choices")
    return "2 choices"


def stop():
    whole = create().choices[0].message.content
    word = whole.split()[2]
    answer = create(stop=[word]).choices[0]
    expect(answer.finish_reason == "stop", answer.finish_reason)
    expect(word not in (answer.message.content or ""), "the stop sequence is in the text")
    return "stopped"


def token_limit():
    answer = create(max_completion_tokens=3)
    expect(answer.choices[0].finish_reason == "length", answer.choices[0].finish_reason)
    expect(answer.usage.completion_tokens <= 3, "more tokens than the limit")
    return "length"


def models():
    ids = [model.id for model in client.models.list()]
    expect(MODEL in ids, f"{MODEL} is not in {ids}")
    model = client.models.retrieve(MODEL)
    expect(model.id == MODEL and model.object == "model", "wrong model")
    return f"{len(ids)} models"


def wrong_key():
    wrong = openai.OpenAI(api_key="ork_wrong_key", **OPTIONS)
    call = lambda: wrong.chat.completions.create(model=MODEL, messages=PROMPT)
    return refused(openai.AuthenticationError, 401, "unauthenticated", call)


def denied_model():
    denied = openai.OpenAI(api_key=DENIED_KEY, **OPTIONS)
    call = lambda: denied.chat.completions.create(model=DENIED_MODEL, messages=PROMPT)
    return refused(openai.PermissionDeniedError, 403, "policy_denied", call)


def unknown_model():
    call = lambda: create(model=UNKNOWN_MODEL)
    return refused(openai.NotFoundError, 404, "model_not_found", call)


def exhausted_budget():
    exhausted = openai.OpenAI(api_key=EXHAUSTED_KEY, **OPTIONS)
    call = lambda: exhausted.chat.completions.create(model=EXHAUSTED_MODEL, messages=PROMPT)
    return refused(openai.APIStatusError, 402, "budget_exhausted", call)


def over_long_body():
    messages = [{"role": "user", "content": "x" * (BODY_MAX_BYTES + 1)}]
    call = lambda: create(messages=messages)
    return refused(openai.APIStatusError, 413, "body_too_large", call)


def bad_parameter():
    call = lambda: create(temperature=7)
    return refused(openai.BadRequestError, 400, "invalid_request", call)


def raw_response_of_the_async_client():
    async def call():
        async with openai.AsyncOpenAI(api_key=KEY, **OPTIONS) as client:
            raw = await client.chat.completions.with_raw_response.create(
                model=MODEL, messages=PROMPT
            )
            stream = await client.chat.completions.create(
                model=MODEL, messages=PROMPT, stream=True
            )
            return raw, [chunk async for chunk in stream]

    raw, chunks = asyncio.run(call())
    expect(raw.parse().choices and chunks, "no answer")
    if not OURS:
        return "answered"
    request = raw.headers.get("x-orchestack-request-id", "")
    expect(request.startswith("req_"), f"x-orchestack-request-id is {request!r}")
    return request


CALLS = [
    plain,
    streamed,
    usage_in_the_stream,
    tool_call,
    streamed_tool_call,
    tool_result_round_trip,
    json_schema,
    json_object,
    image,
    two_choices,
    stop,
    token_limit,
    models,
    wrong_key,
    denied_model,
    unknown_model,
    exhausted_budget,
    over_long_body,
    bad_parameter,
    raw_response_of_the_async_client,
]


def main():
    print(f"openai for Python {openai.__version__}, {len(CALLS)} calls")
    for number, call in enumerate(CALLS, 1):
        name = call.__name__.replace("_", " ")
        try:
            print(f"{number:2} ok {name}: {call()}", flush=True)
        except Mismatch as mismatch:
            sys.exit(f"{number:2} MISMATCH {name}: {mismatch}")
        except Exception as error:
            sys.exit(f"{number:2} FAILED {name}: {type(error).__name__}: {error}")


main()
