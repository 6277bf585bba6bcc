"""C7, rows 224, 231 to 233 and 264, with bodies past every buffer and pipe.

A body breaks off after so many bytes, or has bytes behind it that are not its own: what the client
gets is the body's beginning, exactly, and an end that says which of the two it was.
"""

import socket
import struct
import threading
import time

import pytest

import scripted
from harness import PATIENCE, Penstock, Upstream, account
from origins import (Tally, bulk, end_tls, json_answer, pattern, pattern_sha256, pieces, proxy,
                     read_outcome, receive, response_head)

SIZE = 2 << 20
AROUND = [65536, 262144, 1 << 20]
CUTS = [0, 1, *[size + off for size in AROUND for off in (-1, 0, 1)], SIZE - 1]
LENGTHS = [1, 65537, 262144, (1 << 20) - 1, 1 << 20, (3 << 20) + 7]
STEP = 10.0 * PATIENCE


@pytest.fixture(scope="module", params=["plain", "tls"])
def up(request, authority):
    context = scripted.tls_context(authority) if request.param == "tls" else None
    with Upstream(scripted.echo, tls=context) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, ca_file):
    more = {"ca_file": ca_file} if up.tls else {}
    with Penstock({"accounts": [account(up, "ca_up", **more)]}) as server:
        yield server


def chunks(data, size=16384):
    """These bytes as chunks, without the last one."""
    return b"".join(b"%x\r\n%s\r\n" % (len(data[start:start + size]), data[start:start + size])
                    for start in range(0, len(data), size))


def cut_chunks(cut):
    """Chunks of 16 KiB that break off with the body's byte number `cut`, inside of a chunk where
    that is no whole number of them."""
    data, rest = pattern(cut), cut % 16384
    return chunks(data[:cut - rest]) + (b"4000\r\n" + data[cut - rest:] if rest else b"")


def ends_after(cut, framing, end):
    """Sends the pattern's first `cut` bytes, then ends: fin, reset or (over TLS) in order."""
    def handler(connection):
        if not connection.read_request():
            return
        body = cut_chunks(cut) if framing == "chunked" else pattern(cut)
        connection.send(response_head(SIZE, framing) + body)
        if end == "reset":
            time.sleep(0.02)  # or nothing but the RST arrives
            connection.reset()
        elif end == "in order":
            end_tls(connection)
    return handler


def is_pattern(body):
    return body == pattern(len(body))


@pytest.mark.parametrize("end", ["fin", "reset", "in order"])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_large_body_that_breaks_off_never_looks_whole(penstock, up, framing, end):
    """Rows 231 to 233 and 264; where the close is the framing, an orderly one is the end."""
    is_orderly = end == "in order" or (end == "fin" and not up.tls)
    lines = []
    for cut in CUTS:
        up.handler = ends_after(cut, framing, end)
        connection = penstock.connect().send(proxy("GET", f"/{cut}"))
        response = read_outcome(connection, timeout=STEP)
        if framing == "close" and is_orderly:
            assert response.complete and response.body == pattern(cut), f"cut at {cut}"
            continue
        assert not response.complete or response.status == 502, f"cut at {cut}: {response!r}"
        if response.status == 200:
            assert is_pattern(response.body) and len(response.body) <= cut, f"cut at {cut}"
            assert connection.is_closed(3.0), f"cut at {cut}"
        lines.append((cut, response.request_id))
    for cut, request_id in lines:
        line = penstock.access_line(request_id)
        assert line["error"] in ("upstream_truncated", "upstream_reset"), (cut, line)
        assert line["termination"] in ("upstream:body", "upstream:first_byte"), (cut, line)
        assert line.get("retries", 0) == 0, (cut, line)
    assert up.connections == len(CUTS), "never a retry"


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_what_came_before_a_large_body_broke_off_is_delivered(penstock, up, framing):
    """The client may use what it has; the abort says that there was more."""
    for cut in (1, 65536, 1 << 20, SIZE - 1):
        def pauses(connection):
            connection.read_request()
            connection.send(response_head(SIZE, framing)
                            + (cut_chunks(cut) if framing == "chunked" else pattern(cut)))
            connection.gone.wait(STEP)

        up.handler = with_event(pauses)
        connection = penstock.connect().send(proxy("GET", f"/{cut}"))
        head, tally = connection.read_head(STEP), Tally()
        with pytest.raises((AssertionError, OSError, ValueError)):
            receive(connection, head, tally, seconds=STEP,
                    each=lambda tally: tally.count == cut and up.accepted[-1].gone.set())
        assert tally.count == cut and tally.sha256 == pattern_sha256(cut)


