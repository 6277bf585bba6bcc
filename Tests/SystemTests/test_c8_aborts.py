"""C8: a client that goes away takes its upstream exchange with it, whatever that one is doing.

Within 100 ms the upstream sees its connection end, never with a whole body, and the log says who
went and where. The phases `dns` and `connect` are in test_upstream_addresses.py and
test_upstream_connect.py, `first_byte` and a body at full speed in test_transfer_aborts.py.
"""

import fcntl
import json
import queue
import socket
import struct
import termios
import threading
import time

import pytest

import scripted
from good_requests import call
from harness import PATIENCE, Ended, Penstock, Upstream, account, eventually
from leaving import LEAVES, SOON, WAYS, aborted_line, leave, named
from origins import (Tally, pattern, pattern_sha256, pieces, proxy, receive, response_head,
                     wait_for_close)
from scripted import answer

SIZE = 2 << 20
CUTS = [0, 1, 16384, 65535, 65536, 65537, 262143, 262144, 262145, 1 << 20, SIZE - 1]
STEP = 5.0 * PATIENCE
FRAMINGS = ["length", "chunked", "close"]


@pytest.fixture(scope="module", params=["plain", "tls"])
def up(request, authority):
    context = scripted.tls_context(authority) if request.param == "tls" else None
    with Upstream(scripted.echo, tls=context) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, ca_file):
    more = {"ca_file": ca_file} if up.tls else {}
    accounts = [account(up, "ca_up", **more),
                account(up, "ca_single", pool={"connections": 1}, **more)]
    with Penstock({"accounts": accounts}) as server:
        yield server


@pytest.fixture
def events():
    """What the upstream has seen, and when."""
    return queue.Queue()


def assert_soon(events, left_at):
    ended_at = events.get(timeout=STEP + 1)
    assert ended_at, "the upstream's connection never ended"
    assert ended_at - left_at < SOON, f"{ended_at - left_at:.3f} s"


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


# --- receive --------------------------------------------------------------------------------

def each_way(penstock):
    """Every way to leave, with a name for its request."""
    return {how: named(penstock) for how in WAYS}


def test_an_abort_in_an_envelope_never_reaches_the_upstream(penstock, up):
    """Row 277, the execute endpoint: nothing leaves before the envelope is whole."""
    ways = each_way(penstock)
    for how, name in ways.items():
        connection = penstock.connect().send(call("ca_up", [name])[:-1])
        time.sleep(0.05)
        leave(connection, how)
    for name in ways.values():
        aborted_line(penstock, name, ["receive"])
    assert up.connections == 0


class Receiver:
    """An upstream that reads an upload: how far it is, whether it was whole, when it ended."""

    def __init__(self):
        self.tally, self.has_head, self.whole = Tally(), threading.Event(), False
        self.ended_at = None

    def __call__(self, connection):
        got = connection.read_request(body=False)
        self.has_head.set()
        try:
            receive(connection, got, self.tally, seconds=STEP)
            self.whole = True
        except (Ended, OSError, ValueError):
            pass  # ValueError: the end of the connection where a chunk's size was due
        self.ended_at = time.monotonic()


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_upload_that_is_cut_anywhere_never_looks_whole(penstock, up, framing, how):
    """Row 277: what came before the cut has arrived, nothing else has, and no end of the body."""
    field = (("Content-Length", str(SIZE)) if framing == "length"
             else ("Transfer-Encoding", "chunked"))
    names = [named(penstock) for _ in CUTS]
    for cut, name in zip(CUTS, names):
        up.handler = Receiver()
        connection = penstock.connect().send(proxy("POST", "/up", [field, name]))
        assert up.handler.has_head.wait(STEP)
        for piece in pieces(cut):
            connection.send(chunk(piece) if framing == "chunked" else piece)
        eventually(lambda: up.handler.tally.count == cut, 5.0, f"{cut} bytes at the upstream")
        left_at = leave(connection, how)
        eventually(lambda: up.handler.ended_at, what=f"the end of the upload cut at {cut}")
        assert up.handler.ended_at - left_at < SOON, f"cut at {cut}"
        assert not up.handler.whole and up.handler.tally.count == cut
        assert up.handler.tally.sha256 == pattern_sha256(cut)
    for name in names:
        aborted_line(penstock, name, ["receive"])


