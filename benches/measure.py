"""One measurement: wrk against one address, with what the proxy's processes used meanwhile."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
# The kernel's unit in /proc/PID/stat, in microseconds.
TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")
# sqlx runs SQLite on threads of its own; the kernel cuts names at 15 characters.
SQL_THREADS = "sqlx-sqlite-wor"


@dataclass(frozen=True)
class Sample:
    """The figures of one run. Times are in microseconds, memory in KiB."""

    requests_per_second: float
    p50: float
    p99: float
    cpu: float  # of the proxy, per request
    sql: float  # the part of `cpu` on the threads that run SQL
    memory_peak: float
    refused: int  # answers with a status of 400 and up
    broken: int  # connections that failed


def measure(address, pids, body, key, connections, seconds, pause_ms=0):
    """Runs wrk for `seconds` and reads the processes' CPU before and after."""
    for pid in pids:
        forget_peak(pid)
    before, sql_before = cpu_us(pids), sql_us(pids)
    figures = wrk(address, body, key, connections, seconds, pause_ms)
    after, sql_after = cpu_us(pids), sql_us(pids)
    requests = max(figures["requests"], 1)
    return Sample(
        requests_per_second=figures["requests"] * 1_000_000 / figures["us"],
        p50=figures["p50_us"],
        p99=figures["p99_us"],
        cpu=(after - before) / requests,
        sql=(sql_after - sql_before) / requests,
        memory_peak=sum(peak_kib(pid) for pid in pids),
        refused=figures["refused"],
        broken=figures["broken"],
    )


def wrk(address, body, key, connections, seconds, pause_ms=0):
    """wrk's own figures. One of its threads drives more than any of the proxies can take."""
    command = ["wrk", "--threads", "1", "--connections", str(connections)]
    command += ["--duration", f"{seconds}s", "--timeout", "10s"]
    command += ["--script", str(HERE / "post.lua"), f"http://{address}"]
    environment = {**os.environ, "BODY": str(body), "KEY": key, "PAUSE_MS": str(pause_ms)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.strip().splitlines()[-1])


def cpu_us(pids):
    """User and system time of whole processes, ended threads included."""
    return sum(ticks(Path(f"/proc/{pid}/stat")) for pid in pids) * TICK_US


def sql_us(pids):
    """The same of the threads that run SQL."""
    total = 0
    for pid in pids:
        for task in Path(f"/proc/{pid}/task").iterdir():
            if (task / "comm").read_text().startswith(SQL_THREADS):
                total += ticks(task / "stat")
    return total * TICK_US


def ticks(stat):
    # The name may hold spaces and brackets; what follows its end does not.
    fields = stat.read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def forget_peak(pid):
    """Sets the peak of resident memory back to what is resident now."""
    try:
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    except PermissionError:
        # nginx's worker belongs to another user: then the peak is that of its whole life.
        pass


def peak_kib(pid):
    return status_kib(pid, "VmHWM:")


def resident_kib(pid):
    return status_kib(pid, "VmRSS:")


def status_kib(pid, field):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    return 0
