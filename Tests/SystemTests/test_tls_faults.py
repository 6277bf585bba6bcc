"""C7, rows 263 to 265: TLS that fails on the way in, and on the way out."""

import contextlib
import socket
import ssl
import struct
import threading
import time

import pytest

import scripted
from harness import PATIENCE, Penstock, Upstream, account
from origins import assert_fails, bulk, end_tls, outcome, pattern, proxy

FAILED = "upstream_tls_failed"


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def up(authority):
    with Upstream(scripted.echo, tls=scripted.tls_context(authority)) as server:
        yield server


@pytest.fixture(scope="module")
def rude():
    """A port that an https account dials, and where no TLS is spoken."""
    with Upstream(scripted.never_answers) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, rude, ca_file):
    timeouts = {"timeouts": {"connect": "600ms", "first_byte": "2s", "idle": "2s"}}
    accounts = [
        account(up, "ca_up", ca_file=ca_file, **timeouts),
        account(rude, "ca_rude", base_url=f"https://localhost:{rude.port}", ca_file=ca_file,
                **timeouts)]
    with Penstock({"accounts": accounts}) as server:
        yield server


def after_client_hello(data, end):
    """Reads the first record and answers it so; reset, fin or stay."""
    def handler(connection):
        connection.take(5, time.monotonic() + 5)
        if data:
            connection.send(data)
        if end == "reset":
            connection.reset()
        elif end == "stay":
            connection.wait_for_end()
    return handler


@pytest.mark.parametrize("data, end", [
    (b"", "fin"), (b"", "reset"), (b"\x16\x03\x03", "fin"), (b"\x16\x03\x03\x00\x7a\x02", "reset"),
    (b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "stay"),
    (b"SSH-2.0-OpenSSH_9.6\r\n", "stay"), (b"\x15\x03\x03\x00\x02\x02\x28", "stay"),
    (b"\x15\x03\x03\x00\x02\x02\x28", "fin"), (b"\x15\x03\x03\x00\x02\x02\x70", "fin"),
    (b"\x00" * 64, "stay"), (b"\x16\x03\x03\xff\xff" + b"\x02" * 70_000, "stay")],
    ids=lambda case: repr(case)[:20])
def test_a_handshake_that_fails(penstock, rude, data, end):
    """Row 263: close, reset, plain text, an alert."""
    rude.handler = after_client_hello(data, end)
    response = outcome(penstock, proxy("GET", account="ca_rude"))
    line = assert_fails(penstock, response, FAILED, begun=False)
    assert line["termination"] == "upstream:tls"
    assert b"upstream-secret" not in rude.received and b"GET" not in rude.received


def test_a_handshake_that_hangs_ends_at_the_connect_timeout(penstock, rude):
    """Row 263: dialling ends with the handshake, and so does its time."""
    rude.handler = scripted.never_answers
    start = time.monotonic()
    response = outcome(penstock, proxy("GET", account="ca_rude"))
    took = time.monotonic() - start
    line = assert_fails(penstock, response, "upstream_tls_timeout", status=504, begun=False)
    assert line["termination"] == "upstream:tls"
    assert 0.55 < took < 0.9 * PATIENCE, took


def test_a_handshake_byte_by_byte_is_a_handshake(penstock, rude, up):
    """A relay in front of the TLS upstream that hands over one byte at a time."""
    def relay(connection):
        with socket.create_connection(("127.0.0.1", up.port)) as inner:
            threading.Thread(target=pump, args=(connection.sock, inner), daemon=True).start()
            connection.sock.settimeout(None)
            with contextlib.suppress(OSError):
                while data := inner.recv(65536):
                    for position in range(len(data)):
                        connection.sock.sendall(data[position:position + 1])
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)  # a close would wait for the pump

    up.handler = scripted.echo
    rude.handler = relay
    response = outcome(penstock, proxy("GET", "/x", account="ca_rude"))
    assert response.json()["target"] == "/x"


def pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


CLOSE = b"HTTP/1.1 200 OK\r\n\r\nhello"
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"


def ends(data, how):
    """Answers, then ends in order (close_notify), cut off (FIN alone) or reset."""
    def handler(connection):
        if not connection.read_request():
            return
        connection.send(data)
        time.sleep(0.1)
        if how == "in order":
            end_tls(connection)
        elif how == "reset":
            connection.reset()
        elif how == "half in order":
            # close_notify while our side of TCP stays open
            outgoing = connection.sock
            with contextlib.suppress(OSError, ValueError):
                outgoing.settimeout(0.2)
                outgoing.unwrap()
            time.sleep(1)
    return handler


@pytest.mark.parametrize("how", ["in order", "half in order"])
def test_close_notify_ends_a_body_that_ends_with_the_connection(penstock, up, how):
    up.handler = ends(CLOSE, how)
    response = outcome(penstock, proxy("GET"))
    assert response.complete and response.body == b"hello"


@pytest.mark.parametrize("how", ["cut off", "reset"])
@pytest.mark.parametrize("data", [CLOSE, CHUNKED, LENGTH.replace(b": 5", b": 9")])
def test_an_end_without_close_notify_is_a_truncation(penstock, up, data, how):
    """Row 264: anybody on the path can send a FIN."""
    up.handler = ends(data, how)
    response = outcome(penstock, proxy("GET"))
    assert response.status == 200 and not response.complete
    assert_fails(penstock, response, "upstream_truncated", "upstream_reset")


