"""Back-pressure: the slower end sets the pace, and nobody keeps the difference."""

import pathlib
import socket
import threading
import time

import pytest

import scripted
from harness import PATIENCE, Penstock, Upstream, account
from origins import (Tally, bulk, json_answer, pattern, pattern_sha256, proxy, receive,
                     response_head, send_pattern)


def largest_buffer(name):
    """What the kernel lets one socket hold in that direction, tcp(7)."""
    text = pathlib.Path(f"/proc/sys/net/ipv4/tcp_{name}").read_text()
    return int(text.split()[2])


# What Penstock itself holds is the last two megabytes (row 99), of which a pipe may be one; the
# rest is the kernel's, a socket's worth in and one out, as far as it lets them grow.
AHEAD_BYTES = largest_buffer("rmem") + largest_buffer("wmem") + (2 << 20)
RATE = 1_000_000


@pytest.fixture(scope="module", params=["plain", "tls"])
def up(request, authority):
    context = scripted.tls_context(authority) if request.param == "tls" else None
    with Upstream(bulk, tls=context) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, authority, tmp_path_factory):
    more = {"timeouts": {"first_byte": "10s", "idle": "10s"}}
    if up.tls:
        more["ca_file"] = str(tmp_path_factory.mktemp("ca") / "ca.pem")
        authority.cert_pem.write_to_path(more["ca_file"])
    with Penstock({"accounts": [account(up, "ca_up", **more)]}) as server:
        server.connect().exchange(proxy("POST", "/", body=b"warm up"))
        yield server


def small_buffer(sock, option):
    sock.setsockopt(socket.SOL_SOCKET, option, 256 << 10)


def comes_to_rest(sent):
    """Whether nothing was sent for a second; buffers of the kernel's may take seconds to fill."""
    end, before = time.monotonic() + 10 * PATIENCE, -1
    while time.monotonic() < end:
        if sent.count == before:
            return True
        before = sent.count
        time.sleep(1.0)
    return False


class Reader:
    """Called after every read: for so long it reads no more than a megabyte a second."""

    def __init__(self, penstock, sent, seconds):
        self.penstock, self.sent, self.seconds = penstock, sent, seconds
        self.start = time.monotonic()
        self.ahead = self.peak_kib = 0

    def __call__(self, tally):
        elapsed = time.monotonic() - self.start
        if elapsed < self.seconds:
            self.ahead = max(self.ahead, self.sent.count - tally.count)
            self.peak_kib = max(self.peak_kib, self.penstock.rss_kib())
            time.sleep(max(0.0, tally.count / RATE - elapsed))


@pytest.mark.slow
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_slow_reader_slows_the_upstream_down(penstock, up, framing):
    """A megabyte a second for three seconds, then all the rest."""
    size, sent = 64 << 20, Tally()

    def fast(connection):
        connection.read_request()
        small_buffer(connection.sock, socket.SO_SNDBUF)
        connection.sock.settimeout(60)
        connection.send(response_head(size, framing))
        send_pattern(connection.sock, size, framing, sent=sent)
        connection.wait_for_end()

    up.handler = fast
    before = penstock.rss_kib()
    connection = penstock.connect(receive_buffer=65536)
    connection.send(proxy("GET"))
    response = connection.read_head()
    reader = Reader(penstock, sent, 3.0)
    tally = receive(connection, response, each=reader)
    assert tally.count == size and tally.sha256 == pattern_sha256(size)
    assert 0 < reader.ahead < AHEAD_BYTES
    assert reader.peak_kib - before < 4096


@pytest.mark.slow
def test_a_reader_that_stops_stops_the_upstream(penstock, up):
    """Row 282 in small: nothing until all stands still, then everything."""
    size, sent = 64 << 20, Tally()

    def fast(connection):
        connection.read_request()
        small_buffer(connection.sock, socket.SO_SNDBUF)
        connection.sock.settimeout(60)
        connection.send(response_head(size))
        send_pattern(connection.sock, size, sent=sent)
        connection.wait_for_end()

    up.handler = fast
    connection = penstock.connect(receive_buffer=65536)
    connection.send(proxy("GET"))
    assert comes_to_rest(sent), "still reading for a client that does not"
    assert sent.count < AHEAD_BYTES
    response = connection.read_head()
    tally = receive(connection, response)
    assert tally.sha256 == pattern_sha256(size)


@pytest.mark.slow
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_upstream_that_stops_reading_gets_every_byte_later(penstock, up, framing):
    size, tally, paused = 64 << 20, Tally(), threading.Event()

    def pauses(connection):
        got = connection.read_request(body=False)
        small_buffer(connection.sock, socket.SO_RCVBUF)

        def each(_):
            if tally.count > 1 << 20 and not paused.is_set():
                paused.set()
                time.sleep(1.5)

        receive(connection, got, tally, each)
        connection.send(json_answer({"count": tally.count, "sha256": tally.sha256}))
        connection.wait_for_end()

    up.handler = pauses
    connection, before = penstock.connect(), penstock.rss_kib()
    field = (("Content-Length", str(size)) if framing == "length"
             else ("Transfer-Encoding", "chunked"))
    connection.send(proxy("POST", "/", [field]))
    sent = Tally()
    small_buffer(connection.sock, socket.SO_SNDBUF)
    connection.sock.settimeout(30)
    sender = threading.Thread(
        target=send_pattern, args=(connection.sock, size, framing), kwargs={"sent": sent})
    sender.start()
    assert paused.wait(10)
    time.sleep(1.0)
    assert sent.count - tally.count < AHEAD_BYTES, "taken for an upstream that reads none"
    assert penstock.rss_kib() - before < 4096
    sender.join(60)
    answer = connection.read_response("POST", 30.0).json()
    assert answer == {"count": size, "sha256": pattern_sha256(size)}


@pytest.mark.slow
def test_a_slow_client_s_upload_takes_its_time(penstock, up):
    """Row 279: a pause in the middle of an upload is nobody's fault."""
    up.handler = bulk
    connection, size = penstock.connect(), 1 << 20
    connection.send(proxy("POST", "/", [("Content-Length", str(size))]))
    for piece in range(4):
        connection.send(pattern(size)[piece << 18:(piece + 1) << 18])
        time.sleep(0.4)
    answer = connection.read_response("POST").json()
    assert answer == {"count": size, "sha256": pattern_sha256(size)}
    assert up.connections == 1


def test_slow_readers_do_not_slow_a_quick_one(penstock, up):
    """Row 283 in small."""
    up.handler = bulk
    slow = [penstock.connect(receive_buffer=65536).send(proxy("GET", "/67108864/length"))
            for _ in range(16)]
    time.sleep(0.5)
    quick, slowest = penstock.connect(), 0.0
    for _ in range(50):
        start = time.monotonic()
        assert quick.exchange(proxy("GET", "/100/length")).status == 200
        slowest = max(slowest, time.monotonic() - start)
    for connection in slow:
        connection.reset()
    assert slowest < 0.1 * PATIENCE, f"{slowest:.3f} s"
