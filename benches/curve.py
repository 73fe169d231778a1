"""The picture of the routing bench: cost against the share of tasks with an adequate model, as SVG."""

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 460, 64, 24, 54, 56
# Colours that a reader who sees no red or green tells apart, on white.
CURVES = {"weights": ("#b35900", "weights from cost to quality"), "difficulty": ("#0050a0", "auto:cheap, difficulty 60 to 130 %")}
POINT, BOUND, GRID, INK = "#222222", "#777777", "#dddddd", "#222222"
SHARES = (0.3, 1.0)


def draw(rows):
    best = rows[0]["dollars"]
    most = max(1.0, *(row["dollars"] / best for row in rows))
    scale = Scale(most * 1.05)
    parts = [*frame(scale)]
    for n, (group, (colour, label)) in enumerate(CURVES.items()):
        points = [scale.point(row["dollars"] / best, row["share"]) for row in rows if row["group"] == group]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in points]
        y = HEIGHT - BOTTOM - 60 + 22 * n
        parts.append(f'<line x1="470" y1="{y}" x2="500" y2="{y}" stroke="{colour}" stroke-width="2"/>')
        parts.append(text(508, y + 4, label))
    for row in rows:
        if row["group"] in CURVES:
            continue
        x, y = scale.point(row["dollars"] / best, row["share"])
        colour = BOUND if row["group"] == "bound" else POINT
        parts.append(f'<rect x="{x - 4:.1f}" y="{y - 4:.1f}" width="8" height="8" fill="{colour}"/>')
        right = x > WIDTH - RIGHT - 140
        at = (x - 9, "end") if right else (x + 9, "start")
        lift = LIFTS.get(row["name"], 4)
        parts.append(text(at[0], y + lift, row["name"], at[1]))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="12" role="img">'
    title = "<title>Cost of the routing bench against the share of tasks with an adequate model</title>"
    back = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    return "\n".join([head, title, back, *parts, "</svg>", ""])


# Where labels of neighbouring points would cover each other: lower or higher, in pixels.
LIFTS = {
    "auto": -6, "auto:best": -6, "auto:cheap": 14, "always the best": 18, "auto, difficulty 100": 18,
    "cheapest adequate": 16,
}


class Scale:
    """From shares of the best's cost and of the tasks to places in the picture."""

    def __init__(self, most):
        self.most = most

    def point(self, cost, share):
        low, high = SHARES
        x = LEFT + (WIDTH - LEFT - RIGHT) * cost / self.most
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (share - low) / (high - low)
        return x, y


def frame(scale):
    yield text(LEFT, 24, "What tasks cost, and how many get an adequate model", size=15)
    yield text(LEFT, 42, "the half of the tasks that nothing was fitted to; each point is a setting", colour=BOUND)
    for tenth in range(int(SHARES[0] * 10), 11):
        _, y = scale.point(0, tenth / 10)
        yield f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="{GRID}"/>'
        yield text(LEFT - 8, y + 4, f"{tenth * 10} %", "end")
    for fifth in range(0, int(scale.most * 5) + 1):
        x, y = scale.point(fifth / 5, SHARES[0])
        yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{y:.1f}" stroke="{GRID}"/>'
        yield text(x, y + 18, f"{fifth * 20} %", "middle")
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, "cost, as a part of what always asking the best model costs", "middle")
    yield f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle" fill="{INK}">tasks with an adequate model</text>'


def text(x, y, words, anchor="start", size=12, colour=INK):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{words}</text>'
