"""C7, rows 231 to 235, 253 to 257, 268 and 269 through the execute endpoint.

It has limits that the streaming route has not: a total time, a minimum rate, a size. What they end
is an error answer while the envelope has not begun, and an abort from then on.
"""

import json
import time

import pytest

import scripted
from good_requests import call
from harness import (PATIENCE, Penstock, Upstream, account, assert_error, assert_stays,
                     eventually, execute)
from origins import Tally, assert_fails, pattern, proxy, raw, read_outcome
from scripted import answer

JSON_TYPE = b"Content-Type: application/json\r\n"
LENGTH = b"HTTP/1.1 200 OK\r\n" + JSON_TYPE + b"Content-Length: %d\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\n" + JSON_TYPE + b"Transfer-Encoding: chunked\r\n\r\n"
CLOSE = b"HTTP/1.1 200 OK\r\n" + JSON_TYPE + b"\r\n"
TEXT_CLOSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
FRAMINGS = ["length", "chunked", "close"]
RESPONSE_LIMIT = 128 << 10
STEP = 5.0 * PATIENCE


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [
        account(up, "ca_up", timeouts={"first_byte": "3s", "idle": "3s"}),
        account(up, "ca_total", timeouts={"first_byte": "10s", "idle": "10s", "total": "1s"})]
    config = {"accounts": accounts, "limits": {"execute_response_bytes": RESPONSE_LIMIT}}
    with Penstock(config) as server:
        yield server


def calls(penstock, account_id="ca_up", method="POST", timeout=STEP):
    """One call on a connection of its own: its answer, complete or not, and how long it took."""
    connection, start = penstock.connect(), time.monotonic()
    envelope = {"endpoint": "/x", "method": method, "connected_account_id": account_id}
    connection.send(call(account_id) if method == "POST" else execute(envelope))
    response = read_outcome(connection, "POST", timeout)
    took = time.monotonic() - start
    connection.close()
    return response, took


def head_of(framing, size=100_000):
    return {"length": LENGTH % size, "chunked": CHUNKED, "close": CLOSE}[framing]


def coded(framing, data):
    return b"%x\r\n%s\r\n" % (len(data), data) if framing == "chunked" else data


def endless(framing, piece, gap, sent=None, size=100_000):
    """A JSON array that never ends: so many bytes at a time, `gap` seconds apart."""
    def handler(connection):
        if not connection.read_request():
            return
        connection.send(head_of(framing, size) + coded(framing, b"["))
        while True:
            connection.send(coded(framing, piece))
            if sent:
                sent.count += len(piece)
            time.sleep(gap)
    return handler


def is_about(took, seconds):
    return seconds * 0.9 <= took <= seconds * 1.1 + 0.2 * PATIENCE


# --- Too slow, rows 234 and 235 -------------------------------------------------------------

@pytest.fixture(scope="module")
def strict(up):
    """A server that wants a hundred bytes a second, over one second."""
    config = {"accounts": [account(up, "ca_up", timeouts={"first_byte": "5s", "idle": "5s"})],
              "limits": {"execute_low_speed_bytes": 100, "execute_low_speed_time": "1s",
                         "execute_response_bytes": "16MiB"}}
    with Penstock(config) as server:
        yield server


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_call_s_answer_below_the_minimum_rate_is_too_slow(strict, up, framing):
    """Row 234: ten bytes a second are never idle, and never enough."""
    sent = Tally()
    up.handler = endless(framing, b"1", 0.1, sent)
    response, took = calls(strict)
    line = assert_fails(strict, response, "upstream_too_slow", status=504, begun=False)
    assert line["termination"] == "upstream:body"
    assert 0.9 < took < 2.5 * PATIENCE, took
    time.sleep(0.25)
    count = sent.count
    time.sleep(0.25)
    assert sent.count == count, "the upstream may still send"
    assert up.connections == 1, "never a retry"


def test_a_burst_does_not_buy_a_call_s_answer_time(strict, up):
    """Row 234: the rate is the last second's, not the whole answer's."""
    def bursts(connection):
        connection.read_request()
        connection.send(head_of("chunked") + coded("chunked", b"[" + b"1," * 10_000))
        while True:
            time.sleep(0.1)
            connection.send(coded("chunked", b"1"))

    up.handler = bursts
    response, took = calls(strict)
    assert_fails(strict, response, "upstream_too_slow", status=504)
    assert 0.9 < took < 2.5 * PATIENCE, took


def test_a_call_s_answer_above_the_minimum_rate_is_whole(strict, up):
    """Row 234."""
    body = json.dumps(list(range(200))).encode()

    def steady(connection):
        connection.read_request()
        connection.send(LENGTH % len(body))
        for start in range(0, len(body), 30):
            connection.send(body[start:start + 30])
            time.sleep(0.1)

    up.handler = steady
    response, took = calls(strict)
    assert response.status == 200 and response.json()["data"] == list(range(200))
    assert took > 1.5


