# SPDX-License-Identifier: Apache-2.0
"""Measures the table of docs/walkthrough/10_on_creche.md, and prints it.

    apt-get install python3-trio
    /usr/bin/python3 examples/walkthrough/table.py [ROUNDS]

Each program runs ROUNDS times (5 unless said otherwise); of each figure the
smallest counts. On a machine that does nothing else, please.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
STAGES = "bazel-bin/examples/walkthrough/"
PYTHON = ["/usr/bin/python3", "examples/walkthrough/beside.py"]
KERNEL_STACK = " + kernel's 16 KiB"
NOTHING = "–"

COLUMNS = ("", "20 clients", "to start one", "memory, idle", "can be stopped",
           "share data", "use several cores")
# A row: its name and its program; where the program prints the figures, of 20
# clients, of starting and of memory; what is appended to the last; the rest.
ROWS = [
    ("one at a time (1)", [STAGES + "01_one_at_a_time"],
     r"the last after (\d+ ms)", None, None, "", NOTHING, NOTHING, "no"),
    ("a process each (2)", [STAGES + "02_threads_and_processes"],
     r"a process for.*\n.*the last after (\d+ ms)", r"idle processes: (\d+ us)",
     r"idle processes: .* (\d+ KiB)", "", "from outside, by force", "no", "yes"),
    ("a thread each (2)", [STAGES + "02_threads_and_processes"],
     r"a thread for.*\n.*the last after (\d+ ms)", r"idle threads: (\d+ us)",
     r"idle threads: .* (\d+ KiB)", KERNEL_STACK, "no", "with locks", "yes"),
    ("callbacks (3)", [STAGES + "03_callbacks"],
     r"the last after (\d+ ms)", None, r"costs this thread (\d+ B)",
     ", nearly all buffer", "by hand", "freely", "a loop each"),
    ("toy coroutines (5)", [STAGES + "05_round_robin"],
     None, r"(\d+ ns) to spawn", r"spawn one, (\d+ B)", "", "no", "freely",
     "a loop each"),
    ("**creche** (10)", [STAGES + "10_on_creche"],
     r"all was over after (\d+ ms)", r"(\d+ ns) to start", r"start one, (\d+ B)",
     "", "**yes, and waits for it**", "freely", "a run each"),
    ("Python, threads", PYTHON,
     r"threads (\d+ ms)", r"idle threads: (\d+ us)", r"idle threads: .* ([\d.]+ KiB)",
     KERNEL_STACK, "no", "with locks", "not for computing"),
    ("Python, asyncio", PYTHON,
     r"asyncio (\d+ ms)", r"asyncio tasks: (\d+ us)",
     r"asyncio tasks: .* ([\d.]+ KiB)", "", "by an exception, once", "freely", "no"),
    ("Python, Trio", PYTHON,
     r"Trio (\d+ ms)", r"Trio tasks: (\d+ us)", r"Trio tasks: .* ([\d.]+ KiB)", "",
     "**yes, and waits for it**", "freely", "no"),
]


def run(command, rounds):
    """What it prints, once for each round."""
    return [subprocess.run(command, cwd=ROOT, check=True, text=True,
                           stdout=subprocess.PIPE).stdout for _ in range(rounds)]


def smallest(pattern, outputs):
    if pattern is None:
        return NOTHING
    found = [re.search(pattern, output)[1].replace(" us", " µs") for output in outputs]
    return min(found, key=lambda figure: float(figure.split()[0]))


def print_row(cells):
    print("| " + " | ".join(cells) + " |")


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    subprocess.run(["bazel", "build", "--config=opt", "//examples/walkthrough:programs"],
                   cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    outputs = {}
    print_row(COLUMNS)
    print("|---" * len(COLUMNS) + "|")
    for name, command, clients, start, memory, suffix, *rest in ROWS:
        key = " ".join(command)
        if key not in outputs:
            outputs[key] = run(command, rounds)
        figures = [smallest(pattern, outputs[key]) for pattern in (clients, start, memory)]
        print_row([name, *figures[:2], figures[2] + suffix, *rest])
    print()
    print(next(line for line in outputs[" ".join(PYTHON)][0].split("\n")
               if line.startswith("computing")))


if __name__ == "__main__":
    main()