@pytest.mark.parametrize("how", LEAVES)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_upload_that_is_cut_at_full_speed_never_looks_whole(penstock, up, framing, how):
    """Row 277: in the middle of 64 MiB; what has arrived is the beginning of what was sent."""
    size, connection = 64 << 20, penstock.connect()
    up.handler, name = Receiver(), named(penstock)
    field = (("Content-Length", str(size)) if framing == "length"
             else ("Transfer-Encoding", "chunked"))
    connection.send(proxy("POST", "/up", [field, name]))
    data = pattern(8 << 20)
    connection.send_in_background(chunk(data) if framing == "chunked" else data, 8)
    eventually(lambda: up.handler.tally.count > 4 << 20, 10.0, "four megabytes at the upstream")
    leave(connection, how)  # which stops the sender first
    left_at = time.monotonic()
    eventually(lambda: up.handler.ended_at, 5.0, "the end of the upload")
    assert up.handler.ended_at - left_at < SOON + 0.3 * PATIENCE, "with what was on its way"
    assert not up.handler.whole
    if up.handler.tally.count <= len(data):
        assert up.handler.tally.sha256 == pattern_sha256(up.handler.tally.count)
    aborted_line(penstock, name, ["receive", "send"])


# --- queue ----------------------------------------------------------------------------------

@pytest.mark.parametrize("how", WAYS)
def test_an_abort_in_the_queue_frees_the_place(penstock, up, how):
    """The upstream never hears of it, and who waited behind it is served."""
    go = threading.Event()
    up.handler = scripted.when(go)
    first = penstock.connect().send(proxy("GET", "/first", account="ca_single"))
    eventually(lambda: up.requests, what="the first request at the upstream")
    name = named(penstock)
    second = penstock.connect().send(proxy("POST", "/second", [name], b"x", account="ca_single"))
    time.sleep(0.05)
    third = penstock.connect().send(proxy("GET", "/third", account="ca_single"))
    time.sleep(0.05)
    left_at = leave(second, how)
    aborted_line(penstock, name, ["queue"])
    assert time.monotonic() - left_at < 2 * SOON, "the log is written some milliseconds later"
    go.set()
    assert first.read_response().json()["target"] == "/first"
    assert third.read_response().json()["target"] == "/third"
    assert [each.target for each in up.requests] == ["/first", "/third"]
    assert up.connections == 1


def test_an_abort_lets_the_next_in_the_queue_in(penstock, up, events):
    """The one connection that is allowed ends with its client; the next gets a new one."""
    def silent(connection):
        connection.read_request()
        events.put("read")
        events.put(wait_for_close(connection))

    ways = each_way(penstock)
    for how, name in ways.items():
        up.begin_row()
        up.handler = scripted.in_turn(silent, scripted.echo)
        time.sleep(0.05)  # until the pool has seen its connection close
        first = penstock.connect().send(proxy("GET", "/first", [name], account="ca_single"))
        assert events.get(timeout=STEP) == "read"
        second = penstock.connect().send(proxy("GET", "/second", account="ca_single"))
        time.sleep(0.05)
        left_at = leave(first, how)
        assert second.read_response().json()["target"] == "/second"
        assert_soon(events, left_at)
    for name in ways.values():
        aborted_line(penstock, name, ["first_byte"])


# --- tls ------------------------------------------------------------------------------------

@pytest.mark.parametrize("how", WAYS)
def test_an_abort_in_the_handshake_ends_it(ca_file, events, how):
    """The upstream takes the ClientHello and never answers it."""
    def never_shakes(connection):
        connection.take(5, time.monotonic() + STEP)
        events.put("hello")
        events.put(wait_for_close(connection))

    with Upstream(never_shakes) as mute:
        config = {"accounts": [account(mute, "ca_up", base_url=f"https://localhost:{mute.port}",
                                       ca_file=ca_file, timeouts={"connect": "20s"})]}
        with Penstock(config) as penstock:
            name = named(penstock)
            connection = penstock.connect().send(proxy("GET", headers=[name]))
            assert events.get(timeout=STEP) == "hello"
            left_at = leave(connection, how)
            assert_soon(events, left_at)
            aborted_line(penstock, name, ["tls"])
            assert mute.connections == 1


# --- send -----------------------------------------------------------------------------------

