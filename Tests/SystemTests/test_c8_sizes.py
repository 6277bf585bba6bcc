"""C8, rows 285 to 290: where one message ends and the next begins, with large ones between.

Random cuts print their seed; PENSTOCK_TRANSFER_SEED takes one.
"""

import os
import queue
import random
import signal
import threading
import time

import pytest

import scripted
from harness import (PATIENCE, Penstock, Upstream, account, assert_closed, assert_error,
                     assert_stays, eventually, request)
from origins import (Tally, bulk, end_tls, pattern, pattern_sha256, proxy, receive,
                     response_head, send_split)
from scripted import answer

SIZES = [0, 1, 16383, 16384, 16385, 65535, 65536, 65537, 262143, 262144, 262145,
         (1 << 20) - 1, 1 << 20, (1 << 20) + 1]
LARGE = [size for size in SIZES if size >= 262143]
SEED = int(os.environ.get("PENSTOCK_TRANSFER_SEED", str(random.randrange(1 << 32))))
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


@pytest.fixture(scope="module")
def patient(up, ca_file):
    """A server that serves clients who have closed their side."""
    more = {"ca_file": ca_file} if up.tls else {}
    config = {"accounts": [account(up, "ca_up", **more)],
              "listen": [{"address": "127.0.0.1:{port}", "half_close": "serve"}]}
    with Penstock(config) as server:
        yield server


def is_sent(size):
    return {"count": size, "sha256": pattern_sha256(size)}


def upload(size, framing="length"):
    """The head of a request with a body of that size."""
    return proxy("POST", f"/{size}", [("Content-Length", str(size)) if framing == "length"
                                      else ("Transfer-Encoding", "chunked")])


# --- Every size -----------------------------------------------------------------------------

@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_answers_of_every_size_arrive(penstock, up, framing, split):
    """Rows 288 and 289, on one client connection."""
    print(f"PENSTOCK_TRANSFER_SEED={SEED}")
    up.handler = bulk
    connection = penstock.connect()
    for number, size in enumerate(SIZES):
        query = f"?{SEED + number}" if split else ""
        connection.send(proxy("GET", f"/{size}/{framing}{query}"))
        response = connection.read_head(STEP)
        if framing == "length":
            assert response.header("content-length") == str(size)
        tally = receive(connection, response)
        assert tally.count == size, f"seed {SEED}"
        assert tally.sha256 == pattern_sha256(size), f"{size} bytes, seed {SEED}"
    assert up.connections == (len(SIZES) if framing == "close" else 1)


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_uploads_of_every_size_arrive(penstock, up, framing, split):
    """Row 289, on one client connection and one upstream connection."""
    print(f"PENSTOCK_TRANSFER_SEED={SEED}")
    up.handler = bulk
    connection = penstock.connect()
    for number, size in enumerate(SIZES):
        connection.send(upload(size, framing))
        connection.sock.settimeout(STEP)
        if split:
            send_split(connection.sock, pattern(size), SEED + number, framing)
        elif framing == "length":
            connection.sock.sendall(pattern(size))
        else:
            body = b"%x\r\n%s\r\n" % (size, pattern(size)) if size else b""
            connection.sock.sendall(body + b"0\r\n\r\n")
        answered = connection.read_response("POST", STEP).json()
        assert answered == is_sent(size), f"seed {SEED}"
    assert up.connections == 1


# --- Requests behind a body -----------------------------------------------------------------

@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
def test_what_follows_a_large_upload_is_the_next_request(penstock, up, split):
    """Row 285: in the same segment as the body's end, and with a body of its own."""
    print(f"PENSTOCK_TRANSFER_SEED={SEED}")
    up.handler = bulk
    connection = penstock.connect()
    for number, size in enumerate([1, 65536, *LARGE]):
        data = (upload(size) + pattern(size) + proxy("GET", f"/{size}/length")
                + upload(5) + pattern(5) + request("GET", "/healthz"))
        sender = threading.Thread(target=send, args=(connection.sock, data, SEED + number, split))
        sender.start()
        assert connection.read_response("POST", STEP).json() == is_sent(size), f"seed {SEED}"
        assert connection.read_response("GET", STEP).body == pattern(size)
        assert connection.read_response("POST", STEP).json() == is_sent(5)
        assert connection.read_response("GET", STEP).status == 200
        sender.join(STEP)
    assert up.connections == 1


