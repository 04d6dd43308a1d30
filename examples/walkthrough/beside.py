# SPDX-License-Identifier: Apache-2.0
"""The walkthrough's echo server and its idle tasks in Python, for comparison.

    apt-get install python3-trio
    /usr/bin/python3 examples/walkthrough/beside.py

20 clients ask 3 questions and think for 10 ms before each, as in stages 1 to 10.
"""

import asyncio
import multiprocessing
import os
import socket
import threading
import time

import trio

CLIENTS, QUESTIONS, THINK_TIME = 20, 3, 0.01


def talk(address):
    with socket.create_connection(address) as server:
        for _ in range(QUESTIONS):
            time.sleep(THINK_TIME)
            server.sendall(b"question")
            assert server.recv(100) == b"question"


def serve(client):
    with client:
        while data := client.recv(1024):
            client.sendall(data)


def with_threads():
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()
    threads = [threading.Thread(target=talk, args=(address,)) for _ in range(CLIENTS)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for _ in range(CLIENTS):
        threading.Thread(target=serve, args=(listener.accept()[0],)).start()
    for thread in threads:
        thread.join()
    return time.monotonic() - start


async def with_asyncio():
    async def serve(reader, writer):
        while data := await reader.read(1024):
            writer.write(data)
            await writer.drain()
        writer.close()

    async def talk(address):
        reader, writer = await asyncio.open_connection(*address)
        for _ in range(QUESTIONS):
            await asyncio.sleep(THINK_TIME)
            writer.write(b"question")
            assert await reader.read(100) == b"question"
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    start = time.monotonic()
    await asyncio.gather(*(talk(address) for _ in range(CLIENTS)))
    return time.monotonic() - start


async def with_trio():
    async def serve(client):
        async for data in client:
            await client.send_all(data)

    async def talk(address):
        async with await trio.open_tcp_stream(*address) as server:
            for _ in range(QUESTIONS):
                await trio.sleep(THINK_TIME)
                await server.send_all(b"question")
                assert await server.receive_some(100) == b"question"

    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, serve, 0)
        address = listeners[0].socket.getsockname()[:2]
        start = trio.current_time()
        async with trio.open_nursery() as clients:
            for _ in range(CLIENTS):
                clients.start_soon(talk, ("127.0.0.1", address[1]))
        nursery.cancel_scope.cancel()
        return trio.current_time() - start


def resident_kib():
    with open("/proc/self/status") as status:
        return next(int(s.split()[1]) for s in status if s.startswith("VmRSS"))


def report(what, count, seconds, kib):
    print(f"{count} idle {what}: {seconds / count * 1e6:.0f} us to start one, "
          f"{kib / count:.1f} KiB of memory each")


def idle_threads(count=1000):
    gate = threading.Event()
    threads = [threading.Thread(target=gate.wait) for _ in range(count)]
    before, start = resident_kib(), time.monotonic()
    for thread in threads:
        thread.start()
    report("threads", count, time.monotonic() - start, resident_kib() - before)
    gate.set()


async def idle_asyncio(count=100_000):
    before, start = resident_kib(), time.monotonic()
    tasks = [asyncio.create_task(asyncio.sleep(3600)) for _ in range(count)]
    await asyncio.sleep(0)
    report("asyncio tasks", count, time.monotonic() - start, resident_kib() - before)
    for task in tasks:
        task.cancel()


async def idle_trio(count=100_000):
    before, start = resident_kib(), time.monotonic()
    async with trio.open_nursery() as nursery:
        for _ in range(count):
            nursery.start_soon(trio.sleep_forever)
        await trio.sleep(0)
        report("Trio tasks", count, time.monotonic() - start, resident_kib() - before)
        nursery.cancel_scope.cancel()


def compute(_=None):
    return sum(range(10_000_000))


def best_of_ten(*functions):
    """The shortest time of each, measured in turns."""
    best = [float("inf")] * len(functions)
    for _ in range(10):
        for i, function in enumerate(functions):
            start = time.monotonic()
            function()
            best[i] = min(best[i], time.monotonic() - start)
    return best


def two_threads():
    threads = [threading.Thread(target=compute) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    # First, while there is little to fork.
    with multiprocessing.Pool(2) as pool:
        once, threads, processes = best_of_ten(
            compute, two_threads, lambda: pool.map(compute, range(2)))
    print(f"computing on {os.cpu_count()} cores: once {once:.2f} s, "
          f"twice in threads {threads:.2f} s, twice in processes {processes:.2f} s")
    print(f"20 clients: threads {with_threads() * 1e3:.0f} ms, "
          f"asyncio {asyncio.run(with_asyncio()) * 1e3:.0f} ms, "
          f"Trio {trio.run(with_trio) * 1e3:.0f} ms")
    for measure in (idle_threads, lambda: asyncio.run(idle_asyncio()),
                    lambda: trio.run(idle_trio)):
        # Each alone, so that none finds memory that another has freed.
        process = multiprocessing.Process(target=measure)
        process.start()
        process.join()
