"""What an MCP client does at the gateway, with the official SDK: each line that it prints ends in `ok`."""

import os

import anyio
import httpx
from mcp import types
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client

BASE, KEY = os.environ["ORCHESTACK_BASE_URL"], os.environ["ORCHESTACK_KEY"]


def check(what: str, holds: bool) -> None:
    if not holds:
        raise SystemExit(f"{what} is wrong")
    print(f"{what} ok", flush=True)