def with_event(handler):
    """Gives each connection an event, `gone`, for the test to set."""
    def handle(connection):
        connection.gone = threading.Event()
        handler(connection)
    return handle


# --- Connections that go on -----------------------------------------------------------------

@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_large_bodies_follow_each_other_on_one_connection(penstock, up, framing):
    """Not a byte of the next answer is taken for this one's, or lost with it."""
    up.handler = bulk
    connection = penstock.connect()
    for size in LENGTHS * 2:
        connection.send(proxy("GET", f"/{size}/{framing}"))
        response = connection.read_head(STEP)
        tally = receive(connection, response)
        assert (tally.count, tally.sha256) == (size, pattern_sha256(size))
        answer = connection.exchange(proxy("POST", "/", body=pattern(size)), timeout=STEP).json()
        assert answer == {"count": size, "sha256": pattern_sha256(size)}
    assert up.connections == 1, "a body that ended exactly leaves its connection usable"


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_pipelined_large_answers_come_in_order(penstock, up, framing):
    up.handler = bulk
    connection = penstock.connect()
    connection.send(b"".join(proxy("GET", f"/{size}/{framing}") for size in LENGTHS))
    for size in LENGTHS:
        response = connection.exchange(b"", "GET", timeout=STEP)
        assert len(response.body) == size and is_pattern(response.body)
    assert up.connections == 1


def test_an_upstream_that_answers_in_single_segments_is_reused(penstock, up):
    """The last byte of a large body comes alone, and so does the first of the next head."""
    def handler(connection):
        while connection.read_request():
            data = response_head(1 << 20) + pattern(1 << 20)
            for part in (data[:1], data[1:-1], data[-1:]):
                connection.send(part)
                time.sleep(0.02)

    up.handler = handler
    connection = penstock.connect()
    for number in range(4):
        response = connection.exchange(proxy("GET", f"/{number}"), timeout=STEP)
        assert response.body == pattern(1 << 20)
    assert up.connections == 1


# --- Bytes behind the body ------------------------------------------------------------------

FOREIGN = json_answer({"foreign": True})


@pytest.mark.parametrize("pause", [0.0, 0.05], ids=["at once", "a moment later"])
@pytest.mark.parametrize("extra", [b"x", FOREIGN, b"EXTRA" * 100_000],
                         ids=["one byte", "an answer", "500 kB"])
def test_bytes_behind_a_large_body_never_reach_the_client(penstock, up, extra, pause):
    """Row 224 at a megabyte: exactly the Content-Length arrives, the connection goes."""
    for size in (65536, (1 << 20) - 1, 1 << 20, (1 << 20) + 1):
        def handler(connection):
            if not connection.read_request():
                return
            body = response_head(size) + pattern(size)
            if pause:
                connection.send(body)
                time.sleep(pause)
                connection.send(extra)
            else:
                connection.send(body + extra)
            connection.wait_for_end()

        up.begin_row()
        up.handler = scripted.in_turn(handler, scripted.echo)
        connection = penstock.connect()
        first = connection.exchange(proxy("GET", "/first"), timeout=STEP)
        assert first.body == pattern(size) and first.header("content-length") == str(size)
        assert not connection.buffer
        if pause:
            time.sleep(2 * pause)
        second = connection.exchange(proxy("POST", "/second", body=b"x"), timeout=STEP)
        assert second.json()["target"] == "/second", f"behind {size} bytes"
        assert up.connections == 2


