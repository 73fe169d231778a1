#!/usr/bin/env python3
"""What callers see of an outage: three providers of one model, first all well, then one that answers
every second call with 503 and one that has become slow. `benches/README.md` tells how to read it."""

import argparse
import json
import random
import sys
import tempfile
import urllib.request
from pathlib import Path

import load
import measure
import servers

# What a well provider takes, and what a slow one does.
WELL_MS, SLOW_MS = 20, 2000
# The share of failing calls, and as many calls as are written down ahead.
FAILING, CALLS = 0.5, 200_000
# Callers, each of whom waits a while of random length after each answer: what they ask does not slow
# down with the providers.
PAUSE_MS = 500

PROVIDER = """\
[[provider]]
name = "{name}"
kind = "openai"
base_url = "http://{address}/v1"
locality = "local"
"""
MODEL = """\
[[model]]
id = "{name}-m"
provider = "{name}"
upstream = "m"
size = "small"
context_tokens = 128000
max_output_tokens = 4096
capabilities = ["tools", "json_schema", "streaming"]
price.input = "{}"
price.output = "{}"
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", default=str(load.ROOT / "target" / "dist"))
    parser.add_argument("--seconds", type=int, default=60, help="of each of the two runs")
    parser.add_argument("--callers", type=int, default=512)
    options = parser.parse_args()
    running = []
    with tempfile.TemporaryDirectory(prefix="outage-") as name:
        folder = Path(name)
        try:
            compare(options, folder, running)
        finally:
            for server in reversed(running):
                server.stop()


def compare(options, folder, running):
    binaries, files, providers = Path(options.binaries), {}, []
    for name in ("a", "b", "c"):
        provider = servers.upstream(binaries / "simulator")
        running.append(provider)
        providers.append((name, provider))
        files[f"providers/{name}.toml"] = PROVIDER.format(name=name, address=provider.address)
        files[f"models/{name}.toml"] = MODEL.format(*servers.PRICE, name=name)
        play(provider, {"default": {"delay_ms": WELL_MS, "output_tokens": 16}})
    gateway = servers.orchestack(binaries / "orchestack", folder / "serve", files)
    running.append(gateway)
    body = folder / "body.json"
    body.write_text(json.dumps({
        "model": "auto:fast",
        "messages": [{"role": "user", "content": "How do tides work?"}],
        "max_tokens": 64,
    }))
    measure.wrk(gateway.address, body, gateway.key, options.callers, 2, PAUSE_MS)
    healthy = run(options, gateway, body)
    # The outage is of those that were asked most.
    busy = healthy["attempts"]
    providers.sort(key=lambda named: -busy.get((named[0], "answered"), 0))
    (failing_name, failing), (slow_name, slow), _ = providers
    chance = random.Random(20)
    fault = {"status": 503}
    fine = {"delay_ms": WELL_MS, "output_tokens": 16}
    play(failing, {
        "default": fine,
        "queue": [fault if chance.random() < FAILING else fine for _ in range(CALLS)],
    })
    play(slow, {"default": {"delay_ms": SLOW_MS, "output_tokens": 16}})
    outage = run(options, gateway, body)
    report(healthy, outage, {failing_name: "failing", slow_name: "slow"})


def play(provider, script):
    """What the simulator does from now on."""
    request = urllib.request.Request(
        f"http://{provider.address}/_sim/script",
        data=json.dumps(script).encode(),
        headers={"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).read()


def run(options, gateway, body):
    before = attempts(gateway)
    load_of = (gateway.address, body, gateway.key, options.callers, options.seconds, PAUSE_MS)
    sample = measure.wrk(*load_of)
    after = attempts(gateway)
    made = {key: count - before.get(key, 0) for key, count in after.items()}
    return {**sample, "attempts": made}


def attempts(gateway):
    """Attempts at providers so far, by provider and outcome."""
    found = {}
    with urllib.request.urlopen(f"http://{gateway.admin}/metrics", timeout=10) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith("orchestack_upstream_attempts_total{"):
                labels, _, count = line.rpartition(" ")
                pairs = dict(pair.split("=") for pair in labels[labels.index("{") + 1 : -1].split(","))
                key = (pairs["provider"].strip('"'), pairs["outcome"].strip('"'))
                found[key] = int(float(count))
    return found


def report(healthy, outage, faults):
    print("| run | requests | answered | p50 ms | p99 ms | attempts a request |")
    print("|---|---|---|---|---|---|")
    for name, sample in (("all well", healthy), ("outage", outage)):
        requests = sample["requests"]
        lost = sample["refused"] + sample["broken"]
        answered = 100 * (requests - lost) / requests
        made = sum(sample["attempts"].values())
        print(
            f"| {name} | {requests} | {answered:.3f} % | {sample['p50_us'] / 1000:.1f} | "
            f"{sample['p99_us'] / 1000:.1f} | {made / requests:.3f} |"
        )
    print()
    print("| outage: provider | outcome | attempts |")
    print("|---|---|---|")
    for (provider, outcome), count in sorted(outage["attempts"].items()):
        print(f"| {provider}, {faults.get(provider, 'well')} | {outcome} | {count} |")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
