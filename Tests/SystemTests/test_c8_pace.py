"""C8, rows 279 to 283: who is slow is held to it, and nobody else is blamed.

Each timeout runs for one side alone: an upstream is not idle while its client does not read, and a
client is not while its upstream does not.
"""

import contextlib
import json
import socket
import threading
import time

import pytest

import scripted
from harness import PATIENCE, Ended, Penstock, Upstream, account, assert_error, eventually
from origins import (Tally, assert_fails, bulk, end_tls, json_answer, pattern, pattern_sha256,
                     proxy, read_outcome, receive, response_head, send_pattern)
from processes import helper

SIZE = 16 << 20
STEP = 10.0 * PATIENCE


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    """The upstream has little time, the client much."""
    accounts = [account(up, "ca_up", timeouts={"first_byte": "600ms", "idle": "600ms"})]
    config = {"accounts": accounts, "timeouts": {"body_idle": "5s", "write_stall": "5s"}}
    with Penstock(config) as server:
        yield server


@pytest.fixture(scope="module")
def hasty(up):
    """Clients have little time, their upstreams much."""
    accounts = [account(up, "ca_up", timeouts={"first_byte": "8s", "idle": "8s"})]
    config = {"accounts": accounts, "timeouts": {"body_idle": "600ms", "write_stall": "600ms"}}
    with Penstock(config) as server:
        yield server


def is_sent(size):
    return {"count": size, "sha256": pattern_sha256(size)}


def field(size, framing):
    return (("Content-Length", str(size)) if framing == "length"
            else ("Transfer-Encoding", "chunked"))


def coded(data, framing):
    return b"%x\r\n%s\r\n" % (len(data), data) if framing == "chunked" else data


FRAMINGS = ["length", "chunked", "close"]


def crowd_of(penstock, method, framings, size, **options):
    """A connection for each framing, its request's head sent; what it asks for says which."""
    crowd = {}
    for framing in framings:
        fields = [field(size, framing)] if method == "POST" else []
        crowd[framing] = penstock.connect(**options)
        crowd[framing].send(proxy(method, f"/{framing}", fields))
    return crowd


# --- Uploads, rows 279 and 280 --------------------------------------------------------------

def test_a_client_that_pauses_in_its_upload_is_served(penstock, up):
    """Row 279: longer than the upstream may be idle, for it is not the one who is."""
    up.handler, size = bulk, 300_000
    crowd = crowd_of(penstock, "POST", FRAMINGS[:2], size)
    for framing, connection in crowd.items():
        connection.send(coded(pattern(size)[:200_000], framing))
    time.sleep(1.0)
    for framing, connection in crowd.items():
        connection.send(coded(pattern(size)[200_000:], framing)
                        + (b"0\r\n\r\n" if framing == "chunked" else b""))
        assert connection.read_response("POST", STEP).json() == is_sent(size)
        assert connection.exchange(proxy("POST", "/next", body=b"x")).status == 200
    assert up.connections == 2, "the upstream's connections were kept"


@pytest.mark.parametrize("end", ["fin", "reset"])
def test_an_upstream_that_closes_on_a_pausing_client_is_to_blame(hasty, up, end):
    """Row 280: its own idle timeout was shorter than Penstock's; the client is told at once."""
    closed_at = {}

    def impatient(connection):
        got = connection.read_request(body=False)
        connection.take(1000, time.monotonic() + 5)
        time.sleep(0.2)
        closed_at[got.target] = time.monotonic()
        if end == "reset":
            connection.reset()

    up.handler = impatient
    crowd, answers = crowd_of(hasty, "POST", FRAMINGS[:2], 100_000), []
    for framing, connection in crowd.items():
        connection.send(coded(bytes(2000), framing))
    for framing, connection in crowd.items():
        answers.append(read_outcome(connection, "POST", STEP))
        assert time.monotonic() - closed_at[f"/{framing}"] < 0.3 * PATIENCE, "waited for the client"
    for response in answers:
        line = assert_fails(hasty, response, "upstream_closed", "upstream_reset", begun=False)
        assert line["termination"] in ("upstream:send", "upstream:first_byte"), line
    assert up.connections == 2, "never a retry"


def test_a_client_that_pauses_too_long_is_to_blame(hasty, up):
    """Row 280 the other way round; the upstream sees an incomplete body and the end."""
    ended = []

    def patient(connection):
        got = connection.read_request(body=False)
        with contextlib.suppress(Ended, OSError, ValueError):
            receive(connection, got, seconds=STEP)
            ended.append("whole")
        ended.append("cut")

    up.handler, start = patient, time.monotonic()
    crowd = crowd_of(hasty, "POST", FRAMINGS[:2], 100_000)
    for framing, connection in crowd.items():
        connection.send(coded(bytes(2000), framing))
    for connection in crowd.values():
        response = read_outcome(connection, "POST", STEP)
        assert 0.55 < time.monotonic() - start < 1.2 * PATIENCE
        assert_error(response, 408, ("request_timeout", "client_body_timeout"))
        line = hasty.access_line(response.request_id)
        assert line["termination"] == "downstream:receive", line
        assert line["error"] in ("request_timeout", "client_body_timeout"), line
    eventually(lambda: len(ended) == 2, what="the end of the upstream's requests")
    assert ended == ["cut", "cut"]


