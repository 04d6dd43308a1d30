# SPDX-License-Identifier: Apache-2.0
"""Measures processes, threads and clients, each beside the plain way of doing the
same; see docs/benchmarks.md. Prints a table.

    ./dev bench beside                 everything
    ./dev bench beside --works PART    only works whose names contain this
    ./dev bench beside --rounds 15     to see smaller differences
    ./dev bench beside --apart         the servers on another processor than the client
"""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time

from driver import figures, machine, report, works
from driver.programs import PROGRAMS, ROOT
from driver.sampling import PROCESSORS
from driver.works import Work

TARGET = "//benchmarks:beside"
BINARY = ROOT / "bazel-bin/benchmarks/beside"
SERVERS = ROOT / "benchmarks/beside/servers"
SAMPLE_SECONDS = 0.1


@dataclasses.dataclass(frozen=True)
class Way:
    """One way of doing the works: the second part of a benchmark's name."""

    name: str
    title: str


WAYS = [
    Way("creche", "creche"),
    Way("epoll", "a loop on epoll"),
    Way("blocking", "a blocked thread"),
    Way("asio", "Asio"),
    Way("tokio", "Tokio"),
]

# The one of them that is a program of its own.
(TOKIO,) = [program for program in PROGRAMS if program.name == "tokio"]


def _work(name, title):
    return Work(name, title, "", "epoll")


# By the first part of a benchmark's name.
WORKS = [
    _work("process", "`/bin/true`, from its start to its end"),
    _work("run_in_thread", "a function on a thread, and its result"),
    _work("post", "a thread has a function called in a loop, and waits"),
    _work("post_1000", "the same, a thousand, and waits for the last: each"),
    _work("call", "the same, one, and its result"),
    _work("channel", "a value from a thread to a loop, channel of 64"),
    _work("http", "GET of 100 bytes, connection kept"),
    _work("postgres", "`SELECT 1`"),
    _work("postgres_rows", "`SELECT 1`, rows one by one"),
]


def arguments():
    parser = argparse.ArgumentParser(
        prog="./dev bench beside", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--works", default="", metavar="PART")
    parser.add_argument("--apart", action="store_true")
    return parser.parse_args()


def on_one_processor(processors=PROCESSORS.server):
    """For what is measured, and for its servers."""
    os.sched_setaffinity(0, processors)
    try:
        os.nice(-15)
    except PermissionError:
        pass  # Only root may.


class Servers:
    """They run while this is entered; gives the environment that names them."""

    def __init__(self, are_apart):
        self._processors = PROCESSORS.load if are_apart else PROCESSORS.server

    def __enter__(self):
        self._process = subprocess.Popen(
            [SERVERS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            preexec_fn=lambda: on_one_processor(self._processors))
        url = self._process.stdout.readline().strip()
        if not url.startswith("http"):
            self.__exit__()
            raise SystemExit(url)
        conninfo = self._process.stdout.readline().strip()
        return {**os.environ, "BESIDE_URL": url, "BESIDE_CONNINFO": conninfo}

    def __exit__(self, *_):
        self._process.communicate()


def output_of(command, environment):
    """What the command prints."""
    return subprocess.run(
        [str(word) for word in command], env=environment,
        preexec_fn=on_one_processor, check=True, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL).stdout


def measure_once(chosen, of_tokio, environment):
    """The ns of each benchmark, by (work, way)."""
    names = "|".join(work.name for work in chosen)
    output = output_of(
        [BINARY, f"--benchmark_filter=^({names})/", "--benchmark_format=json",
         f"--benchmark_min_time={SAMPLE_SECONDS}"], environment)
    taken = {}
    for benchmark in json.loads(output)["benchmarks"]:
        work, way = benchmark["name"].split("/")[:2]
        taken[work, way] = figures.parse_google_benchmark({"benchmarks": [benchmark]})
    for name in of_tokio:
        if any(work.name == name for work in chosen):
            line = output_of([*TOKIO.command, name], environment)
            taken[name, TOKIO.name] = figures.parse_lines(line)[name]
    return taken


def measure(chosen, rounds, are_apart):
    samples = figures.Samples()
    of_tokio = [] if TOKIO.missing() else TOKIO.works()
    with Servers(are_apart) as environment:
        for round_number in range(rounds + 1):
            print(f"round {round_number} of {rounds}", file=sys.stderr, flush=True)
            taken = measure_once(chosen, of_tokio, environment)
            for (work, way), value in taken.items():
                if round_number > 0:  # Round 0 warms up.
                    samples.add(work, way, works.VALUE, round_number, value)
    return samples


def main():
    options = arguments()
    chosen = [work for work in WORKS if options.works in work.name]
    subprocess.run(["bazel", "build", "--config=opt", TARGET], cwd=ROOT, check=True)
    missing = {TOKIO.name: TOKIO.missing()} if TOKIO.missing() else {}
    if not missing:
        TOKIO.build()
    begin = time.monotonic()
    samples = measure(chosen, options.rounds, options.apart)
    facts = machine.facts("./dev bench beside", options.rounds, time.monotonic() - begin)
    run = report.Run(samples, chosen, WAYS, missing, {}, facts)
    print("\n".join([*facts, "", *report.ratio_table(run, chosen)]))


if __name__ == "__main__":
    main()
