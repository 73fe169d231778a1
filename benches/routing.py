#!/usr/bin/env python3
"""What the router chooses for tasks whose adequate models are known, and what it costs: dry runs of every
task against `orchestack serve`, which call no provider. `benches/routing/README.md` tells how to read it."""

import argparse
import json
import sys
import tempfile
import tomllib
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import curve
import load
import servers

FOLDER = Path(__file__).resolve().parent / "routing"
CATALOGUE = load.ROOT / "budget" / "catalogue.toml"
CHART = load.ROOT / "docs" / "routing.svg"
# What is always asked where somebody pays for the best.
BEST = "claude-opus-4-8"
# Where the providers would be. Nothing is sent there.
ADDRESSES = {
    "house": ("openai", "http://127.0.0.1:9/v1", "local"),
    "openai": ("openai", "https://api.openai.com/v1", "cloud"),
    "anthropic": ("anthropic", "https://api.anthropic.com", "cloud"),
    "gemini": ("gemini", "https://generativelanguage.googleapis.com", "cloud"),
    "mistral": ("mistral", "https://api.mistral.ai/v1", "cloud"),
}
# About as many characters of English are one token, and this many tokens one image.
TOKEN_CHARS, IMAGE_TOKENS = 4, 1000
# Points of the two curves.
WEIGHTS = range(0, 101, 10)
PERCENTS = range(60, 131, 10)
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binaries", default=str(load.ROOT / "target" / "debug"))
    parser.add_argument("--half", choices=("report", "tune", "all"), default="report")
    parser.add_argument("--chart", default=str(CHART), help="the picture; not written with --half")
    parser.add_argument("--kinds", action="store_true", help="the share of each kind of task as well")
    options = parser.parse_args()
    fleet, tasks = read_fleet(), read_tasks()
    half = {"tune": tasks[0::2], "report": tasks[1::2], "all": tasks}[options.half]
    with tempfile.TemporaryDirectory(prefix="routing-") as name:
        program = Path(options.binaries) / "orchestack"
        gateway = servers.orchestack(program, Path(name) / "serve", tree(fleet))
        try:
            keys = {mode.agent: key(program, Path(name), mode.agent) for mode in modes()}
            prices = price_list(program, Path(name))
            with ThreadPoolExecutor(4) as pool:
                asked = [pool.submit(measure, gateway, keys, mode, half) for mode in modes()]
                results = [future.result() for future in asked]
        finally:
            gateway.stop()
    rows = [score(mode, chosen, half, fleet, prices) for mode, chosen in zip(modes(), results)]
    rows.append(cheapest(half, fleet, prices))
    print(f"{len(half)} tasks ({options.half})\n")
    report(rows)
    if options.kinds:
        by_kind(rows, half)
    if options.half == "report":
        Path(options.chart).write_text(curve.draw(rows))


class Mode:
    """A way to ask: an agent with its settings, and the `model` of its requests."""

    def __init__(self, name, group, agent, model, settings=""):
        self.name, self.group, self.agent = name, group, agent
        self.model, self.settings = model, settings


def modes():
    plain = [("always the best", BEST), ("auto:best", "auto:best"), ("auto", "auto"), ("auto:cheap", "auto:cheap")]
    found = [Mode(name, "plain", "default", model) for name, model in plain]
    for quality in WEIGHTS:
        weights = f"[weights]\ncost = {100 - quality}\nlatency = 0\nquality = {quality}\n"
        found.append(Mode(f"weights, quality {quality}", "weights", f"w{quality}", "auto", weights))
    for percent in PERCENTS:
        name = f"auto:cheap, difficulty {percent}"
        setting = f"difficulty = {percent}\n"
        found.append(Mode(name, "difficulty", f"d{percent}", "auto:cheap", setting))
    found.append(Mode("auto, difficulty 100", "local", "d100", "auto"))
    return found


