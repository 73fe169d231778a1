"""What an MCP client does at the gateway, with the official SDK: each line that it prints ends in `ok`."""

import os

import anyio
import httpx2
from mcp import types
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client

BASE, KEY = os.environ["ORCHESTACK_BASE_URL"], os.environ["ORCHESTACK_KEY"]


def check(what: str, holds: bool) -> None:
    if not holds:
        raise SystemExit(f"{what} is wrong")
    print(f"{what} ok", flush=True)


async def sample(context, params) -> types.CreateMessageResult:
    content = types.TextContent(type="text", text="sampled")
    return types.CreateMessageResult(role="assistant", model="test", content=content)


async def elicit(context, params) -> types.ElicitResult:
    return types.ElicitResult(action="accept", content={"response": "elicited"})


class Heard:
    """What the servers said by themselves."""

    def __init__(self) -> None:
        self.logged = 0
        self.updated = anyio.Event()

    async def log(self, params) -> None:
        self.logged += 1

    async def message(self, message) -> None:
        if "ResourceUpdated" in type(getattr(message, "root", message)).__name__:
            self.updated.set()


async def use(session: ClientSession, heard: Heard) -> None:
    async def call(name: str, arguments: dict | None = None, **more):
        return await session.call_tool(f"suite__{name}", arguments or {}, **more)

    def said(result) -> str:
        return result.content[0].text

    tools = (await session.list_tools()).tools
    check("tools", any(tool.name == "suite__test_simple_text" for tool in tools))
    check("call", said(await call("test_simple_text")).startswith("This is a simple"))
    progress = []

    async def on_progress(done, total, message) -> None:
        progress.append(done)

    await call("test_tool_with_progress", progress_callback=on_progress)
    check("progress", progress == [0, 50, 100])
    check("sampling", "sampled" in said(await call("test_sampling", {"prompt": "hi"})))
    check("elicitation", "elicited" in said(await call("test_elicitation", {"message": "hi"})))
    contents = (await session.read_resource("test://static-text")).contents
    check("resource", contents[0].text.startswith("This is the content"))
    arguments = {"arg1": "a", "arg2": "b"}
    prompt = await session.get_prompt("suite__test_prompt_with_arguments", arguments)
    check("prompt", "arg1='a'" in prompt.messages[0].content.text)
    await session.subscribe_resource("test://watched-resource")
    await heard.updated.wait()
    await session.set_logging_level("debug")
    await call("test_tool_with_logging")
    await anyio.sleep(0.3)
    check("events", heard.logged == 3)


async def main() -> None:
    heard = Heard()
    headers = {"authorization": f"Bearer {KEY}"}
    with anyio.fail_after(60):
        async with (
            httpx2.AsyncClient(headers=headers, timeout=30) as client,
            streamable_http_client(f"{BASE}/mcp", http_client=client) as streams,
            ClientSession(
                streams[0],
                streams[1],
                sampling_callback=sample,
                elicitation_callback=elicit,
                logging_callback=heard.log,
                message_handler=heard.message,
            ) as session,
        ):
            await session.initialize()
            await use(session, heard)


anyio.run(main)
