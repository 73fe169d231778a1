#!/usr/bin/env python3
"""What an external scorer adds to a request: two gateways before the same upstream, one of which asks
`examples/scorer`, asked in turn by one caller over one connection. `benches/README.md` tells how to read it."""

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import load
import servers

SCORER = '[routing.scorer]\nurl = "{}"\n'
BODY = json.dumps({
    "model": "auto",
    "messages": [{"role": "user", "content": "How do tides work?"}],
    "max_tokens": 64,
})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", default=str(load.ROOT / "target" / "dist"))
    parser.add_argument("--requests", type=int, default=2000, help="to each of the two gateways")
    options = parser.parse_args()
    running = []
    with tempfile.TemporaryDirectory(prefix="scorer-") as name:
        try:
            compare(options, Path(name), running)
        finally:
            for server in reversed(running):
                server.stop()


def compare(options, folder, running):
    binaries = Path(options.binaries)
    upstream = servers.upstream(binaries / "simulator")
    running.append(upstream)
    command = [sys.executable, load.ROOT / "examples/scorer/scorer.py", "--listen", "127.0.0.1:0"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    url = child.stdout.readline().strip().removeprefix("listening on ")
    running.append(servers.Server("scorer", url, child))
    files = servers.one_provider(upstream.address)
    asked = {**files, "orchestack.toml": SCORER.format(url)}
    gateways = {}
    for name, tree in (("without", files), ("with", asked)):
        gateways[name] = servers.orchestack(binaries / "orchestack", folder / name, tree)
        running.append(gateways[name])
    times = run(options.requests, gateways)
    for name, took in times.items():
        cuts = statistics.quantiles(took, n=100)
        print(f"{name:>8}: p50 {cuts[49]:7.2f} ms, p99 {cuts[98]:7.2f} ms")
    added = statistics.median(times["with"]) - statistics.median(times["without"])
    print(f"   added: p50 {added:7.2f} ms")
    for line in metrics(gateways["with"]):
        if line.startswith("orchestack_scorer_total"):
            print(line)


def run(requests, gateways):
    """Milliseconds of each request, by gateway; in turn, so that what else runs hits both alike."""
    connections = {name: http.client.HTTPConnection(g.address) for name, g in gateways.items()}
    times = {name: [] for name in gateways}
    for number in range(requests + 50):
        for name, gateway in gateways.items():
            headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": "application/json"}
            begun = time.perf_counter()
            connections[name].request("POST", "/v1/chat/completions", BODY, headers)
            answer = connections[name].getresponse()
            body = answer.read()
            took = (time.perf_counter() - begun) * 1000
            if answer.status != 200:
                raise SystemExit(f"{name}: {answer.status} {body!r}")
            if number >= 50:  # the first ones make connections
                times[name].append(took)
    return times


def metrics(gateway):
    with urllib.request.urlopen(f"http://{gateway.admin}/metrics", timeout=10) as answer:
        return answer.read().decode().splitlines()


if __name__ == "__main__":
    main()
