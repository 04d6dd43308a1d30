# SPDX-License-Identifier: Apache-2.0
"""The picture: how long everyone takes, in multiples of creche."""

import math
from xml.sax.saxutils import escape

from driver import works

COLOURS = {
    "limit": "#9aa5b1", "uring": "#9aa5b1", "uring-multishot": "#7d8994", "epoll": "#c3cad3",
    "asio": "#e8853d", "libuv": "#7b61c4", "tokio": "#c8443f", "go": "#2f9fc4",
    "trio": "#5d9b4a",
}
SHOWN = [
    "await/1", "spawn/trivial", "switch/channel",
    "timeout/ready_0", "timeout/yield_1000", "timer/arm", "timer/cancel",
    "blocked/create", "blocked/cancel", "memory/blocked_bytes", "echo/1x64",
    "echo/64x64", "echo/1000x64", "echo/64x65536", "storm",
]
LEFT, RIGHT, TOP = 330, 60, 80
LABELS_END = LEFT - 40
WIDTH, BAR, GAP = 960, 9, 12
SMALLEST, LARGEST = 0.1, 1000


def _x(ratio):
    share = math.log(ratio / SMALLEST) / math.log(LARGEST / SMALLEST)
    return LEFT + min(max(share, 0), 1) * (WIDTH - LEFT - RIGHT)


def _text(x, y, text, **attributes):
    extra = "".join(f' {name.replace("_", "-")}="{value}"'
                    for name, value in attributes.items())
    return f'<text x="{x:.0f}" y="{y:.0f}"{extra}>{escape(text)}</text>'


def _legend(titles):
    parts, x = [], LEFT
    for name, title in titles.items():
        parts.append(f'<rect x="{x}" y="34" width="9" height="9" fill="{COLOURS[name]}"/>')
        parts.append(_text(x + 13, 42, title))
        x += 24 + 6.2 * len(title)
        x = round(x)
    return parts


def _grid(height):
    parts = []
    exponent = round(math.log10(SMALLEST))
    while 10 ** exponent <= LARGEST:
        x = _x(10 ** exponent)
        stroke = "#222" if exponent == 0 else "#ddd"
        parts.append(f'<path d="M{x:.1f} {TOP - 8}V{height - 10}" stroke="{stroke}"/>')
        label = "creche" if exponent == 0 else f"{10 ** exponent:g}×"
        parts.append(_text(x, TOP - 11, label, text_anchor="middle"))
        exponent += 1
    return parts


def draw(run):
    """An SVG. Bars go from creche, at 1, to the left if faster."""
    titles = {program.name: program.title for program in run.programs
              if program.name in COLOURS and program.name not in run.missing}
    shown = [work for work in run.works if work.name in SHOWN]
    bars, y = [], TOP
    for work in shown:
        top = y
        for name in titles:
            ratio = run.samples.ratio(work.name, name, "creche", work.metric)
            if not ratio:
                continue
            low, high = sorted((_x(1), _x(ratio)))
            bars.append(
                f'<rect x="{low:.1f}" y="{y}" width="{max(high - low, 1):.1f}" '
                f'height="{BAR - 1}" fill="{COLOURS[name]}"/>')
            at_left = ratio < 1
            bars.append(_text(low - 3 if at_left else high + 3, y + BAR - 1.5,
                              f"{ratio:.2g}" if ratio < 100 else f"{ratio:.0f}",
                              font_size=8, text_anchor="end" if at_left else "start"))
            y += BAR
        if y > top:
            prefix = {works.ECHO: "echo: ", works.TLS: "TLS: "}.get(work.section, "")
            bars.append(_text(LABELS_END, (top + y) / 2 + 4, prefix + work.title,
                              text_anchor="end", font_size=10))
            y += GAP
    height = y + 4
    title = "Time (or memory) in multiples of creche: to the right is slower"
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        _text(16, 20, title, font_size=14, font_weight="bold"),
        *_legend(titles), *_grid(height), *bars, "</svg>", ""])
