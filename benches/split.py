"""Which part of the gateway's CPU on its runtime's threads is the ledger's own tasks.

The writer and the relay of events share threads with the requests, so no counter tells them apart:
perf looks at the stacks of a run of their own.
"""

import re
import shutil
import signal
import subprocess
import sys

import measure

# The tasks that write what requests hand over. A stack that is cut has at least one of these.
LEDGER = re.compile(r"\bstore::(writer::Writer|batch|accounts|audit::chain|outbox|relay|rows|bus)\b")
# Low enough not to change what is measured, and not in step with the kernel's ticks.
SAMPLES_PER_SECOND = "199"


def ledger_share(pid, folder, load):
    """The share, 0 to 1, while `load()` runs; `None` where perf cannot tell."""
    if not shutil.which("perf"):
        print("perf is not installed: the ledger's tasks are not told apart", file=sys.stderr)
        return None
    data = folder / "perf.data"
    command = ["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", SAMPLES_PER_SECOND]
    command += ["--call-graph", "dwarf,16384", "--pid", str(pid), "--output", str(data)]
    recorder = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        load()
    finally:
        recorder.send_signal(signal.SIGINT)
        recorder.wait()
    read = ["perf", "script", "--no-inline", "--fields", "comm,ip,sym", "--input", str(data)]
    script = subprocess.run(read, capture_output=True, text=True, check=False)
    return share(script.stdout)


def share(script):
    """Of the stacks that are not of SQL threads, how many are the ledger's."""
    stacks = [stack for stack in script.split("\n\n") if stack.strip()]
    others = [stack for stack in stacks if not stack.lstrip().startswith(measure.SQL_THREADS)]
    if not others:
        return None
    return sum(1 for stack in others if LEDGER.search(stack)) / len(others)