def read_fleet():
    with (FOLDER / "fleet.toml").open("rb") as file:
        fleet = tomllib.load(file)["model"]
    with CATALOGUE.open("rb") as file:
        providers = tomllib.load(file)["provider"]
    for model in fleet:
        if model["provider"] in providers:
            known = providers[model["provider"]]["models"]
            row = next(row for row in known if row["model"] == model["id"])
            model["context_tokens"] = row["context"]
            model["max_output_tokens"] = min(row["max_output"], row["context"])
            model["capabilities"] = ["streaming", *row["can"]]
    return {model["id"]: model for model in fleet}


def read_tasks():
    return [json.loads(line) for line in (FOLDER / "tasks.jsonl").read_text().splitlines()]


def tree(fleet):
    """The files of the tree: providers, models, and an agent for each mode."""
    files = {}
    for name, (kind, address, locality) in ADDRESSES.items():
        lines = ["[[provider]]", f'name = "{name}"', f'kind = "{kind}"', f'base_url = "{address}"']
        files[f"providers/{name}.toml"] = "\n".join([*lines, f'locality = "{locality}"', ""])
    for model in fleet.values():
        told = {key: value for key, value in model.items() if key not in ("skill", "price")}
        lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
        lines += [f'price.{key} = "{value}"' for key, value in model.get("price", {}).items()]
        files[f"models/{model['id']}.toml"] = "\n".join(["[[model]]", *lines, ""])
    policy = (load.ROOT / "policy" / "src" / "starter" / "agent.cedar").read_text()
    owner, _, budget = servers.AGENT.partition("\n")
    for mode in modes():
        if mode.settings:
            top, section, weights = mode.settings.partition("[weights]")
            text = "\n".join([owner, top, budget, section + weights])
            files[f"agents/{mode.agent}/agent.toml"] = text
            files[f"agents/{mode.agent}/policy.cedar"] = policy.replace("NAME", mode.agent)
    return files


def run(program, folder, *words):
    command = [program, *words, "--json", "--config", folder / "serve" / "orchestack.toml"]
    return json.loads(servers.subprocess.run(command, check=True, capture_output=True).stdout)


def key(program, folder, agent):
    return run(program, folder, "key", "create", "--agent", agent)["key"]


def price_list(program, folder):
    """Dollars a token of input and of output, by model: those that the gateway itself goes by."""
    models = run(program, folder, "model", "list")["models"]
    per_token = lambda price: (price["input"]["nanos"] / 1e15, price["output"]["nanos"] / 1e15)
    return {model["id"]: per_token(model["price"]) for model in models if model["price"]}


def measure(gateway, keys, mode, tasks):
    """The model that each task would go to first; `None` where it is refused."""
    return [ask(gateway.address, keys[mode.agent], body(mode.model, task)) for task in tasks]


