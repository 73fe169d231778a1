"""Calls with other unmodified clients: Anthropic's package, OpenAI's responses, OpenAI's agents, LangChain.

Each prints one line; the first mismatch ends the script with exit code 1. From the environment:

ORCHESTACK_BASE_URL       such as http://127.0.0.1:8080
ORCHESTACK_KEY            a key that may call the models
ORCHESTACK_DENIED_KEY     a key that no policy lets call anything
ORCHESTACK_EXHAUSTED_KEY  a key whose budget is spent
ORCHESTACK_MODELS         names of models with tools, separated by commas: one of each format
ORCHESTACK_EMBED_MODEL    a model for embeddings
"""

import asyncio
import os
import sys

import agents
import anthropic
import openai
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

ENV = os.environ
BASE_URL = ENV["ORCHESTACK_BASE_URL"]
KEY = ENV["ORCHESTACK_KEY"]
MODELS = ENV["ORCHESTACK_MODELS"].split(",")
EMBED_MODEL = ENV["ORCHESTACK_EMBED_MODEL"]

# A retry would hide a failure, and a hang should fail the test rather than the runner.
OPTIONS = {"max_retries": 0, "timeout": 60}
claude = anthropic.Anthropic(base_url=BASE_URL, api_key=KEY, **OPTIONS)
gpt = openai.OpenAI(base_url=f"{BASE_URL}/v1", api_key=KEY, **OPTIONS)

PROMPT = [{"role": "user", "content": "Say something."}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TOOL = {"name": "get_weather", "description": "The weather of a city", "input_schema": SCHEMA}
FUNCTION = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city",
    "parameters": SCHEMA,
    "strict": True,
}
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Mismatch(Exception):
    """What came is not what should have come."""


def expect(condition, what):
    if not condition:
        raise Mismatch(what)


def message(model, **options):
    options.setdefault("messages", PROMPT)
    return claude.messages.create(model=model, max_tokens=64, **options)


def anthropic_plain(model):
    answer = message(model, system="Be brief.", metadata={"user_id": "u"}, stop_sequences=["#"])
    expect(answer.content[0].type == "text" and answer.content[0].text, answer.content)
    expect(answer.stop_reason in ("end_turn", "max_tokens"), answer.stop_reason)
    expect(answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0, answer.usage)


def anthropic_streamed(model):
    with claude.messages.stream(model=model, max_tokens=64, messages=PROMPT) as stream:
        text = "".join(stream.text_stream)
        answer = stream.get_final_message()
    expect(text and text == answer.content[0].text, text)
    expect(answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0, answer.usage)


def anthropic_tools(model):
    options = {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "get_weather"}}
    answer = message(model, **options)
    expect(answer.stop_reason == "tool_use", answer.stop_reason)
    call = answer.content[-1]
    expect(call.type == "tool_use" and "city" in call.input, call)
    with claude.messages.stream(
        model=model, max_tokens=64, messages=PROMPT, **options
    ) as stream:
        streamed = stream.get_final_message().content[-1]
    expect(streamed.name == "get_weather" and "city" in streamed.input, streamed)
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain", "is_error": True}
    turns = [
        *PROMPT,
        {"role": "assistant", "content": answer.content},
        {"role": "user", "content": [result]},
    ]
    answer = message(model, messages=turns, tools=[TOOL])
    expect(answer.content[0].type == "text", answer.content)


def anthropic_image(model):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    content = [{"type": "text", "text": "What is it?"}, {"type": "image", "source": source}]
    answer = message(model, messages=[{"role": "user", "content": content}])
    expect(answer.content[0].text, answer.content)


def anthropic_counts(model):
    count = claude.messages.count_tokens(model=model, messages=PROMPT)
    expect(count.input_tokens > 0, count)


def anthropic_models(model):
    expect(model in [entry.id for entry in claude.models.list()], "the model is not listed")
    expect(claude.models.retrieve(model).id == model, "the model is not found")


def anthropic_refusals(model):
    for key, kind, status in [
        ("wrong", anthropic.AuthenticationError, 401),
        (ENV["ORCHESTACK_DENIED_KEY"], anthropic.PermissionDeniedError, 403),
        (ENV["ORCHESTACK_EXHAUSTED_KEY"], anthropic.APIStatusError, 402),
    ]:
        client = anthropic.Anthropic(base_url=BASE_URL, api_key=key, **OPTIONS)
        try:
            client.messages.create(model=model, max_tokens=64, messages=PROMPT)
        except kind as error:
            expect(error.status_code == status, f"{error.status_code} instead of {status}")
            expect(error.body["error"]["code"], error.body)
        else:
            raise Mismatch(f"answered, instead of {status}")


def responses_plain(model):
    answer = gpt.responses.create(model=model, input="Say something.", instructions="Be brief.")
    expect(answer.status == "completed" and answer.output_text, answer)
    expect(answer.usage.total_tokens > 0, answer.usage)


def responses_streamed(model):
    text, last = "", None
    for event in gpt.responses.create(model=model, input="Say something.", stream=True):
        text += event.delta if event.type == "response.output_text.delta" else ""
        last = event
    expect(last.type == "response.completed", last.type)
    expect(text and text == last.response.output_text, text)


def responses_tools(model):
    options = {"model": model, "tools": [FUNCTION], "store": False}
    prompt = [{"role": "user", "content": "What is the weather?"}]
    answer = gpt.responses.create(input=prompt, tool_choice="required", **options)
    call = answer.output[-1]
    expect(call.type == "function_call" and call.name == "get_weather", answer.output)
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    answer = gpt.responses.create(input=[*prompt, *answer.output, result], **options)
    expect(answer.output_text, answer.output)
    with gpt.responses.stream(input=prompt, tool_choice="required", **options) as stream:
        call = stream.get_final_response().output[-1]
    expect(call.type == "function_call" and "city" in call.arguments, call)