def test_an_upstream_that_answers_408_itself_is_passed_on(hasty, up):
    """Row 280: an answer is an answer, whatever the upstream thought of the wait."""
    def impatient(connection):
        connection.read_request(body=False)
        time.sleep(0.1)
        connection.send(scripted.answer(b"slow", 408, "Request Timeout", [("Connection", "close")]))

    up.handler = impatient
    connection = hasty.connect().send(proxy("POST", "/x", [("Content-Length", "1000")]))
    response = read_outcome(connection, "POST", STEP)
    assert (response.status, response.body) == (408, b"slow")
    assert not response.header("proxy-status")


def stuck_then_reads(seconds):
    """An upstream that reads nothing of the body for so long, and then all of it."""
    def handler(connection):
        got = connection.read_request(body=False)
        time.sleep(seconds)
        tally = receive(connection, got)
        connection.send(json_answer({"count": tally.count, "sha256": tally.sha256}))
        connection.wait_for_end()
    return handler


def test_a_client_that_is_held_back_is_not_to_blame(hasty, up):
    """Row 280: while the upstream does not read, the client cannot send."""
    up.handler = stuck_then_reads(1.2)
    crowd = crowd_of(hasty, "POST", FRAMINGS[:2], SIZE)
    senders = [threading.Thread(target=send_pattern, args=(connection.sock, SIZE, framing))
               for framing, connection in crowd.items()]
    for connection, sender in zip(crowd.values(), senders):
        connection.sock.settimeout(STEP)
        sender.start()
    for connection, sender in zip(crowd.values(), senders):
        answer = read_outcome(connection, "POST", STEP)
        sender.join(STEP)
        assert answer.status == 200 and answer.json() == is_sent(SIZE), answer


def test_an_upstream_that_holds_a_client_back_for_too_long_is_to_blame(penstock, up):
    """Rows 258 and 280."""
    up.handler = stuck_then_reads(STEP)
    connection, start = penstock.connect(), time.monotonic()
    connection.send(proxy("POST", "/x", [("Content-Length", str(1 << 40))]))
    connection.send_in_background(bytes(1 << 20), 64)
    response = read_outcome(connection, "POST", STEP)
    assert 0.55 < time.monotonic() - start < 2.0 * PATIENCE
    line = assert_fails(penstock, response, "upstream_write_timeout", status=504, begun=False)
    assert line["termination"] == "upstream:send"


def test_an_upstream_that_reads_a_little_now_and_then_is_not_stalled(penstock, up):
    """Row 280: it makes progress, though the kernel takes nothing from Penstock for a while."""
    size = 8 << 20

    def slow(connection):
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        got, start = connection.read_request(body=False), time.monotonic()

        def each(tally):
            time.sleep(0.05 if time.monotonic() - start < 1.5 else 0.0)

        tally = receive(connection, got, each=each)
        connection.send(json_answer({"count": tally.count, "sha256": tally.sha256}))
        connection.wait_for_end()

    up.handler = slow
    connection = penstock.connect().send(proxy("POST", "/x", [("Content-Length", str(size))]))
    connection.send_in_background(pattern(size))
    response = read_outcome(connection, "POST", STEP)
    assert response.status == 200 and response.json() == is_sent(size), response


# --- Downloads, rows 281 to 283 -------------------------------------------------------------

def sends(size, sent=None):
    """Sends so much of the pattern, framed as the request's path says."""
    def handler(connection):
        while got := connection.read_request():
            framing = got.target[1:]
            connection.sock.settimeout(60.0)
            connection.send(response_head(size, framing))
            send_pattern(connection.sock, size, framing, sent=sent)
            if framing == "close":
                return end_tls(connection)
    return handler


def test_a_client_that_pauses_in_its_download_gets_every_byte(penstock, up):
    """Row 282: longer than the upstream may be idle, shorter than `write_stall`."""
    up.handler = sends(SIZE)
    crowd = crowd_of(penstock, "GET", FRAMINGS, 0, receive_buffer=65536)
    time.sleep(1.0)
    for connection in crowd.values():
        response = connection.read_head(STEP)
        tally = receive(connection, response)
        assert (tally.count, tally.sha256) == (SIZE, pattern_sha256(SIZE))


def test_a_client_that_pauses_too_long_in_its_download_is_to_blame(hasty, up):
    """Row 282 past `write_stall`: cut off, and so is the upstream."""
    sent = Tally()
    up.handler, start = sends(1 << 30, sent), time.monotonic()
    crowd = crowd_of(hasty, "GET", FRAMINGS, 0, receive_buffer=16384)
    for connection in crowd.values():
        response = connection.read_head(STEP)
        line, = hasty.log_lines(1, within=5, event="request", request_id=response.request_id)
        assert line["error"] == "client_write_timeout"
        assert line["termination"].startswith("downstream:")
        assert time.monotonic() - start > 0.55
        with pytest.raises((Ended, OSError)):
            connection.read_body(response, time.monotonic() + STEP, to_end=True)
    count = sent.count
    time.sleep(0.2)
    assert sent.count == count, "still read"