def test_the_minimum_rate_is_the_body_s(strict, up):
    """Row 234: an upstream may think for as long as `first_byte` allows."""
    up.handler = scripted.after(1.6, answer({"thought": True}))
    response, _ = calls(strict)
    assert response.json()["data"] == {"thought": True}


def test_a_client_that_reads_slowly_is_not_the_upstream_s_fault(strict, up):
    """Row 234: an answer that waits for its client has no rate of its own."""
    text = "x" * (4 << 20)
    up.handler = scripted.fixed(answer(json.dumps(text).encode()))
    connection = strict.connect(receive_buffer=16384).send(call("ca_up"))
    time.sleep(2.0)
    response = read_outcome(connection, "POST", 2 * STEP)
    assert response.complete and response.json()["data"] == text


def test_the_streaming_route_has_no_minimum_rate(strict, up):
    """Row 234: event streams are slow."""
    def slow(connection):
        connection.read_request()
        connection.send(CHUNKED)
        for _ in range(8):
            connection.send(b"1\r\nx\r\n")
            time.sleep(0.25)
        connection.send(b"0\r\n\r\n")

    up.handler = slow
    connection = strict.connect().send(proxy("GET"))
    assert read_outcome(connection).body == b"x" * 8


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_call_s_total_time_ends_an_answer_that_goes_on(penstock, up, framing):
    """Row 235: fast enough, never idle, and too long."""
    up.handler = endless(framing, b" " * 100, 0.05)
    response, took = calls(penstock, "ca_total")
    line = assert_fails(penstock, response, "upstream_too_slow", "upstream_timeout", status=504)
    assert line["termination"] == "upstream:body"
    assert is_about(took, 1.0), took
    assert up.connections == 1


def test_a_call_s_total_time_ends_one_without_an_answer(penstock, up):
    """Row 235."""
    up.handler = scripted.never_answers
    response, took = calls(penstock, "ca_total")
    line = assert_fails(penstock, response, "upstream_timeout", status=504, begun=False)
    assert line["termination"] == "upstream:first_byte"
    assert is_about(took, 1.0), took


# --- Too large, rows 268 and 269 ------------------------------------------------------------

def test_a_length_over_the_limit_is_refused_before_the_body_is_read(penstock, up):
    """Row 268: at once, though not a byte of the body ever comes."""
    up.handler = raw(LENGTH % (RESPONSE_LIMIT + 1), "stay")
    response, took = calls(penstock)
    line = assert_fails(penstock, response, "upstream_response_too_large", begun=False)
    assert took < 0.5 * PATIENCE, "waited for the body"
    assert line["upstream_status"] == 200
    eventually(lambda: up.accepted[0].ended, what="the end of the upstream's connection")


def test_a_length_over_the_limit_is_not_read_to_its_end(penstock, up):
    """Row 268: the upstream that sends on finds nobody there."""
    sent = Tally()
    up.handler = endless("length", b" " * 65536, 0.0, sent, size=1 << 30)
    response, _ = calls(penstock)
    assert_fails(penstock, response, "upstream_response_too_large", begun=False)
    time.sleep(0.1)
    count = sent.count
    time.sleep(0.1)
    assert sent.count == count, "still read"


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_an_answer_of_unknown_length_ends_at_the_limit(penstock, up, framing):
    """Row 269: without end, at full speed; memory and the upstream's sending stay bounded."""
    sent = Tally()
    up.handler = endless(framing, b" " * 65536, 0.0, sent)
    before = penstock.rss_kib()
    response, took = calls(penstock)
    assert_fails(penstock, response, "upstream_response_too_large")
    assert took < 2.0 * PATIENCE
    assert penstock.rss_kib() - before < 4096
    time.sleep(0.1)
    count = sent.count
    time.sleep(0.1)
    assert sent.count == count, "still read"
    assert up.connections == 1, "never a retry"


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("over", [0, 1])
def test_the_limit_of_an_answer_is_exact(penstock, up, framing, over):
    """Rows 268 and 269: as many bytes pass, one more does not."""
    size = RESPONSE_LIMIT + over
    body = b'"' + b"x" * (size - 2) + b'"'
    data = head_of(framing, size) + coded(framing, body)
    up.handler = raw(data + (b"0\r\n\r\n" if framing == "chunked" else b""))
    response, _ = calls(penstock)
    if over:
        assert_fails(penstock, response, "upstream_response_too_large")
    else:
        assert response.complete and response.json()["data"] == "x" * (size - 2)


