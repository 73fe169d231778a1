"""What a caller of OpenAI's own package reads of a value that no model may see.

The provider echoes what it was sent, in pieces of four characters: with texts that begin at each of four
places every cut of a token is met. Prints one line for each answer.
"""

import json
import os

import openai

ENV = os.environ
CLIENT = openai.OpenAI(base_url=ENV["ORCHESTACK_BASE_URL"], api_key=ENV["ORCHESTACK_KEY"])
VALUE = ENV["ORCHESTACK_VALUE"]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "send_mail",
            "parameters": {"type": "object", "properties": {"said": {"type": "string"}}},
        },
    }
]


def streamed(text, **more):
    return CLIENT.chat.completions.create(
        model="sim-cloud", messages=[{"role": "user", "content": text}], stream=True, **more
    )


for padding in range(4):
    text = f"{'x' * padding} Write to {VALUE} and to {VALUE}."
    said = "".join(chunk.choices[0].delta.content or "" for chunk in streamed(text) if chunk.choices)
    print("text", "ok" if said == text else f"wrong: {said}")

    whole = CLIENT.chat.completions.create(
        model="sim-cloud", messages=[{"role": "user", "content": text}]
    )
    print("whole", "ok" if whole.choices[0].message.content == text else "wrong")

    text = f"{'x' * padding} send_mail \"to\" {VALUE}\n"
    arguments = ""
    for chunk in streamed(text, tools=TOOLS):
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            arguments += call.function.arguments or ""
    print("call", "ok" if json.loads(arguments)["said"] == text else f"wrong: {arguments}")
