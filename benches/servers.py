"""What is measured and what it talks to: each starts on a free port and tells its process ids."""

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

# Seconds that a server may take to listen.
START_MAX = 60
# Requests of the bench's model cost this much, so that every account and the cap take part.
PRICE = ("0.05", "0.40")

NGINX = """\
worker_processes {workers};
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_body_buffer_size 64k;
  keepalive_requests 1000000000;
  upstream provider {{ server {upstream}; keepalive 512; keepalive_requests 1000000000; }}
  server {{
    listen {address} backlog=4096;
    location / {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""

SETTINGS = """\
[gateway]
listen = "127.0.0.1:0"
[admin]
listen = "127.0.0.1:0"
socket = "{folder}/admin.sock"
[state]
dir = "{folder}/state"
[policy]
tree = "{folder}/tree"
"""

PROVIDER = """\
[[provider]]
name = "bench"
kind = "openai"
base_url = "http://{upstream}/v1"
locality = "local"
"""

MODEL = """\
[[model]]
id = "bench"
provider = "bench"
size = "small"
context_tokens = 128000
max_output_tokens = 4096
capabilities = ["tools", "json_schema", "streaming"]
price.input = "{}"
price.output = "{}"
"""

STARTER = Path(__file__).resolve().parent.parent / "policy" / "src" / "starter"

AGENT = """\
owner = "bench"
[budget]
day = "1000000.00"
month = "10000000.00"
"""


@dataclass
class Server:
    """A running server."""

    name: str
    address: str
    child: subprocess.Popen
    key: str = "sk-bench"
    admin: str = ""
    webchat: str = ""

    def pids(self):
        """The process and those that it started."""
        pid = self.child.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [pid, *map(int, children)]

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def upstream(program):
    """The provider simulator. Its model `bench` answers from memory."""
    return printing("upstream", [program])


def passthrough(program, to):
    return printing("pass-through", [program, "127.0.0.1:0", to])


def printing(name, command):
    """A server that prints its address as JSON when it listens."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    line = child.stdout.readline()
    if not line:
        raise SystemExit(f"{name}: {command[0]} ended before it listened")
    return Server(name, json.loads(line)["addr"], child)


def nginx(folder, to, workers):
    folder.mkdir()
    address = f"127.0.0.1:{free_port()}"
    config = folder / "nginx.conf"
    config.write_text(
        NGINX.format(workers=workers, folder=folder, upstream=to, address=address)
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    # A log of its own from the first moment: the packaged one belongs to the system's nginx.
    command = [program, "-c", str(config), "-p", str(folder), "-e", str(folder / "nginx.log")]
    # Its worker runs as another user, who must reach the folder.
    for part in (folder, folder.parent):
        part.chmod(0o755)
    server = Server("nginx", address, subprocess.Popen(command))
    wait(server, lambda: connects(address))
    return server


def orchestack(program, folder, providers, more=""):
    """`orchestack serve` with everything on: starter policies, inspection, ledger, audit. `providers`
    are the files of the tree that are the bench's own, by path; `more` are settings beside the usual."""
    folder.mkdir()
    settings = folder / "orchestack.toml"
    settings.write_text(SETTINGS.format(folder=folder) + more)
    tree(folder / "tree", providers)
    log = (folder / "server.log").open("w")
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    options = {"cwd": folder, "env": environment, "stdin": subprocess.DEVNULL}
    child = subprocess.Popen(
        [program, "serve", "--config", settings], stdout=log, stderr=log, **options
    )
    ports = folder / "state" / "ports.json"
    server = Server("orchestack", "", child)
    wait(server, lambda: ports.exists() and ports.stat().st_size > 0, folder / "server.log")
    listening = json.loads(ports.read_text())
    server.address, server.admin = listening["gateway"], listening["admin"]
    server.webchat = listening.get("webchat") or ""
    wait(server, lambda: status(f"http://{server.address}/readyz") == 200)
    words = [program, "key", "create", "--agent", "default", "--json", "--config", settings]
    made = subprocess.run(words, check=True, capture_output=True, text=True, **options)
    server.key = json.loads(made.stdout)["key"]
    return server


def one_provider(to):
    """The simulator as a local provider with one model."""
    return {
        "providers/bench.toml": PROVIDER.format(upstream=to),
        "models/bench.toml": MODEL.format(*PRICE),
    }


def tree(folder, providers):
    """The starter's policies with these providers."""
    files = {
        "policies/models.cedar": (STARTER / "models.cedar").read_text(),
        "policies/administration.cedar": (STARTER / "administration.cedar").read_text(),
        "agents/default/policy.cedar": (STARTER / "agent.cedar")
        .read_text()
        .replace("NAME", "default"),
        "agents/default/agent.toml": AGENT,
        **providers,
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@example.com"]
    for words in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["commit", "--quiet", "--message", "the tree of the bench"],
    ):
        subprocess.run([*git, *words], check=True)


def wait(server, ready, log=None):
    deadline = time.monotonic() + START_MAX
    while not ready():
        if server.child.poll() is not None or time.monotonic() > deadline:
            server.stop()
            told = log.read_text()[-2000:] if log else ""
            raise SystemExit(f"{server.name} did not start\n{told}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connects(address):
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def status(url):
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return answer.status
    except OSError:
        return None
