#!/usr/bin/env python3
"""An external scorer for Orchestack, with the standard library alone: how hard does a request look, and
which model is good enough for it? `docs/routing.md` has the contract.

    python3 scorer.py --listen 127.0.0.1:8099

With the environment variable SCORER_TOKEN, only callers that send it as a bearer token are answered.
"""

import argparse
import hmac
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Nobody is served who waits longer than this for an answer.
LATENCY_MS_MAX = 60_000
BODY_BYTES_MAX = 1 << 20


def wanted_quality(request):
    """The quality, 0 to 100, that a request looks as if it needed."""
    needs = request["needs"]
    hard = [needs["tools"], needs["json_schema"], needs["input_tokens"] > 2_000]
    return 40 + 15 * sum(hard)


def penalty(wanted, quality):
    """0 to 1000: too bad counts ten times as much as better than it need be."""
    return min(1000, 20 * max(0, wanted - quality) + 2 * max(0, quality - wanted))


def opinion(question):
    wanted, candidates = wanted_quality(question["request"]), question["candidates"]
    return {
        "penalties": {c["model"]: penalty(wanted, c["quality"]) for c in candidates},
        "vetoes": [c["model"] for c in candidates if (c["latency_ms"] or 0) > LATENCY_MS_MAX],
    }


class Scorer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections are kept
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one write
    token = os.environ.get("SCORER_TOKEN", "")

    def do_POST(self):
        length = int(self.headers.get("content-length", 0))
        if length > BODY_BYTES_MAX:
            self.close_connection = True
            return self.reply(413, {"error": "the question is too long"})
        body = self.rfile.read(length)
        sent = self.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(sent.encode(), self.token.encode()) and self.token:
            return self.reply(401, {"error": "the token is missing or wrong"})
        try:
            self.reply(200, opinion(json.loads(body)))
        except (ValueError, KeyError, TypeError):
            self.reply(400, {"error": "this is no question of the contract"})

    def reply(self, status, answer):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--listen", default="127.0.0.1:8099", metavar="HOST:PORT")
    host, _, port = parser.parse_args().listen.rpartition(":")
    server = ThreadingHTTPServer((host, int(port)), Scorer)
    print(f"listening on http://{host}:{server.server_port}/score", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