def send(sock, data, seed, split):
    sock.settimeout(STEP)
    if split:
        send_split(sock, data, seed, "length")
    else:
        sock.sendall(data)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_garbage_behind_a_large_upload_is_refused_after_its_answer(penstock, up, framing):
    """Row 286: what is no request never goes up with the body."""
    up.handler, size = bulk, 1 << 20
    body = pattern(size) if framing == "length" else b"100000\r\n%s\r\n0\r\n\r\n" % pattern(size)
    connection = penstock.connect()
    connection.send_in_background(upload(size, framing) + body + b"garbage\r\n\r\n")
    assert connection.read_response("POST", STEP).json() == is_sent(size)
    response = connection.read_response("GET", STEP)
    assert_error(response, 400, "malformed_request")
    assert_closed(connection, response)
    assert b"garbage" not in up.received and len(up.requests) == 1


class Paced:
    """An upstream that sends a body's first half, and the second when it is told to."""

    def __init__(self, size, framing):
        self.size, self.framing, self.go = size, framing, threading.Event()
        self.events = queue.Queue()

    def __call__(self, connection):
        while got := connection.read_request():
            if got.target != "/paced":
                connection.send(answer(got.target.encode()))
                continue
            body, half = pattern(self.size), self.size // 2
            connection.send(response_head(self.size, self.framing) + self.coded(body[:half]))
            self.events.put("half")
            self.go.wait(20)
            connection.send(self.coded(body[half:])
                            + (b"0\r\n\r\n" if self.framing == "chunked" else b""))

    def coded(self, data):
        return b"%x\r\n%s\r\n" % (len(data), data) if self.framing == "chunked" else data


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_requests_sent_while_an_answer_streams_wait_for_their_turn(penstock, up, framing):
    """Row 285."""
    up.handler = paced = Paced(SIZES[-1], framing)
    connection = penstock.connect().send(proxy("GET", "/paced"))
    assert paced.events.get(timeout=STEP) == "half"
    response = connection.read_head(STEP)
    connection.send(b"".join(proxy("GET", f"/{number}") for number in range(10)))
    time.sleep(0.1)
    assert len(up.requests) == 1, "a pipelined request was not kept back"
    paced.go.set()
    connection.read_body(response, time.monotonic() + STEP, to_end=True)
    assert response.body == pattern(SIZES[-1])
    for number in range(10):
        assert connection.read_response().body == b"/%d" % number


def test_requests_without_end_while_an_answer_streams_are_not_read(penstock, up):
    """Row 285: so many ahead, then the client is held back and memory stays where it is."""
    up.handler = paced = Paced(1000, "chunked")
    connection = penstock.connect().send(proxy("GET", "/paced"))
    assert paced.events.get(timeout=STEP) == "half"
    assert connection.read_head(STEP).status == 200
    before = penstock.rss_kib()
    sender = connection.send_in_background(request("GET", "/healthz") * 1000, 1500)
    sent = -1
    while sender.sent > sent:
        sent = sender.sent
        time.sleep(0.2)
    assert sender.is_alive() and not sender.error, "nothing ever stopped the reading"
    assert penstock.rss_kib() - before < 2048
    connection.reset()
    paced.go.set()


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_garbage_sent_while_an_answer_streams_is_refused_behind_it(penstock, up, framing):
    """Row 286."""
    def handler(connection):
        paced(connection)
        connection.close()

    paced = Paced(SIZES[-1], framing)
    up.handler = bulk if framing == "close" else handler
    connection = penstock.connect()
    if framing == "close":
        connection.send(proxy("GET", f"/{SIZES[-1]}/close"))
    else:
        connection.send(proxy("GET", "/paced"))
        assert paced.events.get(timeout=STEP) == "half"
    response = connection.read_head(STEP)
    connection.send(b"garbage\r\n\r\n")
    time.sleep(0.05)
    paced.go.set()
    connection.read_body(response, time.monotonic() + STEP, to_end=True)
    assert response.body == pattern(SIZES[-1])
    refusal = connection.read_response("GET", STEP)
    assert_error(refusal, 400, "malformed_request")
    assert_closed(connection, refusal)
    assert len(up.requests) == 1


# --- Clients that close their side ----------------------------------------------------------