def test_the_streaming_route_has_no_such_limit(penstock, up):
    body = pattern(2 * RESPONSE_LIMIT)
    up.handler = raw(answer(body))
    connection = penstock.connect()
    assert connection.exchange(proxy("GET")).body == body


# --- Cut short, rows 231 to 233 -------------------------------------------------------------

@pytest.mark.parametrize("end", ["fin", "reset"])
@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_call_s_answer_that_breaks_off_never_looks_whole(penstock, up, framing, end):
    """Rows 231 to 233. Up to 64 KiB are held back, so that a small one is an error answer."""
    sizes, answers = [0, 1, 1000, 40_000, 100_000], []
    for size in sizes:
        body = coded(framing, b"[" + b" " * (size - 1)) if size else b""
        up.handler = raw(head_of(framing, 110_000) + body, end, 0.02)
        answers.append(calls(penstock)[0])
    assert up.connections == len(sizes), "never a retry"
    for size, response in zip(sizes, answers):
        if framing == "close" and end == "fin" and size > 65536:
            assert_fails(penstock, response, "upstream_broken_json", begun=True)
        elif framing == "close" and end == "fin":
            # It ended in order, and is no JSON; it passes as what it is, or is refused.
            assert response.complete and response.status in (200, 502), response
        else:
            assert_fails(penstock, response, "upstream_truncated", "upstream_reset",
                         begun=size > 65536)


def test_a_call_s_text_until_the_close_is_whole(penstock, up):
    """Row 233."""
    up.handler = raw(TEXT_CLOSE + b"hello")
    response, _ = calls(penstock)
    assert response.json()["data"] == "hello" and response.json()["status"] == 200


# --- Statuses and early answers, rows 253 to 257 --------------------------------------------

@pytest.mark.parametrize("status, method", [(204, "POST"), (304, "GET"), (200, "HEAD")])
def test_a_call_s_answer_that_has_no_body_has_none(penstock, up, status, method):
    """Row 253: what came instead of one is not the next call's answer."""
    data = b"HTTP/1.1 %d Odd\r\n%s\r\nhello" % (
        status, b"" if status == 204 else b"Content-Length: 5\r\n")
    up.handler = scripted.in_turn(raw(data, "stay"), scripted.echo)
    response, _ = calls(penstock, method=method)
    assert response.json()["status"] == status and response.json()["data"] is None
    response, _ = calls(penstock)
    assert response.json()["data"]["target"] == "/x" and up.connections == 2


@pytest.mark.parametrize("status", [205, 206, 416, 417])
def test_a_call_s_odd_status_is_an_answer(penstock, up, status):
    """Rows 254 and 259."""
    up.handler = raw(answer({"odd": True}, status, "Odd"), "stay")
    response, _ = calls(penstock)
    assert response.status == 200 and response.json()["status"] == status


@pytest.mark.parametrize("then", ["reads on", "closes", "resets"])
@pytest.mark.parametrize("status", [413, 401, 200])
def test_a_call_s_early_answer_is_delivered(penstock, up, status, then):
    """Rows 256 and 257: the upstream answers a large call that it has read the head of."""
    def hasty(connection):
        got = connection.read_request(body=False)
        fields = [] if then == "reads on" else [("Connection", "close")]
        connection.send(answer({"early": True}, status, "Early", fields))
        if then == "reads on":
            connection.read_body(got, time.monotonic() + STEP, to_end=False)
            return scripted.echo(connection)
        time.sleep(0.3)
        if then == "resets":
            connection.reset()

    up.handler = scripted.in_turn(hasty, scripted.echo)
    envelope = {"endpoint": "/x", "method": "POST", "connected_account_id": "ca_up",
                "body": "x" * 1_000_000}
    connection, start = penstock.connect(), time.monotonic()
    response = connection.exchange(execute(envelope))
    assert time.monotonic() - start < 0.3 * PATIENCE, "waited for the upstream to read"
    assert response.json()["status"] == status and response.json()["data"] == {"early": True}
    assert_stays(connection)
    envelope["body"] = "short"
    assert connection.exchange(execute(envelope)).json()["data"]["target"] == "/x"
    assert up.connections == 2 or then == "reads on", "the half-used connection served another"


def test_a_call_that_no_upstream_reads_or_answers_ends_in_time(penstock, up):
    """Row 258 through this door."""
    def stuck(connection):
        connection.read_request(body=False)
        scripted.never_reads(connection)

    up.handler = stuck
    envelope = {"endpoint": "/x", "method": "POST", "connected_account_id": "ca_total",
                "body": "x" * 1_000_000}
    response = penstock.connect().exchange(execute(envelope))
    assert_error(response, 504, ("upstream_write_timeout", "upstream_timeout"))
    assert response.header("x-should-retry") == "false"