@pytest.mark.parametrize("how", ["cut off", "reset", "in order"])
@pytest.mark.parametrize("data", [LENGTH, CHUNKED + b"0\r\n\r\n"])
def test_a_body_whose_framing_is_satisfied_needs_no_close_notify(penstock, up, data, how):
    """Row 264."""
    up.handler = scripted.in_turn(ends(data, how), scripted.echo)
    connection = penstock.connect()
    response = connection.exchange(proxy("GET"))
    assert response.complete and response.body == b"hello"
    time.sleep(0.2)
    assert connection.exchange(proxy("POST", "/next", body=b"x")).json()["target"] == "/next"


def test_an_end_without_an_answer_is_told_apart_from_a_handshake(penstock, up):
    up.handler = scripted.closes_after_request
    response = outcome(penstock, proxy("POST", body=b"x"))
    line = assert_fails(penstock, response, "upstream_closed", "upstream_reset", begun=False)
    assert line["termination"] == "upstream:first_byte" and len(up.requests) == 1


class LateTickets:
    """A TLS 1.3 server over memory, which hands its tickets over when the test says so."""

    def __init__(self, context, when):
        self.context, self.when = context, when

    def __call__(self, connection):
        self.sock = connection.sock
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = self.context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.flights = 0
        self.until(self.tls.do_handshake)
        tickets = self.outgoing.read()
        assert tickets, "this OpenSSL sends no tickets after its handshake"
        if self.when == "before the request":
            time.sleep(0.2)
            self.sock.sendall(tickets)
        self.until(lambda: self.tls.read(65536))
        if self.when == "after the request":
            time.sleep(0.2)
            self.sock.sendall(tickets)
            time.sleep(0.2)
        elif self.when == "byte by byte":
            for position in range(len(tickets)):
                self.sock.sendall(tickets[position:position + 1])
        self.tls.write(LENGTH)
        answer = self.outgoing.read()
        self.sock.sendall(tickets + answer if self.when == "with the answer" else answer)
        self.until(lambda: self.tls.read(65536))
        self.tls.write(LENGTH)
        self.sock.sendall(self.outgoing.read())
        connection.wait_for_end()

    def until(self, step):
        """Does a step of TLS; what it has to say goes out only where it waits for more."""
        self.sock.settimeout(5)
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                if data := self.outgoing.read():
                    self.sock.sendall(data)
                data = self.sock.recv(65536)
                if not data:
                    raise OSError("closed")
                self.incoming.write(data)


@pytest.mark.parametrize("when", [
    "before the request", "after the request", "byte by byte", "with the answer"])
def test_tickets_that_come_late_are_harmless(penstock, rude, authority, when):
    """Row 265: they are no answer, and no end."""
    rude.handler = LateTickets(scripted.tls_context(authority), when)
    connection = penstock.connect()
    for _ in range(2):
        assert connection.exchange(proxy("GET", account="ca_rude")).body == b"hello"
    assert rude.connections == 1


@pytest.mark.parametrize("size", [1, 16_383, 16_384, 16_385, 40_000, 1_000_000])
def test_records_of_every_size_are_read_to_the_last_byte(penstock, up, size):
    """epoll does not wake for what OpenSSL already holds."""
    def answers(connection):
        connection.read_request()
        body = pattern(size)
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
        connection.send(head + body)
        connection.wait_for_end()

    up.handler = answers
    response = outcome(penstock, proxy("GET"))
    assert response.body == pattern(size)


def test_many_small_records_at_once_are_read_to_the_last_byte(penstock, up):
    def answers(connection):
        connection.read_request()
        connection.sock.settimeout(5)
        connection.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        for number in range(5000):
            connection.sock.sendall(b"x")
        connection.wait_for_end()

    up.handler = answers
    assert outcome(penstock, proxy("GET")).body == b"x" * 5000


def test_bytes_on_an_idle_tls_connection_close_it(penstock, up):
    """Row 223 over TLS: application data is not a ticket."""
    def speaks_twice(connection):
        connection.read_request()
        connection.send(LENGTH)
        time.sleep(0.1)
        connection.send(LENGTH.replace(b"hello", b"WRONG"))
        connection.wait_for_end()

    up.handler = scripted.in_turn(speaks_twice, scripted.echo)
    connection = penstock.connect()
    assert connection.exchange(proxy("GET")).body == b"hello"
    time.sleep(0.3)
    assert connection.exchange(proxy("POST", "/next", body=b"x")).json()["target"] == "/next"
    assert up.connections == 2


def test_a_reset_in_the_middle_of_a_tls_upload(penstock, up):
    def resets(connection):
        connection.read_request(body=False)
        connection.take(10_000, time.monotonic() + 5)
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    up.handler = resets
    connection = penstock.connect()
    connection.send(proxy("POST", "/", [("Content-Length", "5000000")]))
    sender = threading.Thread(target=connection.send, args=(bytes(5_000_000),), daemon=True)
    sender.start()
    response = connection.read_response("POST")
    assert_fails(penstock, response, "upstream_reset", "upstream_closed", begun=False)
    sender.join(5)


def test_a_tls_upload_of_a_megabyte_arrives(penstock, up):
    up.handler = bulk
    response = outcome(penstock, proxy("POST", body=pattern(1 << 20)))
    assert response.json()["count"] == 1 << 20
