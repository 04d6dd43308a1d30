# SPDX-License-Identifier: Apache-2.0
"""Is creche slower than it was? Times move from machine to machine; how long
creche takes compared with a fixed reference on the same machine does less."""

import json

# A ratio counts as worse if its median is worse by this factor, and no round
# of the run has come near to the baseline. Figures of memory are exact.
MEDIAN_FACTOR = 1.30
BEST_FACTOR = 1.10
EXACT_FACTOR = 1.02


def make(samples, works):
    """The baseline that a run makes: work -> reference and ratio."""
    made = {}
    for work in works:
        ratio = samples.ratio(work.name, "creche", work.reference, work.metric)
        if ratio is not None:
            made[work.name] = {"reference": work.reference, "ratio": round(ratio, 3)}
    return made


def regressions(samples, works, baseline):
    """What has become worse, a line each; and what could not be compared."""
    worse, unknown = [], []
    for work in works:
        known = baseline.get(work.name)
        if known is None:
            # A reference of 0 has no ratio.
            if samples.ratio(work.name, "creche", work.reference, work.metric):
                unknown.append(f"{work.name}: not in the baseline")
            continue
        ratios = samples.ratios(work.name, "creche", known["reference"], work.metric)
        if not ratios:
            unknown.append(f"{work.name}: {known['reference']} was not measured")
            continue
        median = sorted(ratios)[len(ratios) // 2]
        if is_worse(ratios, median, known["ratio"], work.unit == "bytes"):
            worse.append(
                f"{work.name}: {median:.2f} times {known['reference']}, was "
                f"{known['ratio']:.2f} (best of {len(ratios)} rounds: {min(ratios):.2f})")
    return worse, unknown


def is_worse(ratios, median, before, is_exact):
    if is_exact:
        return median > before * EXACT_FACTOR
    return median > before * MEDIAN_FACTOR and min(ratios) > before * BEST_FACTOR


def load(path):
    return json.loads(path.read_text()) if path.exists() else {}


def save(path, baseline):
    path.write_text(json.dumps(baseline, indent=2) + "\n")