def ask(address, key, body):
    headers = {"authorization": f"Bearer {key}", "x-orchestack-dry-run": "true"}
    request = urllib.request.Request(
        f"http://{address}/v1/chat/completions", data=json.dumps(body).encode(), headers=headers
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["attempts"][0]["model"]
    except urllib.error.HTTPError as refused:
        code = json.load(refused)["error"]["code"]
        if code in ("policy_denied", "no_route"):
            return None
        raise SystemExit(f"a dry run was answered with {refused.code} {code}") from refused


def body(model, task):
    """The request of a task. It does not tell the length of its answer: who asks seldom knows."""
    needs = task.get("needs", {})
    text = padding(needs.get("context_tokens", 0)) + task["prompt"]
    content = text
    if "images" in needs:
        content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": PIXEL}}]
    made = {"model": model, "messages": [{"role": "user", "content": content}]}
    if "tools" in needs:
        made["tools"] = [tool(n) for n in range(needs["tools"])]
    if "schema" in needs:
        schema = form(6 if needs["schema"] == "small" else 18)
        made["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "form", "schema": schema, "strict": True},
        }
    return made


def padding(tokens):
    """Prose of about this many tokens, in which nothing is found and no question asked."""
    lines, chars, n = [], tokens * TOKEN_CHARS, 0
    while chars > 0:
        n += 1
        lines.append(f"Note {n}: the boats came in with the tide and the people on the quay took what they needed.")
        chars -= len(lines[-1]) + 1
    return "\n".join([*lines, "", ""]) if lines else ""


def tool(n):
    text = {"type": "string"}
    parameters = {"type": "object", "properties": {"what": text, "when": text}, "required": ["what"]}
    return {"type": "function", "function": {"name": f"tool_{n}", "parameters": parameters}}


def form(fields):
    properties = {f"field_{n}": {"type": ["string", "null"], "description": "as it is said"} for n in range(fields)}
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def cost(task, model, prices):
    """What the task is taken to cost: its request as it is sent, and the answer that was written down."""
    needs = task.get("needs", {})
    asked = len(json.dumps(body("auto", task))) / TOKEN_CHARS
    if "images" in needs:
        asked += IMAGE_TOKENS - len(PIXEL) / TOKEN_CHARS
    into, out = prices[model]
    return asked * into + task["output_tokens"] * out


def is_adequate(task, model):
    return model["skill"][task["skill"]] >= task["level"]


def score(mode, chosen, tasks, fleet, prices):
    served = [(task, fleet[model]) for task, model in zip(tasks, chosen) if model]
    good = [task["id"] for task, model in served if is_adequate(task, model)]
    dollars = sum(cost(task, model["id"], prices) for task, model in served)
    return {
        "name": mode.name, "group": mode.group, "good": set(good), "dollars": dollars,
        "share": len(good) / len(tasks), "refused": len(tasks) - len(served),
    }


def cheapest(tasks, fleet, prices):
    """The bound that nobody reaches: the cheapest adequate model of each task, known beforehand."""
    def able(task, model):
        needs, can = task.get("needs", {}), model["capabilities"]
        fits = needs.get("context_tokens", 0) * 1.1 < model["context_tokens"]
        sees = "images" in can or "images" not in needs
        local = model["provider"] == "house" or "label" not in needs
        return fits and sees and local and is_adequate(task, model)

    chosen = []
    for task in tasks:
        models = [name for name, model in fleet.items() if able(task, model)]
        chosen.append(min(models, key=lambda name: cost(task, name, prices), default=None))
    return score(Mode("cheapest adequate", "bound", "", ""), chosen, tasks, fleet, prices)


def report(rows):
    best = rows[0]
    print("| asked as | adequate | refused | cost | of the best's cost |")
    print("|---|---|---|---|---|")
    for row in rows:
        part = 100 * row["dollars"] / best["dollars"]
        print(
            f"| {row['name']} | {100 * row['share']:.1f} % | {row['refused']} | "
            f"${row['dollars']:.4f} | {part:.1f} % |"
        )
    print("\n| adequate for at least | by weights | by difficulty |")
    print("|---|---|---|")
    for share in (best["share"], 0.90, 0.85, 0.80, 0.75, 0.70):
        cells = [saved(rows, group, share, best) for group in ("weights", "difficulty")]
        print(f"| {100 * share:.1f} % | {cells[0]} | {cells[1]} |")


def saved(rows, group, share, best):
    """What the cheapest setting of a group that is adequate for this share saves beside the best."""
    enough = [row for row in rows if row["group"] == group and row["share"] >= share - 1e-9]
    if not enough:
        return "not reached"
    row = min(enough, key=lambda row: row["dollars"])
    return f"{100 - 100 * row['dollars'] / best['dollars']:.0f} % saved ({row['name'].split()[-1]})"


def by_kind(rows, tasks):
    kinds = sorted({task["kind"] for task in tasks})
    print("\n| asked as | " + " | ".join(kinds) + " |\n|" + "---|" * (len(kinds) + 1))
    for row in rows:
        cells = []
        for kind in kinds:
            of = [task["id"] for task in tasks if task["kind"] == kind]
            cells.append(f"{sum(name in row['good'] for name in of)}/{len(of)}")
        print(f"| {row['name']} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