def test_a_client_that_reads_a_little_now_and_then_is_not_stalled(hasty, up):
    """Row 282: `write_stall` is the time without progress. A client that reads, however little and
    for however long, is none that does not, though the kernel takes nothing from Penstock before
    a good part of what it holds has left."""
    size, start = 4 << 20, time.monotonic()
    up.handler = sends(size)
    crowd = crowd_of(hasty, "GET", FRAMINGS[:2], 0, receive_buffer=16384)
    while time.monotonic() - start < 1.5:
        for connection in crowd.values():
            connection.fill(time.monotonic() + STEP)
        time.sleep(0.1)
    for connection in crowd.values():
        response = connection.read_head(STEP)
        connection.read_body(response, time.monotonic() + STEP, to_end=True)
        assert response.body == pattern(size)


def test_an_upstream_that_stops_behind_a_megabyte_is_to_blame(penstock, up):
    """Row 280's blame for downloads: `idle` runs in the middle of a large body too."""
    def stops(connection):
        framing = connection.read_request().target[1:]
        connection.send(response_head(SIZE, framing) + coded(pattern(1 << 20), framing))
        connection.wait_for_end()

    up.handler, start, answers = stops, time.monotonic(), []
    crowd = crowd_of(penstock, "GET", FRAMINGS, 0)
    for connection in crowd.values():
        while len(connection.buffer) < 1 << 20:
            assert connection.fill(time.monotonic() + STEP)
    for connection in crowd.values():
        answers.append(read_outcome(connection, timeout=STEP))
        assert 0.55 < time.monotonic() - start < 1.5 * PATIENCE
        assert answers[-1].body == pattern(1 << 20) and not answers[-1].complete
    for response in answers:
        line = penstock.access_line(response.request_id)
        assert line["error"] == "upstream_too_slow" and line["termination"] == "upstream:body"


CLIENTS = 64
RATE = 100_000
LIMIT_SECONDS = 0.020 * PATIENCE


class SlowReaders(threading.Thread):
    """Clients that read 100 KB/s each of large answers until told to stop, all in one thread."""

    def __init__(self, connections):
        super().__init__(daemon=True)
        self.connections, self.stopping = connections, threading.Event()
        self.counts, self.seconds = [0] * len(connections), 0.0

    def run(self):
        start = time.monotonic()
        while not self.stopping.wait(0.02):
            self.seconds = time.monotonic() - start
            for number, connection in enumerate(self.connections):
                due = int(self.seconds * RATE) - self.counts[number]
                if due > 0:
                    with contextlib.suppress(BlockingIOError):
                        connection.sock.setblocking(False)
                        self.counts[number] += len(connection.sock.recv(due))


@pytest.fixture(scope="module")
def quick():
    with helper("quick") as process:
        yield process.first_line


def test_sixty_four_slow_clients_delay_nobody_and_cost_no_memory(quick):
    """Rows 281 and 283: each has its own pace, the upstreams wait, the worker does not."""
    with Upstream(sends(20_000_000)) as up:
        accounts = [account(up, "ca_up"), {"id": "ca_quick",
                                           "base_url": f"http://127.0.0.1:{quick}",
                                           "pool": {"idle_timeout": "300ms"}}]
        config = {"accounts": accounts, "limits": {"keepalive_requests": 1_000_000}}
        with Penstock(config) as penstock:
            calm, before = ticks(penstock, 0.5), penstock.rss_kib()
            crowd = [penstock.connect(receive_buffer=65536).send(proxy("GET", "/length"))
                     for _ in range(CLIENTS)]
            readers, busy = SlowReaders(crowd), 1.0
            time.sleep(0.3)
            readers.start()
            for _ in range(3):  # a scheduler's hiccup is not the server's; a stall comes each time
                busy = min(busy, ticks(penstock, 0.8))
                if busy < LIMIT_SECONDS:
                    break
            growth = penstock.rss_kib() - before
            readers.stopping.set()
            readers.join()
            for connection in crowd:
                connection.reset()
            if busy >= LIMIT_SECONDS:
                calm = max(calm, ticks(penstock, 0.5))
        assert growth < CLIENTS * 600, f"{growth} KiB for {CLIENTS} clients"
        assert min(readers.counts) > readers.seconds * RATE * 0.5, "a slow client was starved"
        assert busy < LIMIT_SECONDS or calm > LIMIT_SECONDS / 2, f"99 % within {busy:.3f} s"


def ticks(penstock, seconds):
    """The 99th percentile of a small request's time, one after the other for so long."""
    with helper("ticker", penstock.port, "/proxy/ca_quick/x", seconds) as ticker:
        samples = [took for _, took in json.loads(ticker.communicate()[0].splitlines()[-1])]
    return sorted(samples)[int(len(samples) * 0.99)]