def responses_structured(model):
    class City(BaseModel):
        name: str

    answer = gpt.responses.parse(model=model, input="A city.", text_format=City)
    expect(isinstance(answer.output_parsed, City), answer)


def old_completions(model):
    answer = gpt.completions.create(model=model, prompt="Say something.", max_tokens=32)
    expect(answer.choices[0].text, answer)
    chunks = gpt.completions.create(model=model, prompt="Say something.", stream=True)
    expect("".join(chunk.choices[0].text for chunk in chunks), "no text")


def agent_sdk(model):
    called = []

    @agents.function_tool
    def get_weather(city: str) -> str:
        """The weather of a city."""
        called.append(city)
        return "rain"

    client = openai.AsyncOpenAI(base_url=f"{BASE_URL}/v1", api_key=KEY, **OPTIONS)
    agent = agents.Agent(
        name="forecaster",
        instructions="Tell the weather.",
        tools=[get_weather],
        model=agents.OpenAIResponsesModel(model=model, openai_client=client),
        model_settings=agents.ModelSettings(tool_choice="required"),
    )

    # The client belongs to one event loop.
    async def both():
        result = await agents.Runner.run(agent, "How is it outside?", max_turns=3)
        run = agents.Runner.run_streamed(agent, "How is it outside?", max_turns=3)
        async for _ in run.stream_events():
            pass
        return result.final_output, run.final_output

    plain, streamed = asyncio.run(both())
    expect(plain and streamed and len(called) == 2, (called, plain, streamed))


def langchain(model):
    weather = {"name": "get_weather", "description": "The weather of a city", "parameters": SCHEMA}
    openai_options = {"base_url": f"{BASE_URL}/v1", "api_key": KEY, "max_retries": 0}
    for chat in [
        ChatOpenAI(model=model, **openai_options),
        ChatOpenAI(model=model, use_responses_api=True, **openai_options),
        ChatAnthropic(model=model, base_url=BASE_URL, api_key=KEY, max_retries=0, max_tokens=64),
    ]:
        expect(chat.invoke("Say something.").text, "no text")
        expect("".join(chunk.text for chunk in chat.stream("Say something.")), "no text")
        call = chat.bind_tools([weather], tool_choice="any").invoke("How is it outside?")
        expect(call.tool_calls[0]["name"] == "get_weather", call)


# Twelve, so that their order can be told.
TEXTS = [f"The {word} of the house" for word in "abcdefghijkl"]


def close(one, other):
    return len(one) == len(other) and all(abs(a - b) < 1e-6 for a, b in zip(one, other))


def embeddings(model):
    # The package asks for base64 where nobody says otherwise, and reads it.
    packed = gpt.embeddings.create(model=model, input=TEXTS)
    plain = gpt.embeddings.create(model=model, input=TEXTS, encoding_format="float")
    expect([entry.index for entry in packed.data] == list(range(len(TEXTS))), packed.data)
    for one, other in zip(packed.data, plain.data):
        expect(close(one.embedding, other.embedding), (one, other))
    expect(packed.model == model and packed.usage.total_tokens > 0, packed.usage)
    short = gpt.embeddings.create(model=model, input="one", dimensions=16, user="u")
    expect(len(short.data[0].embedding) == 16, short)


def embeddings_refusals(model):
    for key, kind, status in [
        ("wrong", openai.AuthenticationError, 401),
        (ENV["ORCHESTACK_DENIED_KEY"], openai.PermissionDeniedError, 403),
        (ENV["ORCHESTACK_EXHAUSTED_KEY"], openai.APIStatusError, 402),
        (KEY, openai.BadRequestError, 400),
    ]:
        client = openai.OpenAI(base_url=f"{BASE_URL}/v1", api_key=key, **OPTIONS)
        try:
            client.embeddings.create(model=model, input="" if status == 400 else "Hello.")
        except kind as error:
            expect(error.status_code == status and error.code, error)
        else:
            raise Mismatch(f"answered, instead of {status}")


def langchain_embeddings(model):
    # It counts tokens itself and sends those, unless it is told to send text: see docs/dialects.md.
    embed = OpenAIEmbeddings(
        model=model,
        base_url=f"{BASE_URL}/v1",
        api_key=KEY,
        max_retries=0,
        check_embedding_ctx_length=False,
    )
    vectors = embed.embed_documents(TEXTS)
    expect(len(vectors) == len(TEXTS), len(vectors))
    expect(close(vectors[3], embed.embed_query(TEXTS[3])), "another vector for the same text")


CALLS = [
    anthropic_plain,
    anthropic_streamed,
    anthropic_tools,
    anthropic_image,
    anthropic_counts,
    anthropic_models,
    anthropic_refusals,
    responses_plain,
    responses_streamed,
    responses_tools,
    responses_structured,
    old_completions,
    agent_sdk,
    langchain,
]


EMBED_CALLS = [embeddings, embeddings_refusals, langchain_embeddings]


def main():
    agents.set_tracing_disabled(True)
    calls = [(call, model) for model in MODELS for call in CALLS]
    for call, model in [*calls, *((call, EMBED_MODEL) for call in EMBED_CALLS)]:
        name = f"{call.__name__.replace('_', ' ')} of {model}"
        try:
            call(model)
            print(f"ok {name}", flush=True)
        except Mismatch as mismatch:
            sys.exit(f"MISMATCH {name}: {mismatch}")
        except Exception as error:
            sys.exit(f"FAILED {name}: {type(error).__name__}: {error}")


main()