class Stuck(Receiver):
    """One that reads the head, and nothing of the body before it is told to."""

    def __init__(self):
        super().__init__()
        self.go = threading.Event()

    def __call__(self, connection):
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        got = connection.read_request(body=False)
        self.has_head.set()
        self.go.wait(20)
        try:
            receive(connection, got, self.tally, seconds=STEP)
            self.whole = True
        except (Ended, OSError, ValueError):
            pass
        self.ended_at = time.monotonic()

    def check(self, leave):
        """It begins to read when the client has been gone for a moment, and finds its end."""
        left_at = leave()
        time.sleep(SOON)
        self.go.set()
        eventually(lambda: self.ended_at, 5.0, "the end of the upload")
        assert self.ended_at - left_at < 2 * SOON + 0.2 * PATIENCE, "with what was on its way"
        assert not self.whole


def unsent(connection):
    """What the kernel still has to send, tcp(7): a FIN would wait behind it."""
    return struct.unpack("i", fcntl.ioctl(connection.sock, termios.TIOCOUTQ, b"\0" * 4))[0]


@pytest.mark.parametrize("how", WAYS)
def test_an_abort_while_the_upstream_does_not_read_is_noticed(penstock, up, how):
    """The client's end comes behind bytes that nobody wants."""
    names = [named(penstock) for _ in FRAMINGS[:2]]
    for framing, name in zip(FRAMINGS, names):
        up.handler = Stuck()
        connection = begin_upload(penstock, up, framing, name)
        data = b"x" * 65536
        for _ in range(12):
            connection.send(chunk(data) if framing == "chunked" else data)
        eventually(lambda: unsent(connection) == 0, 5.0, "the last byte at the server")
        up.handler.check(lambda: leave(connection, how))
    for name in names:
        aborted_line(penstock, name, ["send", "receive"])


def test_a_reset_by_a_client_that_is_held_back_is_noticed(penstock, up):
    """Nothing is read from it any more, and yet its end is."""
    names = [named(penstock) for _ in FRAMINGS[:2]]
    for framing, name in zip(FRAMINGS, names):
        up.handler = Stuck()
        connection = begin_upload(penstock, up, framing, name)
        data = b"x" * 65536
        sender = connection.send_in_background(
            chunk(data) if framing == "chunked" else data, 1024)
        sent = -1
        while sender.sent > sent:
            sent = sender.sent
            time.sleep(0.3)
        assert sender.is_alive(), "taken for an upstream that reads none"
        up.handler.check(lambda: leave(connection, "reset"))
    for name in names:
        aborted_line(penstock, name, ["send", "receive"])


def begin_upload(penstock, up, framing, name):
    field = (("Content-Length", str(1 << 40)) if framing == "length"
             else ("Transfer-Encoding", "chunked"))
    connection = penstock.connect().send(proxy("POST", "/up", [field, name]))
    assert up.handler.has_head.wait(STEP)
    return connection


# --- body -----------------------------------------------------------------------------------

@pytest.mark.parametrize("how", WAYS)
def test_an_abort_between_two_parts_of_a_large_body_is_noticed(penstock, up, events, how):
    """Row 278: a megabyte has passed and nothing is on its way, so that no write can fail."""
    def pauses(connection):
        framing = connection.read_request().target[1:]
        data = pattern(1 << 20)
        connection.send(response_head(1 << 30, framing)
                        + (chunk(data) if framing == "chunked" else data))
        events.put(wait_for_close(connection))

    up.handler, names = pauses, [named(penstock) for _ in FRAMINGS]
    for framing, name in zip(FRAMINGS, names):
        connection = penstock.connect().send(proxy("GET", f"/{framing}", [name]))
        assert connection.read_head().status == 200
        deadline = time.monotonic() + STEP
        while len(connection.buffer) < 1 << 20:
            assert connection.fill(deadline)
        assert_soon(events, leave(connection, how))
    for name in names:
        aborted_line(penstock, name, ["respond", "body"], (200, 499))


@pytest.mark.parametrize("how", WAYS)
def test_an_abort_of_a_client_that_reads_nothing_is_noticed(penstock, up, events, how):
    """Row 278: both buffers are full, and nobody reads or writes any more."""
    sent = Tally()

    def floods(connection):
        framing = connection.read_request().target[1:]
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        connection.send(response_head(1 << 40, framing))
        connection.sock.settimeout(STEP)
        data = bytes(65536)
        try:
            while True:
                connection.sock.sendall(chunk(data) if framing == "chunked" else data)
                sent.count += len(data)
        except OSError:
            events.put(time.monotonic())

    up.handler, names, crowd = floods, [named(penstock) for _ in FRAMINGS], []
    for framing, name in zip(FRAMINGS, names):
        crowd.append(penstock.connect(receive_buffer=16384))
        crowd[-1].send(proxy("GET", f"/{framing}", [name]))
        assert crowd[-1].read_head().status == 200
    before = -1
    while sent.count > before:
        before = sent.count
        time.sleep(0.2)
    for connection in crowd:
        assert_soon(events, leave(connection, how))
    for name in names:
        aborted_line(penstock, name, ["respond", "body"], (200, 499))


