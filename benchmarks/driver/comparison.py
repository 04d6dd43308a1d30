# SPDX-License-Identifier: Apache-2.0
"""Two builds of creche that took turns: which works have become slower."""

import statistics

from driver import figures

# A work has become slower if the median of its ratios says so by more than this,
# and nearly all rounds agree. Figures of memory have no noise.
NOISE = 1.04
AGREEING_ROUNDS = 0.8
EXACT_UNITS = ("bytes", "allocations")


def is_slower(ratios, unit):
    """`ratios` are those of now to before, round by round."""
    if unit in EXACT_UNITS:
        return statistics.median(ratios) > 1
    agreeing = sum(ratio > 1 for ratio in ratios)
    return (statistics.median(ratios) > NOISE
            and agreeing >= AGREEING_ROUNDS * len(ratios))


def compare(samples, works, now, before):
    """The table, in Markdown, and the works that have become slower."""
    lines = [f"| | {before.title} | {now.title} | ratio, median | ratios, range |",
             "|---|---:|---:|---:|---:|"]
    slower = []
    for work in works:
        ratios = samples.ratios(work.name, now.name, before.name, work.metric)
        if not ratios:
            continue
        mark = ""
        if is_slower(ratios, work.unit):
            slower.append(work.name)
            mark = " **slower**"
        medians = [samples.median(work.name, program.name, work.metric)
                   for program in (before, now)]
        lines.append(
            f"| {work.title} | {figures.number(medians[0])} | "
            f"{figures.number(medians[1])} | {statistics.median(ratios):.3f}{mark} | "
            f"{min(ratios):.3f}–{max(ratios):.3f} |")
    return "\n".join(lines) + "\n", slower
