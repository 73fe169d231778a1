"""A tool server by the official SDK: it has every tool of the table, says what a scenario wants it to, and remembers
which calls arrived."""

import socket
import threading
import time

import uvicorn
from mcp import types
from mcp.server.lowlevel.server import Server

# Seconds that it may take to listen.
START_MAX = 20
KINDS = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}


class Office:
    """The server, on a port of its own until the process ends."""

    def __init__(self, tools):
        """`tools` are pairs of a name and arguments that the tool takes."""
        self.definitions = [definition(name, arguments) for name, arguments in tools]
        self.answer = "done"
        self.calls = []
        app = Server(
            "office", version="1", on_list_tools=self._list, on_call_tool=self._call
        ).streamable_http_app()
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/mcp"
        listening = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        threading.Thread(target=listening.run, args=([self.socket],), daemon=True).start()
        deadline = time.monotonic() + START_MAX
        while not listening.started:
            if time.monotonic() > deadline:
                raise SystemExit("the tool server did not start")
            time.sleep(0.01)

    def pins(self):
        """What the tree pins of it: `tools/office.json`."""
        return {"server": {"name": "office", "version": "1"}, "tools": self.definitions}

    async def _list(self, _context, _params):
        return types.ListToolsResult.model_validate({"tools": self.definitions})

    async def _call(self, _context, params):
        self.calls.append((params.name, params.arguments))
        return types.CallToolResult(content=[types.TextContent(type="text", text=self.answer)])


def definition(name, arguments):
    """A definition whose schema is that of these arguments."""
    properties = {field: {"type": KINDS[type(value)]} for field, value in arguments.items()}
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {"name": name, "description": f"The tool {name} of the office.", "inputSchema": schema}
