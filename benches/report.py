"""The tables: medians over the rounds, and what they come to beside the bare proxies."""

from statistics import median

FIGURES = ("requests_per_second", "p50", "p99", "cpu", "sql", "memory_peak")
HEADER = (
    "proxy",
    "req/s",
    "p50 ms",
    "p99 ms",
    "CPU us/req",
    "SQL us",
    "writer us",
    "rest us",
    "spread",
    "x pass-through",
    "x nginx",
    "peak MiB",
    "failed",
)


def summary(samples, share):
    """Medians of one cell's rounds, with how far the rounds' CPU is apart. `share` is the ledger's
    part of what does not run SQL; `None` where it is not known."""
    cell = {name: median(getattr(sample, name) for sample in samples) for name in FIGURES}
    cpus = [sample.cpu for sample in samples]
    cell["spread"] = (max(cpus) - min(cpus)) / cell["cpu"] if cell["cpu"] else 0.0
    cell["writer"] = (cell["cpu"] - cell["sql"]) * (share or 0.0)
    cell["rest"] = cell["cpu"] - cell["sql"] - cell["writer"]
    cell["failed"] = sum(sample.refused + sample.broken for sample in samples)
    return cell


def tables(cells, shares):
    """Markdown for all of `cells`: (mode, connections, proxy) -> samples; `shares` likewise."""
    groups = dict.fromkeys((mode, connections) for mode, connections, _ in cells)
    return "\n\n".join(table(cells, shares, mode, connections) for mode, connections in groups)


def table(cells, shares, mode, connections):
    summaries = {
        proxy: summary(samples, shares.get((m, c, proxy)))
        for (m, c, proxy), samples in cells.items()
        if (m, c) == (mode, connections)
    }
    rows = [row(proxy, cell, summaries) for proxy, cell in summaries.items()]
    plural = "connection" if connections == 1 else "connections"
    title = f"### {mode}, {connections} {plural}"
    rule = ["---"] + ["---:"] * (len(HEADER) - 1)
    lines = [line(cells) for cells in (HEADER, rule, *rows)]
    return "\n".join([title, "", *lines])


PACED_HEADER = ("proxy", "req/s", "p50 ms", "p99 ms", "added p50", "added p99", "CPU us/req", "failed")


def paced_tables(paced):
    """Markdown for `paced`: mode -> proxy -> samples, at half of the gateway's load."""
    return "\n\n".join(paced_table(mode, proxies) for mode, proxies in paced.items())


def paced_table(mode, proxies):
    """What each proxy adds is its own latency without that of the upstream asked directly."""
    summaries = {proxy: summary(samples, None) for proxy, samples in proxies.items()}
    direct = summaries["direct"]
    rows = [
        (
            proxy,
            f"{cell['requests_per_second']:,.0f}",
            f"{cell['p50'] / 1000:.2f}",
            f"{cell['p99'] / 1000:.2f}",
            f"{(cell['p50'] - direct['p50']) / 1000:.2f}",
            f"{(cell['p99'] - direct['p99']) / 1000:.2f}",
            f"{cell['cpu']:.0f}" if proxy != "direct" else "",
            f"{cell['failed']}",
        )
        for proxy, cell in summaries.items()
    ]
    rule = ["---"] + ["---:"] * (len(PACED_HEADER) - 1)
    lines = [line(cells) for cells in (PACED_HEADER, rule, *rows)]
    return "\n".join([f"### {mode}, at half of the gateway's load", "", *lines])


def row(proxy, cell, summaries):
    measured = proxy != "direct"
    return (
        proxy,
        f"{cell['requests_per_second']:,.0f}",
        f"{cell['p50'] / 1000:.2f}",
        f"{cell['p99'] / 1000:.2f}",
        f"{cell['cpu']:.0f}" if measured else "",
        f"{cell['sql']:.0f}" if proxy == "orchestack" else "",
        f"{cell['writer']:.0f}" if cell["writer"] else "",
        f"{cell['rest']:.0f}" if proxy == "orchestack" else "",
        f"{cell['spread']:.0%}" if measured else "",
        ratio(cell, summaries.get("pass-through")) if measured else "",
        ratio(cell, summaries.get("nginx")) if measured else "",
        f"{cell['memory_peak'] / 1024:.1f}" if measured else "",
        f"{cell['failed']}",
    )


def ratio(cell, base):
    """CPU per request without the ledger's, as a multiple of `base`'s."""
    if not base or not base["cpu"]:
        return ""
    return f"{cell['rest'] / base['cpu']:.2f}"


def line(cells):
    return "| " + " | ".join(cells) + " |"
