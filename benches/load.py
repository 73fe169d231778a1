"""The load bench: nginx, a bare pass-through and the gateway with everything on, interleaved.

`make bench` runs it. README.md beside this file says what the columns mean.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from dataclasses import asdict
from pathlib import Path

import measure
import report
import servers
import split

ROOT = Path(__file__).resolve().parent.parent
BODY_BYTES = 4096
# Each proxy gets its code, its connections and its caches warm before it is measured.
WARM_SECONDS = 1
# Connections that pause between their requests.
PACED_CONNECTIONS = 64
# Where post.lua writes a word that no other request has.
MARK = "@@@@@@@@"
PROSE = (
    "The committee met on Tuesday to look at the figures of the last quarter. Most of the stations "
    "reported higher demand than in the year before, above all along the coast, where two new lines "
    "had opened in spring. Maintenance took longer than planned; the reasons are told in the annex. "
)


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="orchestack-bench-") as folder:
        folder = Path(folder)
        bodies = write_bodies(folder)
        running = []
        try:
            targets = start(options, folder, running)
            check_all(targets, bodies, options)
            if options.hold:
                hold(targets, bodies)
                return
            cells = bench(targets, bodies, options)
            paced = pace_all(targets, bodies, options, cells)
            shares = split_all(targets, bodies, options, folder)
        finally:
            for server in reversed(running):
                server.stop()
    print(report.tables(cells, shares))
    print("\n" + report.paced_tables(paced))
    if options.json:
        plain = [
            {"mode": mode, "connections": connections, "proxy": proxy, **asdict(sample)}
            for (mode, connections, proxy), samples in cells.items()
            for sample in samples
        ]
        Path(options.json).write_text(json.dumps(plain, indent=1))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="each cell is their median")
    parser.add_argument("--seconds", type=int, default=5, help="of one measurement")
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 32, 256])
    parser.add_argument("--modes", nargs="+", choices=["whole", "streamed"])
    parser.add_argument("--proxies", nargs="+", default=["nginx", "pass-through", "orchestack"])
    parser.add_argument("--workers", type=int, default=2, help="nginx's")
    parser.add_argument("--binaries", default=str(ROOT / "target" / "dist"))
    parser.add_argument("--json", help="a file for every single sample")
    parser.add_argument("--hold", action="store_true", help="start, tell the addresses, and wait")
    options = parser.parse_args()
    options.modes = options.modes or ["whole", "streamed"]
    return options


def write_bodies(folder):
    """A body of 4 KB for each mode: prose without findings, as most requests are. Its mark becomes another word in
    each request."""
    bodies = {}
    for mode in ("whole", "streamed"):
        request = {
            "model": "bench",
            "messages": [
                {"role": "system", "content": "You sum up what you are given in one sentence."},
                {"role": "user", "content": ""},
            ],
            "temperature": 0.2,
            "max_tokens": 128,
        }
        if mode == "streamed":
            # The gateway asks for the usage itself; with this all proxies carry the same bytes.
            request |= {"stream": True, "stream_options": {"include_usage": True}}
        room = BODY_BYTES - len(json.dumps(request))
        request["messages"][1]["content"] = (f"{MARK} {PROSE}" + PROSE * (room // len(PROSE) + 1))[:room]
        bodies[mode] = folder / f"{mode}.json"
        bodies[mode].write_text(json.dumps(request))
    return bodies


def start(options, folder, running):
    """Starts the upstream and the proxies before it; all run to the end of the bench."""
    binaries = Path(options.binaries)
    upstream = servers.upstream(binaries / "simulator")
    running.append(upstream)
    to = upstream.address
    makers = {
        "nginx": lambda: servers.nginx(folder / "nginx", to, options.workers),
        "pass-through": lambda: servers.passthrough(binaries / "passthrough", to),
        "orchestack": lambda: servers.orchestack(
            binaries / "orchestack", folder / "serve", servers.one_provider(to)
        ),
    }
    targets = [servers.Server("direct", to, upstream.child)]
    for name in options.proxies:
        server = makers[name]()
        running.append(server)
        targets.append(server)
    return targets


def bench(targets, bodies, options):
    """Every cell, a round over all proxies at a time: what else the machine does hits all alike."""
    cells = {}
    for mode in options.modes:
        for connections in options.connections:
            for target in targets:
                measure.wrk(target.address, bodies[mode], target.key, connections, WARM_SECONDS)
            for number in range(options.rounds):
                for target in targets:
                    sample = measure.measure(
                        target.address,
                        target.pids(),
                        bodies[mode],
                        target.key,
                        connections,
                        options.seconds,
                    )
                    cells.setdefault((mode, connections, target.name), []).append(sample)
                    print(
                        f"{mode} {connections} round {number + 1} {target.name}: "
                        f"{sample.requests_per_second:,.0f} req/s, {sample.cpu:.0f} us",
                        file=sys.stderr,
                    )
    return cells


def pace_all(targets, bodies, options, cells):
    """All at half of the load that the gateway bears, where what it adds to a request can be seen: under
    full load that is mostly waiting in line."""
    paced = {}
    for mode in options.modes:
        most = [
            sample.requests_per_second
            for (m, _, proxy), samples in cells.items()
            if (m, proxy) == (mode, "orchestack")
            for sample in samples
        ]
        if not most:
            continue
        pause_ms = PACED_CONNECTIONS * 1000 / (max(most) / 2)
        for _ in range(options.rounds):
            for target in targets:
                sample = measure.measure(
                    target.address,
                    target.pids(),
                    bodies[mode],
                    target.key,
                    PACED_CONNECTIONS,
                    options.seconds,
                    pause_ms,
                )
                paced.setdefault(mode, {}).setdefault(target.name, []).append(sample)
    return paced


def split_all(targets, bodies, options, folder):
    """A run of its own for each cell of the gateway, so that perf disturbs no figure."""
    shares = {}
    for target in (target for target in targets if target.name == "orchestack"):
        for mode in options.modes:
            for connections in options.connections:
                load = (target.address, bodies[mode], target.key, connections, options.seconds)
                share = split.ledger_share(target.child.pid, folder, lambda: measure.wrk(*load))
                shares[mode, connections, target.name] = share
    return shares


def hold(targets, bodies):
    """Leaves everything running for a profiler."""
    for target in targets:
        print(target.name, target.address, *target.pids(), target.key, flush=True)
    folder = bodies["whole"].parent
    input(f"bodies in {folder}; ends with a line on standard input\n")


def check_all(targets, bodies, options):
    for target in targets:
        for mode in options.modes:
            check(target, mode, bodies[mode])


def check(target, mode, body):
    """One request whose answer is looked at: wrk counts answers and does not read them."""
    request = urllib.request.Request(
        f"http://{target.address}/v1/chat/completions",
        data=body.read_bytes(),
        headers={"Content-Type": "application/json", "Authorization": f"Bearer {target.key}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read().decode()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{target.name} answered {error.code}: {error.read().decode()}") from error
    if mode == "streamed":
        whole = text.rstrip().endswith("data: [DONE]")
    else:
        whole = json.loads(text)["choices"][0]["message"]["content"] is not None
    if not whole:
        raise SystemExit(f"{target.name} gave no whole answer: {text[:500]}")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"{error}\n{error.stderr or ''}") from error
