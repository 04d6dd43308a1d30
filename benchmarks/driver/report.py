# SPDX-License-Identifier: Apache-2.0
"""The tables, in Markdown."""

from driver import figures, works

NOT_APPLICABLE = "–"
MISSING = "missing"
FAILED = "failed"


class Run:
    """A run and its circumstances."""

    def __init__(self, samples, work_list, programs, missing, failed, facts):
        self.samples = samples
        self.works = work_list
        self.programs = programs
        # Name of a program -> why it is missing.
        self.missing = missing
        # (work, program) -> why there is no figure.
        self.failed = failed
        # Lines about the machine, the method, the command.
        self.facts = facts

    def section(self, name):
        return [work for work in self.works if work.section == name]

    def columns(self, section_works):
        """The programs that have something to say, or should have."""
        return [program for program in self.programs
                if program.name in self.missing
                or any(self._was_tried(work, program) for work in section_works)]

    def _was_tried(self, work, program):
        return ((work.name, program.name) in self.failed
                or self.samples.values(work.name, program.name, work.metric))


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" + "|---:" * (len(head) - 1) + "|"]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def _cell(run, work, program, figure):
    if program.name in run.missing:
        return MISSING
    if (work.name, program.name) in run.failed:
        return FAILED
    return figure(work, program) or NOT_APPLICABLE


def _metric_table(run, section_works, figure):
    columns = run.columns(section_works)
    head = [""] + [program.title for program in columns]
    rows = [
        [work.title] + [_cell(run, work, program, figure) for program in columns]
        for work in section_works
    ]
    return _table(head, rows)


def ratio_table(run, section_works):
    """creche's median with its range, and everyone in multiples of it."""
    def figure(work, program):
        values = run.samples.values(work.name, program.name, work.metric)
        if not values:
            return None
        if program.name == "creche":
            median = run.samples.median(work.name, program.name, work.metric)
            return (f"**{figures.number(median)}** ({figures.number(min(values))}"
                    f"–{figures.number(max(values))})")
        ratio = run.samples.ratio(work.name, program.name, "creche", work.metric)
        if ratio is None:  # creche's figure is 0.
            return figures.number(run.samples.median(work.name, program.name, work.metric))
        return f"{figures.number(ratio)}×"

    return _metric_table(run, section_works, figure)


def absolute_table(run, section_works, metric):
    def figure(work, program):
        values = run.samples.values(work.name, program.name, metric or work.metric)
        if not values:
            return None
        median = run.samples.median(work.name, program.name, metric or work.metric)
        if len(values) == 1:
            return figures.number(median)
        return (f"{figures.number(median)} ({figures.number(min(values))}–"
                f"{figures.number(max(values))})")

    return _metric_table(run, section_works, figure)


def markdown(run):
    """All that a run says."""
    lines = list(run.facts) + [""]
    for program in run.programs:
        if program.name in run.missing:
            lines.append(f"- **{program.title}: missing**, {run.missing[program.name]}.")
        else:
            lines.append(f"- {program.title}: {program.versions()}.")
    lines += [f"- failed: {work} of {program}: {why}"
              for (work, program), why in run.failed.items()]
    for section, explanation in works.SECTIONS.items():
        section_works = run.section(section)
        if not section_works:
            continue
        lines += ["", f"### {section}", "", explanation, ""]
        lines += ratio_table(run, section_works)
        served = [work for work in section_works if work.metric == works.CPU]
        if served:
            lines += ["", "Requests (connections) a second:", ""]
            lines += absolute_table(run, served, works.RATE)
            lines += ["", "System calls of the server for each:", ""]
            lines += absolute_table(run, served, works.CALLS)
    lines += ["", "### Medians and ranges of all", ""]
    for section in works.SECTIONS:
        if run.section(section):
            lines += absolute_table(run, run.section(section), None) + [""]
    return "\n".join(lines).rstrip() + "\n"
