# SPDX-License-Identifier: Apache-2.0
"""Trio's SSLStream, which takes an end without close_notify for a failure:

    trio_tls_peer.py client PORT CERTIFICATE        of tls_echo
    trio_tls_peer.py server PORT CERTIFICATE KEY    of https_get
"""

import ssl
import sys

import trio

DATA = b"x" * 500000


async def connect(port, certificate):
    return await trio.open_ssl_over_tcp_stream(
        "localhost", port, https_compatible=False,
        ssl_context=ssl.create_default_context(cafile=certificate))


async def receive_echo(stream):
    left = len(DATA)
    while left > 0:
        part = await stream.receive_some()
        assert part, "the server has ended too early"
        left -= len(part)


async def run_client(port, certificate):
    stream = await connect(port, certificate)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stream.send_all, DATA)
        nursery.start_soon(receive_echo, stream)
    # Fails unless the server answers with its own notice.
    await stream.unwrap()


async def answer(stream):
    try:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 200 OK\r\n\r\n" + DATA)
        await stream.aclose()
    except trio.BrokenResourceError:
        pass  # Somebody who only looks whether the server is there.


async def run_server(port, certificate, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    await trio.serve_ssl_over_tcp(
        answer, port, context, host="127.0.0.1", https_compatible=False)


def main():
    mode, port, *files = sys.argv[1:]
    trio.run(run_client if mode == "client" else run_server, int(port), *files)


main()
