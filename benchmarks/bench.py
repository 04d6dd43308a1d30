# SPDX-License-Identifier: Apache-2.0
"""Measures creche side by side with its peers; see docs/benchmarks.md.

    ./dev bench                 everything; writes docs/benchmarks.md
    ./dev bench --quick         a few works, fewer rounds; writes nothing
    ./dev bench --against REV   is creche slower than it was at this commit?
    ./dev bench --check         is creche slower than benchmarks/baseline.json?
    ./dev bench --baseline      everything, and makes that baseline
    ./dev bench --works echo    only works whose names contain this
"""

import argparse
import fnmatch
import pathlib
import resource
import sys
import time

from driver import baseline, chart, comparison, machine, report, sampling, works
from driver.figures import Samples
from driver.programs import BUILD, CRECHES, PROGRAMS, ROOT, build_load, earlier

DOCUMENT = ROOT / "docs/benchmarks.md"
PICTURE = ROOT / "docs/benchmarks.svg"
BASELINE = ROOT / "benchmarks/baseline.json"
LOG = BUILD / "samples.tsv"
BEGIN = "<!-- What follows is written by ./dev bench. -->\n"
END = "<!-- What ./dev bench writes ends here. -->\n"


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(
        prog="./dev bench", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--against", default="", metavar="COMMIT")
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--works", default="", metavar="PART")
    parser.add_argument("--programs", default="", metavar="NAME,NAME...")
    options = parser.parse_args()
    options.rounds = options.rounds or (3 if options.quick else 5)
    return options


def chosen_works(options):
    return [
        work for work in works.WORKS
        if fnmatch.fnmatch(work.name, f"*{options.works}*")
        and (work.quick or not options.quick)
    ]


def chosen_programs(options, chosen):
    names = set(filter(None, options.programs.split(",")))
    if options.check:
        names = {"creche"} | {work.reference for work in chosen}
    if options.against:
        names = names & set(CRECHES) or {"creche"}
    programs = [program for program in PROGRAMS if not names or program.name in names]
    if options.against:
        programs += [earlier(program.name, options.against) for program in programs]
    return programs


def build(programs):
    """Builds what can be built. Returns why the others cannot."""
    BUILD.mkdir(parents=True, exist_ok=True)
    build_load()
    missing = {}
    for program in programs:
        missing_part = program.missing()
        if missing_part:
            missing[program.name] = missing_part
            say(f"{program.title} is missing: {missing_part}")
            continue
        say(f"building {program.title}")
        try:
            program.build()
        except Exception as error:  # Whatever is wrong with one, the others count.
            if program.name.startswith("creche"):
                raise
            say(str(error))
            missing[program.name] = "it does not build; see the output of the run"
    return missing


def measure(programs, chosen, rounds, log):
    """Round 0 warms up and counts system calls; its times do not count. `log`
    gets every sample, and the seconds that it took to take."""
    samples, failed = Samples(), {}
    listed = {program.name: program.works() for program in programs}
    pairs = [(work, [p for p in programs if sampling.can_do(p, listed[p.name], work)])
             for work in chosen]
    for round_number in range(rounds + 1):
        say(f"round {round_number} of {rounds}" + " (warm-up)" * (round_number == 0))
        for work, able in pairs:
            shift = round_number % len(able) if able else 0
            for program in able[shift:] + able[:shift]:
                key = (work.name, program.name)
                if key in failed:
                    continue
                start = time.monotonic()
                try:
                    taken = sampling.take(program, work, count_calls=round_number == 0)
                except (sampling.Failed, OSError, ValueError, KeyError) as error:
                    failed[key] = str(error)
                    say(f"{work.name} of {program.title} has failed: {error}")
                    continue
                seconds = time.monotonic() - start
                for metric, value in taken.items():
                    log.write(f"{round_number}\t{work.name}\t{program.name}\t{metric}"
                              f"\t{value:.6g}\t{seconds:.2f}\n")
                    if (metric == works.CALLS) == (round_number == 0):
                        samples.add(*key, metric, round_number, value)
    return samples, failed


def write_document(text, picture):
    document = DOCUMENT.read_text()
    before, rest = document.split(BEGIN)
    after = rest.split(END)[1]
    PICTURE.write_text(picture)
    shown = f"![Time in multiples of creche]({PICTURE.name})\n"
    DOCUMENT.write_text(f"{before}{BEGIN}\n{shown}\n{text}\n{END}{after}")
    say(f"written: {DOCUMENT.relative_to(ROOT)}, {PICTURE.relative_to(ROOT)}")


def check(samples, chosen, failed):
    """The exit status: 1 if anything has become worse, or fails."""
    known = baseline.load(BASELINE)
    if not known:
        say("there is no baseline: ./dev bench --baseline makes one")
        return 2
    worse, unknown = baseline.regressions(samples, chosen, known)
    for line in unknown:
        say(f"not compared: {line}")
    for line in worse:
        say(f"REGRESSION: {line}")
    if not worse:
        say("no regression")
    return 1 if worse or failed else 0


def compare(samples, chosen, failed, programs):
    """Shows the pairs. The exit status: 1 if anything has become slower, or fails."""
    slower = []
    count = len(programs) // 2
    for now, before in zip(programs[:count], programs[count:]):
        table, slower_here = comparison.compare(samples, chosen, now, before)
        print(table)
        slower += [f"{name} of {now.title}" for name in slower_here]
    for name in slower:
        say(f"SLOWER: {name}")
    if not slower:
        say("nothing is slower")
    return 1 if slower or failed else 0


def main():
    options = arguments()
    start = time.monotonic()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8192)), hard))

    chosen = chosen_works(options)
    wanted = chosen_programs(options, chosen)
    missing = build(wanted)
    programs = [program for program in wanted if program.name not in missing]
    with open(LOG, "w", buffering=1) as log:
        samples, failed = measure(programs, chosen, options.rounds, log)

    if options.against:
        return compare(samples, chosen, failed, programs)
    command = " ".join(["./dev bench", *sys.argv[1:]])
    seconds = time.monotonic() - start
    run = report.Run(samples, chosen, wanted, missing, failed,
                     machine.facts(command, options.rounds, seconds))
    text = report.markdown(run)
    print(text)
    if options.baseline:
        known = baseline.load(BASELINE)
        known.update(baseline.make(samples, chosen))
        baseline.save(BASELINE, known)
        say(f"written: {BASELINE.relative_to(ROOT)}")
    if options.check:
        return check(samples, chosen, failed)
    if not (options.quick or options.works or options.programs):
        write_document(text, chart.draw(run))
    say(f"done in {(time.monotonic() - start) / 60:.1f} minutes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
