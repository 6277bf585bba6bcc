"""An upstream, or a client, in a process of its own; run as a program it is one.

Where latencies of a few milliseconds are measured, or many requests a second, neither may wait for
the interpreter lock of the test.
"""

import asyncio
import contextlib
import json
import os
import ssl
import subprocess
import sys
import time

import harness


@contextlib.contextmanager
def helper(*arguments):
    """This file as a process of its own; it prints one line when it is ready."""
    process = subprocess.Popen(
        [sys.executable, __file__, *map(str, arguments)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, cwd=os.path.dirname(__file__))
    try:
        process.first_line = process.stdout.readline().strip()
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


class Quick(asyncio.Protocol):
    """Answers every head with the same bytes; `/count` with how many it has answered."""

    answered = 0
    delay = 0.0
    closes = False

    def connection_made(self, transport):
        self.transport, self.held = transport, b""

    def data_received(self, data):
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            target, self.held = self.held[:end].split(b" ", 2)[1], self.held[end + 4:]
            if target.endswith(b"/count"):
                self.answer(str(Quick.answered).encode())
            elif Quick.delay:
                asyncio.get_running_loop().call_later(Quick.delay, self.count)
            else:
                self.count()

    def count(self):
        Quick.answered += 1
        self.answer(b"hello")

    def answer(self, body):
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                             b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        if Quick.closes:
            self.transport.close()


async def run_quick(delay="0", certificate=None):
    """An upstream; with a certificate over TLS, and then it closes after each answer.

    That one steps back behind whoever is being measured: its own handshakes cost as much.
    """
    Quick.delay, context = float(delay), None
    if certificate:
        os.nice(10)
        context, Quick.closes = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), True
        context.load_cert_chain(certificate)
    server = await asyncio.get_running_loop().create_server(
        Quick, "127.0.0.1", 0, ssl=context, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def run_ticker(port, target, seconds):
    """A request a millisecond at most, one connection at a time; prints [[start, latency], …]."""
    data = harness.request("GET", target, [("x-api-key", harness.KEY)])
    connection = harness.connect(int(port))
    connection.exchange(data)
    samples, end = [], time.monotonic() + float(seconds)
    print("ready", flush=True)
    while (start := time.monotonic()) < end:
        response = connection.exchange(data)
        took = time.monotonic() - start
        assert response.body == b"hello", response
        samples.append((start, took))
        if response.header("connection") == "close":
            connection.close()
            connection = harness.connect(int(port))
        time.sleep(max(0.0, 0.001 - took))
    print(json.dumps(samples), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "quick":
        asyncio.run(run_quick(*sys.argv[2:]))
    elif sys.argv[1] == "ticker":
        run_ticker(*sys.argv[2:])
