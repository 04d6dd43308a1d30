# SPDX-License-Identifier: Apache-2.0
"""What the samples say: medians, ranges, and ratios that noise leaves alone."""

import statistics


class Samples:
    """All that was measured: of a work, a program and a metric, the values of
    the rounds, in their order. A round without a value has none in its place."""

    def __init__(self):
        self._values = {}

    def add(self, work, program, metric, round_number, value):
        key = (work, program, metric)
        self._values.setdefault(key, {})[round_number] = value

    def values(self, work, program, metric):
        return list(self._values.get((work, program, metric), {}).values())

    def median(self, work, program, metric):
        """None if there is no sample."""
        values = self.values(work, program, metric)
        return statistics.median(values) if values else None

    def ratios(self, work, program, other, metric):
        """program / other, round by round: what disturbs the machine for a
        while disturbs both."""
        ours = self._values.get((work, program, metric), {})
        theirs = self._values.get((work, other, metric), {})
        return [ours[r] / theirs[r] for r in ours if theirs.get(r)]

    def ratio(self, work, program, other, metric):
        """The median of the ratios; None if there is none."""
        ratios = self.ratios(work, program, other, metric)
        return statistics.median(ratios) if ratios else None


def number(value):
    """Three digits that mean something, without exponents."""
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    if value >= 10:
        return f"{value:.1f}"
    if value >= 0.1 or value == 0:
        return f"{value:.2f}"
    return f"{value:.4f}"


def parse_line(line):
    """NAME<TAB>value<TAB>unit -> (name, value, unit); the value is None if the
    program says "-", not to be measured here."""
    name, value, unit = line.rstrip("\n").split("\t")
    return name, None if value == "-" else float(value), unit


def parse_lines(text):
    """The figures of a program's output, by name."""
    figures = {}
    for line in text.splitlines():
        name, value, _ = parse_line(line)
        if value is not None:
            figures[name] = value
    return figures


def parse_google_benchmark(report):
    """The real time of the one benchmark in a JSON report, in ns."""
    (benchmark,) = report["benchmarks"]
    if benchmark.get("error_occurred"):
        raise ValueError(benchmark["error_message"])
    scale = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[benchmark["time_unit"]]
    return benchmark["real_time"] * scale