@pytest.mark.parametrize("when", ["at once", "in the answer"])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_client_that_half_closes_gets_its_large_answer(patient, up, framing, when):
    """Row 85 with a body past every buffer: complete, then the connection ends."""
    up.handler, size = bulk, 8 << 20
    connection = patient.connect(receive_buffer=65536).send(proxy("GET", f"/{size}/{framing}"))
    if when == "at once":
        connection.half_close()
    response = connection.read_head(STEP)
    if when == "in the answer":
        connection.half_close()
    tally = receive(connection, response)
    assert (tally.count, tally.sha256) == (size, pattern_sha256(size))
    assert connection.is_closed(3.0)
    line = patient.access_line(response.request_id)
    assert line["status"] == 200 and "error" not in line


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_client_that_half_closes_behind_its_upload_is_answered(patient, up, framing):
    """Row 85: the FIN is behind a whole body, and cuts none of it off."""
    up.handler = bulk
    for size in (1, 65536, 1 << 20):
        connection = patient.connect().send(upload(size, framing))
        body = pattern(size)
        connection.send(body if framing == "length" else b"%x\r\n%s\r\n0\r\n\r\n" % (size, body))
        connection.half_close()
        assert connection.read_response("POST", STEP).json() == is_sent(size)
        assert connection.is_closed(3.0) and connection.ended == "fin"


def test_a_client_that_half_closes_in_its_upload_is_gone(patient, up):
    """Even where half-closed clients are served: the rest of this request will never come."""
    ended = queue.Queue()

    def reads(connection):
        got, tally = connection.read_request(body=False), Tally()
        try:
            receive(connection, got, tally, seconds=STEP)
        except (AssertionError, OSError):
            ended.put(tally.count)

    up.handler = reads
    connection = patient.connect().send(upload(1 << 20) + pattern(500_000))
    connection.half_close()
    assert ended.get(timeout=STEP + 1) <= 500_000
    assert connection.is_closed(3.0)


@pytest.mark.parametrize("target", ["/healthz", "/proxy/ca_up/x"])
def test_a_request_and_a_fin_in_one_wake_up_are_a_request(patient, up, target):
    """Row 287: the process sleeps while both arrive."""
    up.handler = scripted.echo
    connections = [patient.connect() for _ in range(10)]
    patient.process.send_signal(signal.SIGSTOP)
    try:
        for connection in connections:
            connection.send(proxy("GET", "/x") if "proxy" in target else request("GET", target))
            connection.half_close()
    finally:
        patient.process.send_signal(signal.SIGCONT)
    for connection in connections:
        assert connection.read_response().status == 200
        assert connection.is_closed(3.0)


# --- One turn -------------------------------------------------------------------------------

@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_answers_that_end_in_one_turn_keep_apart(penstock, up, framing):
    """Row 290: the process sleeps while twenty answers arrive and half of their clients go, some
    of them with bytes queued; the others get every byte of their own, and no other."""
    size, head = 400_000, response_head(400_000, framing)
    arrived = []

    def handler(connection):
        got = connection.read_request()
        number = int(got.target[1:])
        data = bytes([number]) * size
        coded = b"%x\r\n%s\r\n0\r\n\r\n" % (size, data) if framing == "chunked" else data
        connection.send(head + coded[:size // 2])
        arrived.append(number)
        go.wait(20)
        for position in range(size // 2, len(coded), 65536):
            connection.send(coded[position:position + 65536])
        if framing == "close":
            end_tls(connection)

    for _ in range(3):
        go = threading.Event()
        arrived.clear()
        up.handler = handler
        crowd = [penstock.connect(receive_buffer=65536).send(proxy("GET", f"/{number}"))
                 for number in range(20)]
        eventually(lambda: len(arrived) == 20, 5.0, "twenty answers that have begun")
        penstock.process.send_signal(signal.SIGSTOP)
        try:
            go.set()
            time.sleep(0.05)
            for number in range(0, 20, 2):
                crowd[number].reset() if number % 4 else crowd[number].close()
        finally:
            penstock.process.send_signal(signal.SIGCONT)
        for number in range(1, 20, 2):
            response = crowd[number].read_response("GET", STEP)
            assert response.body == bytes([number]) * size, f"client {number}"
            if framing != "close":
                assert_stays(crowd[number])
        up.drop()
