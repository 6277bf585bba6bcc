"""C7, rows 225, 226, 230 and 258: upstreams that take their time."""

import time

import pytest

import scripted
from harness import PATIENCE, Penstock, Upstream, account
from origins import assert_fails, outcome, proxy, raw, read_outcome

FIRST_BYTE_SECONDS = 1.0
IDLE_SECONDS = 1.0


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [
        account(up, "ca_up", timeouts={"first_byte": "1s", "idle": "5s"}),
        account(up, "ca_patient", timeouts={"first_byte": "10s", "idle": "1s"}),
        account(up, "ca_total", timeouts={"first_byte": "10s", "idle": "10s", "total": "1s"}),
    ]
    config = {"accounts": accounts, "timeouts": {"write_stall": "1s", "body_idle": "5s"}}
    with Penstock(config) as server:
        yield server


def timed(penstock, data):
    start = time.monotonic()
    response = outcome(penstock, data, timeout=10 * PATIENCE)
    return response, time.monotonic() - start


def is_about(took, seconds):
    return seconds * 0.9 <= took <= seconds * 1.1 + 0.1 * PATIENCE


@pytest.mark.parametrize("method, body", [("GET", b""), ("POST", b"x" * 100), ("POST", b"")])
def test_an_upstream_that_never_answers_ends_at_first_byte(penstock, up, method, body):
    """Row 225."""
    up.handler = scripted.never_answers
    response, took = timed(penstock, proxy(method, "/x", body=body))
    line = assert_fails(penstock, response, "upstream_timeout", status=504, begun=False)
    assert line["termination"] == "upstream:first_byte"
    assert is_about(took, FIRST_BYTE_SECONDS), took
    assert up.connections == 1 and len(up.received.split(b"/x HTTP/1.1")) == 2


def test_an_answer_just_before_first_byte_is_an_answer(penstock, up):
    """Row 226."""
    up.handler = scripted.after(FIRST_BYTE_SECONDS * 0.75)
    response, took = timed(penstock, proxy("GET"))
    assert response.status == 200
    assert penstock.access_line(response.request_id)["ttfb_ms"] >= 740


def test_first_byte_counts_from_the_end_of_the_request(penstock, up):
    """A client that uploads slowly does not use up the upstream's time."""
    up.handler = scripted.echo
    connection = penstock.connect()
    connection.send(proxy("POST", "/x", [("Content-Length", "5")]))
    for byte in b"hello":
        time.sleep(FIRST_BYTE_SECONDS * 0.4)
        connection.send(bytes([byte]))
    assert connection.read_response().json()["body"] == "hello"


HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"


def test_a_head_in_single_bytes_is_a_head(penstock, up):
    """Row 230."""
    up.handler = scripted.trickle(HEAD + b"ok", gap=0.01)
    response, _ = timed(penstock, proxy("GET"))
    assert (response.status, response.body) == (200, b"ok")


def test_a_head_in_single_bytes_must_end_in_time(penstock, up):
    """Row 230: the deadline is the head's, not each byte's."""
    up.handler = scripted.trickle(HEAD + b"ok", gap=0.1)
    response, took = timed(penstock, proxy("GET"))
    assert_fails(penstock, response, "upstream_timeout", status=504, begun=False)
    assert is_about(took, FIRST_BYTE_SECONDS), took


def test_interim_answers_do_not_put_the_deadline_off(penstock, up):
    def interim_for_ever(connection):
        connection.read_request()
        for _ in range(30):
            connection.send(b"HTTP/1.1 102 Processing\r\n\r\n")
            time.sleep(0.1)

    up.handler = interim_for_ever
    response, took = timed(penstock, proxy("GET"))
    assert_fails(penstock, response, "upstream_timeout", status=504, begun=False)
    assert is_about(took, FIRST_BYTE_SECONDS), took


@pytest.mark.parametrize("head", [
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_body_that_stops_is_aborted_at_idle(penstock, up, head):
    up.handler = raw(head + b"abc", end="stay")
    response, took = timed(penstock, proxy("GET", account="ca_patient"))
    assert response.status == 200 and not response.complete
    line = penstock.access_line(response.request_id)
    assert line["error"] == "upstream_too_slow" and line["termination"] == "upstream:body", line
    assert is_about(took, IDLE_SECONDS), took


def test_a_body_that_is_slow_but_never_idle_is_whole(penstock, up):
    """Row 234 is the execute endpoint's: no minimum rate on the streaming route."""
    def slow(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n")
        for byte in b"abcdef":
            time.sleep(0.4)
            connection.send(bytes([byte]))

    up.handler = slow
    response, _ = timed(penstock, proxy("GET", account="ca_patient"))
    assert response.complete and response.body == b"abcdef"


def test_total_ends_a_body_that_goes_on(penstock, up):
    """Row 235."""
    def endless(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.send(b"x")
            time.sleep(0.05)

    up.handler = endless
    response, took = timed(penstock, proxy("GET", account="ca_total"))
    assert response.status == 200 and not response.complete
    assert is_about(took, 1.0), took


def test_total_before_the_answer_is_a_504(penstock, up):
    up.handler = scripted.never_answers
    response, took = timed(penstock, proxy("GET", account="ca_total"))
    assert_fails(penstock, response, "upstream_timeout", "upstream_total_timeout", status=504,
                 begun=False)
    assert is_about(took, 1.0), took


def test_an_upload_that_nobody_reads_ends_at_the_stall_limit(penstock, up):
    """Row 258: the client is held back meanwhile, and memory stays where it is."""
    up.handler = scripted.never_reads
    connection = penstock.connect()
    size, sent, before = 64 << 20, 0, penstock.rss_kib()
    connection.send(proxy("POST", "/x", [("Content-Length", str(size))], account="ca_patient"))
    start = time.monotonic()
    connection.sock.settimeout(0.3)
    try:
        while sent < size:
            sent += connection.sock.send(bytes(65536))
    except OSError:
        pass  # held back, or answered and closed
    peak = penstock.rss_kib()
    response = read_outcome(connection, "POST", 10 * PATIENCE)
    took = time.monotonic() - start
    line = assert_fails(penstock, response, "upstream_write_timeout", status=504, begun=False)
    assert line["termination"] == "upstream:send"
    assert IDLE_SECONDS * 0.9 < took < IDLE_SECONDS * 1.5 + 0.5 * PATIENCE, took
    assert sent < 32 << 20, f"{sent} bytes taken for an upstream that reads none"
    assert peak - before < 4096, f"{before} KiB grew to {peak}"