def test_bytes_behind_a_large_chunked_body_never_reach_the_client(penstock, up):
    def handler(connection):
        if connection.read_request():
            connection.send(response_head(SIZE, "chunked") + chunks(pattern(SIZE)) + b"0\r\n\r\n"
                            + FOREIGN)
            connection.wait_for_end()

    up.handler = scripted.in_turn(handler, scripted.echo)
    connection = penstock.connect()
    assert connection.exchange(proxy("GET", "/first"), timeout=STEP).body == pattern(SIZE)
    assert connection.exchange(proxy("GET", "/second")).json()["target"] == "/second"
    assert up.connections == 2


@pytest.mark.parametrize("chunk", [
    b"zz\r\n", b"-1\r\n", b"4000\nx", b"10000000000000000\r\n", b"x"])
def test_a_chunk_in_doubt_behind_a_megabyte_is_an_abort(penstock, up, chunk):
    """Rows 236 to 238 once the answer has long begun; `x` stands where a CRLF is due."""
    def handler(connection):
        if connection.read_request():
            good = chunks(pattern(1 << 20))
            connection.send(response_head(SIZE, "chunked") + (good[:-2] if chunk == b"x" else good)
                            + chunk + chunks(b"never") + b"0\r\n\r\n")
            connection.wait_for_end()

    up.handler = handler
    connection = penstock.connect().send(proxy("GET"))
    response = read_outcome(connection, timeout=STEP)
    assert response.status == 200 and not response.complete
    assert is_pattern(response.body)
    line = penstock.access_line(response.request_id)
    assert line["error"] == "upstream_protocol_error"
    assert line["termination"] == "upstream:body"


@pytest.mark.parametrize("half", [False, True], ids=["closes", "half-closes"])
def test_an_upstream_that_closes_behind_a_large_body_is_no_error(penstock, up, half):
    """Row 260: the body was whole, the next request goes elsewhere."""
    def handler(connection):
        if connection.read_request():
            connection.send(response_head(SIZE) + pattern(SIZE))
            if half and not up.tls:
                connection.sock.shutdown(socket.SHUT_WR)
                connection.wait_for_end()

    up.handler = scripted.in_turn(handler, scripted.echo)
    connection = penstock.connect()
    response = connection.exchange(proxy("GET", "/first"), timeout=STEP)
    assert response.body == pattern(SIZE)
    time.sleep(0.1)  # or the POST is sent before the FIN, and may not be sent again
    second = connection.exchange(proxy("POST", "/second", body=b"x"))
    assert second.json()["target"] == "/second" and up.connections == 2
    line = penstock.access_line(response.request_id)
    assert "error" not in line and line["bytes_sent"] >= SIZE, line


def test_a_reset_behind_a_large_body_is_no_error(penstock, up):
    """The client has every byte before it comes."""
    def handler(connection):
        if connection.read_request():
            for piece in (response_head(SIZE), *pieces(SIZE)):
                connection.send(piece)
            time.sleep(0.1)
            connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack("ii", 1, 0))

    up.handler = scripted.in_turn(handler, scripted.echo)
    connection = penstock.connect()
    assert connection.exchange(proxy("GET", "/first"), timeout=STEP).body == pattern(SIZE)
    time.sleep(0.2)
    assert connection.exchange(proxy("POST", "/second", body=b"x")).status == 200
    assert up.connections == 2


# --- What has no body -----------------------------------------------------------------------

@pytest.mark.parametrize("method, head", [
    ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1048576\r\n\r\n"),
    ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1048576\r\n\r\n"),
    ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")])
def test_a_megabyte_where_no_body_may_be_is_nobody_s(penstock, up, method, head):
    """Rows 253 and 255."""
    def handler(connection):
        if connection.read_request():
            connection.send(head + pattern(1 << 20))
            connection.wait_for_end()

    up.handler = scripted.in_turn(handler, scripted.echo)
    connection = penstock.connect()
    first = connection.exchange(proxy(method, "/first"))
    assert first.complete and first.body == b"" and connection.is_quiet(0.1)
    assert connection.exchange(proxy("GET", "/second")).json()["target"] == "/second"
    assert up.connections == 2
