"""An agent at the gateway: it tells a model what its user wants, and calls tools in the same session."""

import http.client
import json
import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
VERSION = "2025-11-25"


class Agent:
    """One session, of model calls and of MCP."""

    def __init__(self, gateway):
        self.connection = http.client.HTTPConnection(gateway.address)
        self.session = "ses_0" + "".join(secrets.choice(ALPHABET) for _ in range(25))
        self.headers = {
            "Authorization": f"Bearer {gateway.key}",
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "x-orchestack-session": self.session,
        }

    def hears(self, instruction):
        """The user's words, in a call of a model."""
        message = {"role": "user", "content": instruction}
        body = {"model": "bench", "messages": [message], "max_tokens": 64}
        self._post("/v1/chat/completions", body)
        hello = {
            "protocolVersion": VERSION,
            "capabilities": {},
            "clientInfo": {"name": "replay", "version": "1"},
        }
        self._say("initialize", hello)
        self._post("/mcp/office", {"jsonrpc": "2.0", "method": "notifications/initialized"})

    def calls(self, tool, arguments):
        """The code and the policies of the gateway's refusal, or None where the tool was called."""
        said = self._say("tools/call", {"name": tool, "arguments": arguments})
        if "error" in said:
            raise SystemExit(f"{tool}: {said['error']}")
        refusal = said["result"].get("_meta", {}).get("orchestack/refusal")
        return refusal and (refusal["code"], *refusal.get("policies", []))

    def leaves(self):
        """Ends the session of MCP."""
        self.connection.request("DELETE", "/mcp/office", headers=self.headers)
        self.connection.getresponse().read()
        self.connection.close()

    def _say(self, method, params):
        said = self._post(
            "/mcp/office", {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        )
        events = [line[5:] for line in said.splitlines() if line.startswith("data:") and line[5:].strip()]
        return json.loads(events[-1] if events else said)

    def _post(self, path, body):
        self.connection.request("POST", path, json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        said = answer.read().decode()
        if answer.status >= 300:
            raise SystemExit(f"{path}: {answer.status} {said}")
        session = answer.headers.get("mcp-session-id")
        if session:
            self.headers |= {"mcp-session-id": session, "mcp-protocol-version": VERSION}
        return said
