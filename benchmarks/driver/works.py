# SPDX-License-Identifier: Apache-2.0
"""What is measured, in the order of the tables."""

import dataclasses

# Where the median of a work comes from, and what a smaller one means.
VALUE = "value"
CPU = "cpu"
RATE = "rate"
CALLS = "calls"


@dataclasses.dataclass(frozen=True)
class Work:
    """A work has one name in all programs that can do it."""

    name: str
    title: str
    section: str
    # The program whose figure creche's is held against by --check.
    reference: str
    # How creche does it: the name of a Google Benchmark, if it is one.
    benchmark: str = ""
    # The metric that the ratios are made of. Smaller is better in all of them.
    metric: str = VALUE
    unit: str = "ns"
    # Part of --quick.
    quick: bool = False
    # Needs two processors: not pinned to one.
    parallel: bool = False


TASKS = "Tasks and timers"
MEMORY = "Memory"
KERNEL = "Ring and threads"
ECHO = "TCP echo"
TLS = "TLS"
OTHER = "Connections and files"

SECTIONS = {
    TASKS: "ns for each operation.",
    MEMORY: "For each of 100,000 tasks that wait, or of 1,000 children in a "
    "program that has had as many before.",
    KERNEL: "ns for each operation.",
    ECHO: "Processor time of the server, all threads and the kernel's part "
    "included, in ns for each request.",
    TLS: "Processor time of both ends, in one process, in ns: for a message there and "
    "back, for 16 KiB in one direction, and for a connection with its handshake "
    "(TLS 1.3, P-256).",
    OTHER: "A connection that is accepted and closed (processor time of the "
    "server in ns), and a file of 1 GiB in the page cache, copied 256 KiB at a "
    "time (seconds).",
}


def _tasks(name, title, benchmark, reference="limit", quick=False):
    return Work(name, title, TASKS, reference, benchmark=benchmark, quick=quick)


def _echo(connections, size):
    title = f"{connections:,} connection{'s' * (connections > 1)}, {_bytes(size)}"
    return Work(
        f"echo/{connections}x{size}", title, ECHO, "uring", metric=CPU,
        quick=(connections, size) == (64, 64))


def _bytes(size):
    return f"{size // 1024} KiB" if size >= 1024 else f"{size} B"


WORKS = [
    _tasks("await/1", "await a child that is ready", "BM_AwaitReadyChild", quick=True),
    _tasks("await/1000", "the same, 1,000 deep, a level", "BM_AwaitDepth1000PerLevel"),
    _tasks("spawn/trivial", "spawn, run and join a child, 1,000 alive",
           "BM_SpawnRunJoin1000", quick=True),
    _tasks("spawn/suspend", "the same, with an argument, suspends once",
           "BM_SpawnSuspendOnceJoin1000"),
    _tasks("yield/1", "yield, one task", "BM_YieldOneTask"),
    _tasks("yield/1000", "yield, 1,000 tasks", "BM_Yield1000Tasks"),
    _tasks("switch/channel", "two tasks, channels of 1, a switch",
           "BM_ChannelPingPong", quick=True),
    _tasks("switch/event", "two tasks, events, a switch", "BM_EventPingPong"),
    _tasks("timeout/ready_0", "timeout around what is ready", "BM_TimeoutAroundReady",
           reference="tokio", quick=True),
    _tasks("timeout/ready_100000", "the same, 100,000 other timers",
           "BM_TimeoutAroundReady100kTimers", reference="tokio"),
    _tasks("timeout/yield_1000", "timeout around a yield, 1,000 other timers",
           "BM_TimeoutAroundYield1000Timers"),
    _tasks("timer/arm", "start one of a million sleeping tasks",
           "BM_SleepingTasksMillion/0"),
    _tasks("timer/cancel", "cancel one of a million sleeping tasks",
           "BM_SleepingTasksMillion/1"),
    _tasks("blocked/create", "start one of 100,000 blocked tasks",
           "BM_BlockedTasks100k/0", quick=True),
    _tasks("blocked/cancel", "cancel one of 100,000 blocked tasks",
           "BM_BlockedTasks100k/1", quick=True),
    Work("memory/blocked_bytes", "bytes for a blocked task", MEMORY, "limit",
         unit="bytes", quick=True),
    Work("memory/blocked_allocations", "allocations for a blocked task", MEMORY,
         "limit", unit="allocations"),
    Work("memory/child_allocations", "allocations for a child, pools warm", MEMORY,
         "limit", unit="allocations"),
    Work("ring/nop_1", "NOP through the ring, alone", KERNEL, "uring"),
    Work("ring/nop_64", "NOP through the ring, 64 at a time", KERNEL, "uring",
         quick=True),
    Work("wake/thread", "wake another thread", KERNEL, "uring", parallel=True),
] + [
    _echo(connections, size)
    for size in (64, 4096, 65536)
    for connections in (1, 64, 1000)
] + [
    Work("tls/echo_64", "64 B there and back", TLS, "epoll"),
    Work("tls/echo_16384", "16 KiB there and back", TLS, "epoll"),
    Work("tls/bulk", "16 KiB of a stream", TLS, "epoll"),
    Work("tls/seal", "the same in memory", TLS, "epoll"),
    Work("tls/full", "connection, full handshake", TLS, "epoll"),
    Work("tls/resumed", "connection, resumed handshake", TLS, "epoll"),
    Work("storm", "accept and close, 64 at a time", OTHER, "uring", metric=CPU),
    Work("copy", "copy a file of 1 GiB", OTHER, "uring", unit="s"),
]
