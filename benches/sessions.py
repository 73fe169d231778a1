#!/usr/bin/env python3
"""What people on the webchat wait for, with many of them there: until a message is acknowledged, and until the
first word of the answer, without the model's time; and what a session costs that says nothing.
`benches/README.md` tells how to read it."""

import argparse
import http.client
import json
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

import load
import measure
import report
import servers
import visitors

# Beside the sockets of the visitors: runs, their connections to the gateway, the database.
FILES_BESIDE = 4096
# Messages of the one who writes alone, and commits and answers of the references.
ALONE, COMMITS, ANSWERS = 50, 500, 50
# Seconds until a crowd that got its answers is as idle as it gets.
REST = 25

SETTINGS = """\
[webchat]
enabled = true
listen = "127.0.0.1:0"
max_sockets = 1000000
max_sockets_per_address = 1000000
messages_per_minute = 100000
messages_per_minute_per_address = 10000000
"""

AGENT = servers.AGENT.replace("\n", '\nmodel = "bench"\n', 1)

HEADER = (
    "sessions",
    "messages/s",
    "ack p50 ms",
    "ack p95",
    "x alone",
    "x commit",
    "first p50 ms",
    "first p95",
    "whole p95",
    "CPU ms/message",
    "KiB connected",
    "KiB idle",
    "bench's CPU",
    "late p95 ms",
    "failed",
)


def main():
    options = arguments()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = max(options.sessions) + FILES_BESIDE
    if most != resource.RLIM_INFINITY and most < needed:
        raise SystemExit(f"{needed} open files are needed and {most} allowed: raise `ulimit -Hn`")
    # The server that is started has the same bounds.
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    print(report.line(HEADER))
    print(report.line(["---:"] * len(HEADER)), flush=True)
    for count in options.sessions:
        with tempfile.TemporaryDirectory(prefix="sessions-") as folder:
            bench(options, count, Path(folder))


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", type=Path, default=load.ROOT / "target" / "release")
    parser.add_argument("--sessions", type=int, nargs="+", default=[100, 1000, 10000])
    parser.add_argument("--seconds", type=float, default=120, help="in which each session writes once")
    parser.add_argument("--rounds", type=int, default=1, help="in each of which everybody writes once")
    parser.add_argument("--store", help="a database in place of SQLite: postgres://...")
    parser.add_argument("--bus", help="a bus in place of the embedded one: nats://...")
    parser.add_argument("--hold", action="store_true", help="wait before the crowd writes, for a profiler")
    return parser.parse_args()


def bench(options, count, folder):
    """One row: a server of its own, first one person alone, then the crowd."""
    commit = commits(folder)
    running = []
    try:
        upstream = servers.upstream(options.binaries.resolve() / "simulator")
        running.append(upstream)
        model = answers(upstream)
        server = start(options, folder, upstream)
        running.append(server)
        row(options, count, server, (commit, model))
    finally:
        for one in reversed(running):
            one.stop()


def start(options, folder, upstream):
    tree = {**servers.one_provider(upstream.address), "agents/default/agent.toml": AGENT}
    for file in ("tools.cedar", "work.cedar"):
        tree[f"policies/{file}"] = (servers.STARTER / file).read_text()
    more = SETTINGS
    for name in ("store", "bus"):
        if url := getattr(options, name):
            more += f'[{name}]\nurl = "{url}"\n'
    program = options.binaries.resolve() / "orchestack"
    return servers.orchestack(program, folder / "serve", tree, more)


def row(options, count, server, references):
    commit, model = references
    alone = visitors.Crowd(server.webchat)
    alone.come(1)
    waits = [times(alone.talk(0, n), model) for n in range(ALONE)]
    alone_ack = p95([ack for acks, _, _ in waits for ack in acks])
    alone.leave()

    pid = server.child.pid
    before = measure.resident_kib(pid)
    crowd = visitors.Crowd(server.webchat)
    crowd.come(count)
    crowd.rest(REST / 5)
    connected = (measure.resident_kib(pid) - before) / count
    if options.hold:
        input(f"process {pid}; goes on with a line on standard input\n")
    cpu, own, began = measure.cpu_us([pid]), time.process_time(), time.perf_counter()
    acks, firsts, wholes, late, failed = [], [], [], [], 0
    for number in range(options.rounds):
        people = crowd.talk(options.seconds, number)
        for into, more in zip((acks, firsts, wholes), times(people, model)):
            into += more
        late += [one.late for one in people if one.late is not None]
        failed += sum(one.failed or one.whole is None or one.acked is None for one in people)
    took = time.perf_counter() - began
    cpu = (measure.cpu_us([pid]) - cpu) / 1000 / (count * options.rounds)
    own = (time.process_time() - own) / took
    crowd.rest(REST)
    idle = (measure.resident_kib(pid) - before) / count
    crowd.leave()
    cells = [
        f"{count:,}",
        f"{count / options.seconds:.1f}",
        f"{statistics.median(acks) * 1000:.1f}",
        f"{p95(acks) * 1000:.1f}",
        f"{p95(acks) / alone_ack:.1f}",
        f"{p95(acks) / commit:.1f}",
        f"{statistics.median(firsts) * 1000:.1f}",
        f"{p95(firsts) * 1000:.1f}",
        f"{p95(wholes) * 1000:.1f}",
        f"{cpu:.1f}",
        f"{connected:.1f}",
        f"{idle:.1f}",
        f"{own:.0%}",
        f"{p95(late) * 1000:.1f}",
        f"{failed}",
    ]
    print(report.line(cells), flush=True)


def times(people, model):
    """How long each waited, in seconds from when it was to write: for the acknowledgement, the first word and the
    whole answer, both without the model's time."""
    good = [one for one in people if one.whole is not None and one.acked is not None and not one.failed]
    return (
        [one.acked - one.due for one in good],
        [one.first - one.due - model for one in good],
        [one.whole - one.due - model for one in good],
    )


def p95(values):
    return statistics.quantiles(values, n=20, method="inclusive")[18]


def commits(folder):
    """p95 of commits that SQLite has on the disk, one row each: what an acknowledgement costs at least."""
    database = sqlite3.connect(folder / "reference.db", isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = full")
    database.execute("create table messages (id integer primary key, body text)")
    took = []
    for number in range(COMMITS):
        began = time.perf_counter()
        database.execute("insert into messages (body) values (?)", (f"message {number}",))
        took.append(time.perf_counter() - began)
    database.close()
    return p95(took)


def answers(upstream):
    """How long the model takes by itself, in seconds: the median of answers to one who asks nobody else."""
    body = json.dumps({"model": "bench", "stream": True, "messages": [{"role": "user", "content": "Hello"}]})
    connection = http.client.HTTPConnection(upstream.address)
    took = []
    for _ in range(ANSWERS):
        began = time.perf_counter()
        connection.request("POST", "/v1/chat/completions", body, {"Content-Type": "application/json"})
        connection.getresponse().read()
        took.append(time.perf_counter() - began)
    connection.close()
    return statistics.median(took)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
    except visitors.Broken as error:
        raise SystemExit(f"{error}") from error
