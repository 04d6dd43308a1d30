# SPDX-License-Identifier: Apache-2.0
"""Takes a sample: runs one work of one program once, in a process of its own."""

import json
import os
import pathlib
import subprocess
import time

from driver import figures, works
from driver.programs import BUILD, LOAD

SAMPLE_SECONDS = 0.12  # As kMeasureSeconds in peers/work.h.
LOAD_SECONDS = 0.35
LOAD_CONNECTIONS_OF_STORM = 64
TIMEOUT_SECONDS = 120
FILE_BYTES = 1 << 30


class Failed(Exception):
    """The program has not done its work; says why."""


class Processors:
    """Who runs where: what is measured on one, what loads it on another."""

    def __init__(self):
        every = sorted(os.sched_getaffinity(0))
        self.server = {every[0]}
        self.load = {every[1 % len(every)]}
        self.both = self.server | self.load


PROCESSORS = Processors()


def _start(command, processors, **options):
    def prepare():
        os.sched_setaffinity(0, processors)
        try:
            os.nice(-15)
        except PermissionError:
            pass  # Only root may.

    return subprocess.Popen(
        [str(word) for word in command], stdout=subprocess.PIPE, text=True,
        preexec_fn=prepare, **options)


def _output(command, processors):
    process = _start(command, processors, stderr=subprocess.PIPE)
    try:
        output, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise Failed(f"not done after {TIMEOUT_SECONDS} s") from None
    if process.returncode != 0:
        raise Failed(errors.strip() or f"exit status {process.returncode}")
    return output


def can_do(program, listed, work):
    """`listed` are the works that the program itself names."""
    if work.benchmark and program.benchmarks:
        return True
    if program.name == "creche-epoll":  # Nothing else concerns the kernel.
        return work.metric == works.CPU
    if work.metric == works.CPU or work.name == "copy":
        return _is_server(program, work.name)
    return work.name in listed


def _is_server(program, name):
    if program.name.startswith("limit"):
        return False
    if program.name == "uring-multishot":
        return name.startswith("echo/")
    return not (program.name == "asio" and name == "copy")


def take(program, work, count_calls):
    """The figures of one sample, by metric."""
    if work.metric == works.CPU:
        return _take_server(program, work, count_calls)
    if work.name == "copy":
        return {works.VALUE: _take_copy(program)}
    processors = PROCESSORS.both if work.parallel else PROCESSORS.server
    if work.benchmark and program.benchmarks:
        output = _output(
            [program.benchmarks, f"--benchmark_filter=^{work.benchmark}$",
             "--benchmark_format=json", f"--benchmark_min_time={SAMPLE_SECONDS}"],
            processors)
        return {works.VALUE: figures.parse_google_benchmark(json.loads(output))}
    return {works.VALUE: figures.parse_lines(
        _output([*program.command, work.name], processors))[work.name]}


def _take_server(program, work, count_calls):
    mode = "echo" if work.name.startswith("echo/") else "storm"
    server = _start([*program.command, mode], PROCESSORS.server,
                    stderr=subprocess.DEVNULL)
    try:
        line = server.stdout.readline()
        if not line.startswith("listening\t"):
            raise Failed("the server does not listen")
        shape = [LOAD_CONNECTIONS_OF_STORM]
        if mode == "echo":
            shape = work.name.removeprefix("echo/").split("x")
        command = [LOAD, mode, line.split()[1], server.pid, *shape, LOAD_SECONDS]
        return figures.parse_lines(
            _output(command + ["calls"] * count_calls, PROCESSORS.load))
    finally:
        server.kill()
        server.wait()


def _source_file():
    """A file that is in the page cache and on the disk."""
    path = BUILD / "copied-file"
    if not path.exists() or path.stat().st_size != FILE_BYTES:
        with open(path, "wb") as file:
            for _ in range(FILE_BYTES >> 20):
                file.write(os.urandom(1 << 10) * 1024)
            file.flush()
            os.fsync(file.fileno())
    with open(path, "rb") as file:
        while file.read(1 << 20):
            pass
    return path


def _take_copy(program):
    """The seconds that a copy takes. It is removed before it reaches the disk."""
    source = _source_file()
    target = BUILD / "copy-of-file"
    try:
        start = time.monotonic()
        _output([*program.command, "copy", source, target], PROCESSORS.both)
        elapsed = time.monotonic() - start
        if target.stat().st_size != FILE_BYTES:
            raise Failed("the copy is not complete")
        return elapsed
    finally:
        pathlib.Path(target).unlink(missing_ok=True)
