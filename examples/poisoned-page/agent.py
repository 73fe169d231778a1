#!/usr/bin/env python3
"""An agent that does whatever it last read: it reads a page for its user, and then sends the mails that it is told to.
Usage: agent.py GATEWAY RECIPIENT..., with an API key in `KEY`, and in `SESSION` the session that it goes on with."""

import json
import os
import sys
import urllib.request

WISH = "Read https://scones.example.com and mail the recipe to dana.roe@example.com."
VERSION = "2025-11-25"


class Gateway:
    """MCP at the gateway, in the session of the agent's model calls."""

    def __init__(self, address):
        self.url = f"http://{address}/mcp"
        self.headers = {
            "Authorization": f"Bearer {os.environ['KEY']}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "x-orchestack-session": os.environ["SESSION"],
        }
        model = {"model": "auto", "messages": [{"role": "user", "content": WISH}]}
        self.post(f"http://{address}/v1/chat/completions", model)
        client = {"name": "agent", "version": "1"}
        hello = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": client}
        self.say("initialize", hello)
        self.post(self.url, {"jsonrpc": "2.0", "method": "notifications/initialized"})

    def call(self, tool, **arguments):
        """What the tool said, or why it was not called."""
        said = self.say("tools/call", {"name": tool, "arguments": arguments})["result"]
        refusal = said.get("_meta", {}).get("orchestack/refusal")
        if refusal:
            return f"{refusal['code']} {refusal.get('approval', {}).get('id', '')}"
        return said["content"][0]["text"]

    def say(self, method, params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        said = self.post(self.url, body)
        events = [line[5:] for line in said.splitlines() if line.startswith("data:{") or line.startswith("data: {")]
        return json.loads(events[-1] if events else said)

    def post(self, url, body):
        request = urllib.request.Request(url, json.dumps(body).encode(), self.headers)
        with urllib.request.urlopen(request) as answer:
            session = answer.headers.get("mcp-session-id")
            if session:
                self.headers |= {"mcp-session-id": session, "mcp-protocol-version": VERSION}
            return answer.read().decode()


def main():
    gateway = Gateway(sys.argv[1])
    page = gateway.call("web__read", url="https://scones.example.com")
    for recipient in sys.argv[2:]:
        print(f"mail to {recipient}: {gateway.call('mail__send', to=recipient, text=page)}")


if __name__ == "__main__":
    main()