JSON_HEAD = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
             b"Transfer-Encoding: chunked\r\n\r\n")


@pytest.mark.parametrize("kind", ["flood", "quiet"])
def test_an_abort_of_a_body_that_may_be_compressed_is_noticed(penstock, up, events, kind):
    """Row 278 with a stage between the two: it ends with the exchange, and holds nothing back."""
    item = chunk(json.dumps([{"number": number, "text": "penstock"}
                             for number in range(200)])[1:-1].encode() + b",")

    def sends_json(connection):
        connection.read_request()
        connection.send(JSON_HEAD + chunk(b"[") + item)
        if kind == "quiet":
            events.put(wait_for_close(connection))
            return
        connection.sock.settimeout(STEP)
        try:
            while True:
                connection.sock.sendall(item)
        except OSError:
            events.put(time.monotonic())

    up.handler, ways = sends_json, each_way(penstock)
    for how, name in ways.items():
        connection = penstock.connect()
        connection.send(proxy("GET", headers=[name, ("Accept-Encoding", "gzip")]))
        assert connection.read_head().header("content-encoding") in (None, "gzip")
        connection.take(100 if kind == "quiet" else 10_000, time.monotonic() + STEP)
        assert_soon(events, leave(connection, how))
    for name in ways.values():
        aborted_line(penstock, name, ["respond", "body"], (200, 499))


def test_an_abort_in_a_call_s_answer_ends_it(penstock, up, events):
    """Row 278, the execute endpoint: before its envelope has begun nothing was answered."""
    def pauses(connection):
        connection.read_request()
        connection.send(JSON_HEAD + chunk(b"[1,"))
        events.put("begun")
        events.put(wait_for_close(connection))

    up.handler, ways = pauses, each_way(penstock)
    for how, name in ways.items():
        connection = penstock.connect().send(call("ca_up", [name]))
        assert events.get(timeout=STEP) == "begun"
        time.sleep(0.05)
        assert_soon(events, leave(connection, how))
    for name in ways.values():
        aborted_line(penstock, name, ["body", "respond"])


def test_an_abort_with_both_bodies_under_way_ends_both(penstock, up, events):
    """The answer has begun, the upload goes on; neither may look whole."""
    def both(connection):
        connection.read_request(body=False)
        connection.send(JSON_HEAD + chunk(b"[1,"))
        connection.take(100_000, time.monotonic() + STEP)
        events.put("both")
        events.put(wait_for_close(connection))

    up.handler, ways = both, each_way(penstock)
    for how, name in ways.items():
        connection = penstock.connect()
        connection.send(proxy("POST", "/both", [name, ("Content-Length", "1000000")]))
        connection.send(bytes(100_000))
        assert connection.read_head().status == 200
        assert events.get(timeout=STEP) == "both"
        assert_soon(events, leave(connection, how))
    for name in ways.values():
        aborted_line(penstock, name, ["receive", "respond", "body"], (200, 499))


def test_aborts_of_large_bodies_leave_nothing_behind(penstock, up):
    """Rows 284 and 290: whatever pipes and stages held is given back, a hundred times over."""
    def floods(connection):
        connection.sock.settimeout(STEP)
        while connection.read_request():
            connection.send(response_head(8 << 20))
            for piece in pieces(8 << 20):
                connection.sock.sendall(piece)

    up.handler = floods
    for number in range(10):
        penstock.connect().send(proxy("GET", "/warm")).reset()
    before = penstock.rss_kib()
    for number in range(100):
        connection = penstock.connect(receive_buffer=65536).send(proxy("GET", f"/{number}"))
        assert connection.read_head().status == 200
        connection.take(number * 10_000, time.monotonic() + STEP)
        leave(connection, list(LEAVES)[number % 2])
    assert penstock.rss_kib() - before < 8192
    up.handler = scripted.fixed(answer(b"after"))
    up.drop()
    assert penstock.connect().exchange(proxy("GET", "/after")).body == b"after"
