"""C7, row 275: valid answers with one byte flipped.

A strict reader written independently says what the flipped bytes are. Where it finds a whole
message, Penstock delivers the same body or fails; where it finds none, Penstock must fail.
"""

import os
import random
import socket
import time

import pytest

import scripted
from harness import Ended, NotHTTP, Penstock, Response, Stream, Upstream, account
from messages import STATUS_LINE
from origins import proxy, read_outcome

COUNT = int(os.environ.get("PENSTOCK_FUZZ_COUNT", "600"))
SEED = int(os.environ.get("PENSTOCK_FUZZ_SEED", str(random.randrange(1 << 32))))

HEADS = [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n", b"HTTP/1.1 404 Not Found\r\nX-A: b\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n", b"HTTP/1.0 200 OK\r\nServer: a/1\r\n",
    b"HTTP/1.1 200 \r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n", b"HTTP/1.1 301 Moved\r\n"
    b"Location: https://a.example/\r\n", b"HTTP/1.1 200 OK\r\nConnection: close\r\nVia: 1.1 x\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nCache-Control: no-store\r\n"]
BODIES = [
    b"Content-Length: 5\r\n\r\nhello", b"Content-Length: 0\r\n\r\n", b"\r\nuntil the end",
    b"Content-Length: 10\r\n\r\n0123456789", b"Transfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nA;x=y\r\n0123456789"
    b"\r\n0\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"]
VALID = [head + body for head in HEADS for body in BODIES
         if not (head.startswith(b"HTTP/1.0") and b"chunked" in body)]


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [account(up, "ca_up", timeouts={"first_byte": "2s", "idle": "2s"})]
    with Penstock({"accounts": accounts}) as server:
        yield server


def read_strictly(data):
    """(status, body) of one message that fills its connection's life; None where it is none."""
    ours, theirs = socket.socketpair()
    try:
        theirs.sendall(data)
        theirs.close()
        stream, deadline = Stream(ours), time.monotonic() + 2
        while True:
            start, headers, raw = stream.head(deadline)
            match = STATUS_LINE.match(start)
            if not match:
                return None
            response = Response("", int(match[2]), "", headers, raw)
            if response.status >= 200:
                break
            if response.status == 101 or len(headers) and (
                    response.all("content-length") or response.all("transfer-encoding")):
                return None
        if response.status not in (204, 304):
            stream.read_body(response, deadline, to_end=True)
        return response.status, response.body
    except (Ended, NotHTTP, TimeoutError, ValueError):
        return None
    finally:
        ours.close()


def flipped(choose):
    data = bytearray(choose.choice(VALID))
    position = choose.randrange(len(data))
    data[position] ^= choose.choice([1 << choose.randrange(8), choose.randrange(1, 256)])
    return bytes(data)


def test_the_unflipped_answers_are_delivered(penstock, up):
    for data in VALID:
        status, body = read_strictly(data)
        up.handler = scripted.fixed_then_close(data)
        response = exchange(penstock)
        assert (response.status, response.body) == (status, body), data


def exchange(penstock):
    connection = penstock.connect().send(proxy("GET"))
    response = read_outcome(connection, timeout=4)
    connection.close()
    return response


def test_one_flipped_byte_never_alters_the_framing(penstock, up):
    print(f"PENSTOCK_FUZZ_SEED={SEED}")
    choose, whole = random.Random(SEED), 0
    for number in range(COUNT):
        data = flipped(choose)
        up.handler = scripted.fixed_then_close(data)
        response, expected = exchange(penstock), read_strictly(data)
        what = f"PENSTOCK_FUZZ_SEED={SEED}, number {number}: {data!r} became {response!r}"
        if response.header("proxy-status"):
            assert response.status in (502, 504), what
        elif response.complete:
            assert expected == (response.status, response.body), f"{what}, not {expected}"
            whole += 1
        if number % 100 == 99:
            up.begin_row()
    assert whole > COUNT // 10, "hardly anything passed"
