# SPDX-License-Identifier: Apache-2.0
"""The works in Trio, whose semantics creche has.

    trio_peer.py --list | WORK    see peers/work.h
    trio_peer.py echo | storm     a server
    trio_peer.py copy FROM TO     copies a file, 256 KiB at a time
"""

import random
import sys
import time
import tracemalloc

import trio

MEASURE_SECONDS = 0.12
ALIVE = 1000
BLOCKED = 10_000
STEPS = 1000
CHUNK = 256 << 10


async def nanoseconds_each(count, step):
    """Awaits step(), which does `count` operations, again and again."""
    await step()
    operations = 0
    start = time.perf_counter()
    while time.perf_counter() - start < MEASURE_SECONDS:
        await step()
        operations += count
    return (time.perf_counter() - start) / operations * 1e9


async def ready(value):
    return value


async def recurse(depth):
    return 0 if depth == 0 else 1 + await recurse(depth - 1)


async def await_ready():
    async def step():
        for i in range(STEPS):
            await ready(i)

    return await nanoseconds_each(STEPS, step)


async def await_depth_1000():
    sys.setrecursionlimit(10_000)

    async def step():
        await recurse(ALIVE)

    return await nanoseconds_each(ALIVE, step)


async def trivial():
    pass


async def yield_once(_):
    await trio.lowlevel.checkpoint()


async def spawn_and_join():
    async with trio.open_nursery() as nursery:
        for _ in range(ALIVE):
            nursery.start_soon(trivial)


async def spawn_trivial():
    return await nanoseconds_each(ALIVE, spawn_and_join)


async def spawn_suspend():
    async def step():
        async with trio.open_nursery() as nursery:
            for i in range(ALIVE):
                nursery.start_soon(yield_once, i)

    return await nanoseconds_each(ALIVE, step)


async def yields(tasks, each):
    async def yield_often():
        for _ in range(each):
            await trio.lowlevel.checkpoint()

    async def step():
        async with trio.open_nursery() as nursery:
            for _ in range(tasks):
                nursery.start_soon(yield_often)

    return await nanoseconds_each(tasks * each, step)


async def yield_one_task():
    return await yields(1, STEPS)


async def yield_1000_tasks():
    return await yields(ALIVE, 10)


async def switch_channel():
    there, there_out = trio.open_memory_channel(1)
    back, back_out = trio.open_memory_channel(1)

    async def echo():
        async for value in there_out:
            await back.send(value)

    async def step():
        for i in range(STEPS // 2):
            await there.send(i)
            await back_out.receive()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(echo)
        result = await nanoseconds_each(STEPS, step)
        nursery.cancel_scope.cancel()
    return result


async def switch_event():
    there = trio.Event()
    back = trio.Event()

    async def echo():
        nonlocal there
        while True:
            await there.wait()
            there = trio.Event()
            back.set()

    async def step():
        nonlocal back
        for _ in range(STEPS // 2):
            there.set()
            await back.wait()
            back = trio.Event()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(echo)
        result = await nanoseconds_each(STEPS, step)
        nursery.cancel_scope.cancel()
    return result


async def timeouts(timers, body):
    async def step():
        for _ in range(100):
            with trio.move_on_after(60):
                await body()

    async with trio.open_nursery() as nursery:
        for i in range(timers):
            nursery.start_soon(trio.sleep, 3600 + i)
        await trio.lowlevel.checkpoint()
        result = await nanoseconds_each(100, step)
        nursery.cancel_scope.cancel()
    return result


async def timeout_ready_0():
    return await timeouts(0, trivial)


async def timeout_ready_100000():
    return await timeouts(BLOCKED, trivial)


async def timeout_yield_1000():
    return await timeouts(1000, trio.lowlevel.checkpoint)


async def halves(count, wait):
    """How long it takes to start tasks that wait, and to cancel them.

    A tenth of what others start, lest it take half a minute."""
    async with trio.open_nursery() as nursery:
        start = time.perf_counter()
        for _ in range(count):
            nursery.start_soon(wait)
        await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()
        middle = time.perf_counter()
        nursery.cancel_scope.cancel()
    end = time.perf_counter()
    return (middle - start) / count * 1e9, (end - middle) / count * 1e9


async def sleep_randomly():
    await trio.sleep(3600 + random.random() * 2147)


async def timer_arm():
    return (await halves(BLOCKED, sleep_randomly))[0]


async def timer_cancel():
    return (await halves(BLOCKED, sleep_randomly))[1]


async def blocked_create():
    return (await halves(BLOCKED, trio.sleep_forever))[0]


async def blocked_cancel():
    return (await halves(BLOCKED, trio.sleep_forever))[1]


async def blocked_bytes():
    tracemalloc.start()
    async with trio.open_nursery() as nursery:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(BLOCKED):
            nursery.start_soon(trio.sleep_forever)
        await trio.lowlevel.checkpoint()
        await trio.lowlevel.checkpoint()
        used = tracemalloc.get_traced_memory()[0] - before
        nursery.cancel_scope.cancel()
    return used / BLOCKED


WORKS = {
    "await/1": ("ns", await_ready),
    "await/1000": ("ns", await_depth_1000),
    "spawn/trivial": ("ns", spawn_trivial),
    "spawn/suspend": ("ns", spawn_suspend),
    "yield/1": ("ns", yield_one_task),
    "yield/1000": ("ns", yield_1000_tasks),
    "switch/channel": ("ns", switch_channel),
    "switch/event": ("ns", switch_event),
    "timeout/ready_0": ("ns", timeout_ready_0),
    "timeout/ready_100000": ("ns", timeout_ready_100000),
    "timeout/yield_1000": ("ns", timeout_yield_1000),
    "timer/arm": ("ns", timer_arm),
    "timer/cancel": ("ns", timer_cancel),
    "blocked/create": ("ns", blocked_create),
    "blocked/cancel": ("ns", blocked_cancel),
    "memory/blocked_bytes": ("bytes", blocked_bytes),
}


async def echo(stream):
    async for data in stream:
        await stream.send_all(data)


async def close(_):
    pass  # serve_tcp() closes what its handler leaves.


async def serve(handler):
    async with trio.open_nursery() as nursery:
        listen = lambda **kw: trio.serve_tcp(handler, 0, host="127.0.0.1", backlog=4096, **kw)
        listeners = await nursery.start(listen)
        print(f"listening\t{listeners[0].socket.getsockname()[1]}", flush=True)


async def copy(source_name, target_name):
    async with await trio.open_file(source_name, "rb", buffering=0) as source:
        async with await trio.open_file(target_name, "wb", buffering=0) as target:
            while chunk := await source.read(CHUNK):
                await target.write(chunk)


def main(arguments):
    if arguments == ["--list"]:
        print("\n".join(WORKS))
    elif arguments == ["echo"]:
        trio.run(serve, echo)
    elif arguments == ["storm"]:
        trio.run(serve, close)
    elif len(arguments) == 3 and arguments[0] == "copy":
        trio.run(copy, arguments[1], arguments[2])
    elif len(arguments) == 1 and arguments[0] in WORKS:
        unit, measure = WORKS[arguments[0]]
        print(f"{arguments[0]}\t{trio.run(measure):.6g}\t{unit}")
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
