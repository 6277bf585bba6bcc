"""C7, rows 219 to 224, 253, 255, 260 and 262: which connection is used again, and what is retried.

Every row counts the copies that the upstream saw: doing a thing twice is worse than an error.
"""

import socket
import time

import pytest

import scripted
from harness import PATIENCE, Penstock, Upstream, account, eventually
from origins import assert_fails, outcome, proxy, raw, then
from scripted import answer, closes_after_request, echo, fixed_then_reset

FIRST = answer({"first": True})
ENDS = {"fin": closes_after_request, "reset": fixed_then_reset()}


@pytest.fixture(scope="module")
def up():
    with Upstream(echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [account(up, "ca_up", timeouts={"first_byte": "2s", "idle": "2s"})]
    with Penstock({"accounts": accounts}) as server:
        yield server


@pytest.fixture
def warm(penstock, up):
    """Puts a connection into the pool; its second request meets `second`, a next one `fresh`."""
    def prepare(second, fresh=echo, first=FIRST):
        up.handler = scripted.in_turn(then(first, second), fresh)
        response = outcome(penstock, proxy("GET", "/first"))
        assert response.status == 200, response
        time.sleep(0.02)  # let the connection reach the pool
    return prepare


def copies(up, target="/second"):
    return len([request for request in up.requests if request.target == target])


def is_retried(line):
    return line.get("retries", 0) == 1


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("method, body", [
    ("GET", b""), ("HEAD", b""), ("OPTIONS", b""), ("PUT", b"x" * 100), ("PUT", b""),
    ("DELETE", b""), ("DELETE", b"x" * 100)])
def test_an_idempotent_request_on_a_reused_connection_is_sent_once_more(
        penstock, up, warm, end, method, body):
    """Rows 219 and 221."""
    warm(ENDS[end])
    response = outcome(penstock, proxy(method, "/second", body=body))
    assert response.status == 200, response
    assert copies(up) == 2 and up.connections == 2
    assert [request.body for request in up.requests[1:]] == [body, body]
    assert is_retried(penstock.access_line(response.request_id))


@pytest.mark.parametrize("end, slug", [("fin", "upstream_closed"), ("reset", "upstream_reset")])
@pytest.mark.parametrize("method, body", [
    ("POST", b"x" * 100), ("POST", b""), ("PATCH", b"x"), ("PATCH", b""), ("PROPFIND", b""),
    ("POST", b"x" * 200_000), ("FROBNICATE", b"")])
def test_any_other_request_is_sent_exactly_once(penstock, up, warm, end, slug, method, body):
    """Rows 220 and 221."""
    warm(ENDS[end])
    response = outcome(penstock, proxy(method, "/second", body=body))
    line = assert_fails(penstock, response, slug, begun=False)
    assert copies(up) == 1 and up.connections == 1
    assert not is_retried(line) and line["reused"], line


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("end, slug", [("fin", "upstream_closed"), ("reset", "upstream_reset")])
def test_a_body_that_is_no_longer_held_is_not_sent_again(penstock, up, warm, end, slug, framing):
    """`limits.retry_held_bytes` is 16 KiB."""
    warm(ENDS[end])
    body, field = b"x" * 200_000, []
    if framing == "chunked":
        body, field = b"30d40\r\n" + body + b"\r\n0\r\n\r\n", [("Transfer-Encoding", "chunked")]
    response = outcome(penstock, proxy("PUT", "/second", field, body))
    assert_fails(penstock, response, slug, begun=False)
    assert copies(up) == 1


@pytest.mark.parametrize("end", ENDS)
def test_a_request_is_retried_only_once(penstock, up, warm, end):
    warm(ENDS[end], fresh=ENDS[end])
    response = outcome(penstock, proxy("GET", "/second"))
    assert_fails(penstock, response, "upstream_closed", "upstream_reset", begun=False)
    assert copies(up) == 2 and up.connections == 2


@pytest.mark.parametrize("begin", [
    b"H", b"HTTP/1.1 2", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n"])
def test_a_request_whose_answer_has_begun_is_not_retried(penstock, up, warm, begin):
    warm(lambda connection: raw(begin)(connection))
    response = outcome(penstock, proxy("GET", "/second"))
    assert_fails(penstock, response, "upstream_closed", "upstream_truncated_headers",
                 "upstream_truncated", begun=False)
    assert copies(up) == 1 and up.connections == 1


def test_a_timeout_is_not_retried(up):
    hasty = account(up, "ca_up", timeouts={"first_byte": "300ms"})
    up.handler = then(FIRST, scripted.never_answers)
    with Penstock({"accounts": [hasty]}) as penstock:
        assert outcome(penstock, proxy("GET", "/first")).status == 200
        response = outcome(penstock, proxy("GET", "/second"))
        assert_fails(penstock, response, "upstream_timeout", status=504, begun=False)
        assert up.connections == 1


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_connection_that_closed_while_idle_is_not_used(penstock, up, method):
    """Row 222."""
    up.handler = scripted.in_turn(scripted.fixed_then_close(FIRST), echo)
    assert outcome(penstock, proxy("GET", "/first")).status == 200
    time.sleep(0.1)
    response = outcome(penstock, proxy(method, "/second", body=b"once"))
    assert response.status == 200, response
    assert copies(up) == 1 and up.connections == 2
    assert not is_retried(penstock.access_line(response.request_id))


def test_a_close_that_races_the_next_request_never_doubles_a_post(penstock, up):
    """Row 222 without the pause: an error is allowed, a second copy is not."""
    up.handler = scripted.fixed_then_close(FIRST)
    connection, statuses = penstock.connect(), []
    for number in range(200):
        statuses.append(connection.exchange(proxy("POST", f"/{number}", body=b"x")).status)
    assert set(statuses) <= {200, 502} and statuses.count(200) >= 150, statuses
    targets = [request.target for request in up.requests]
    assert len(targets) == len(set(targets)), "a POST arrived twice"


@pytest.mark.parametrize("pause", [0.0, 0.1])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unsolicited_answer_is_nobody_s(penstock, up, method, pause):
    """Rows 223 and 204."""
    foreign = answer({"foreign": True})

    def speaks_twice(connection):
        if connection.read_request():
            connection.send(FIRST)
            time.sleep(pause)
            connection.send(foreign)
            connection.wait_for_end()

    up.handler = scripted.in_turn(speaks_twice, echo)
    before = unsolicited(penstock)
    assert outcome(penstock, proxy("GET", "/first")).json() == {"first": True}
    time.sleep(pause + 0.1)
    response = outcome(penstock, proxy(method, "/second", body=b"x" * (method == "POST")))
    assert response.json()["target"] == "/second"
    assert copies(up) == 1 and up.connections == 2
    if pause:
        eventually(lambda: unsolicited(penstock) > before, what="the count of unsolicited answers")


def unsolicited(penstock):
    return sum(value for sample, value in penstock.metrics().items()
               if 'slug="upstream_unsolicited"' in sample)


@pytest.mark.parametrize("extra", [b"x", b"\r\n", b"EXTRA" * 1000, answer({"foreign": True})])
@pytest.mark.parametrize("length", [0, 3])
def test_bytes_after_the_length_go_with_the_connection(penstock, up, extra, length):
    """Rows 224 and 255."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()
    up.handler = scripted.in_turn(raw(head + b"abc"[:length] + extra, end="stay"), echo)
    connection = penstock.connect()
    first = connection.exchange(proxy("GET", "/first"))
    assert (first.status, first.body) == (200, b"abc"[:length])
    assert first.header("content-length") == str(length)
    second = connection.exchange(proxy("POST", "/second", body=b"x"))
    assert second.json()["target"] == "/second"
    assert up.connections == 2


def test_bytes_after_the_last_chunk_go_with_the_connection(penstock, up):
    data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nEXTRA"
    up.handler = scripted.in_turn(raw(data, end="stay"), echo)
    connection = penstock.connect()
    assert connection.exchange(proxy("GET", "/first")).body == b"abc"
    assert connection.exchange(proxy("GET", "/second")).json()["target"] == "/second"
    assert up.connections == 2


BODILESS = {
    "204": ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    "304": ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"),
    "304 with a length": ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
    "HEAD": ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    "HEAD, chunked": ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
}


@pytest.mark.parametrize("case", BODILESS)
def test_an_answer_that_has_no_body_has_none(penstock, up, case):
    """Row 253: what came instead of one is not the next answer."""
    method, head = BODILESS[case]
    up.handler = scripted.in_turn(raw(head + b"hello", end="stay"), echo)
    connection = penstock.connect()
    assert connection.exchange(proxy(method, "/first")).complete
    assert connection.exchange(proxy("GET", "/second")).json()["target"] == "/second"
    assert up.connections == 2


@pytest.mark.parametrize("case", BODILESS)
def test_a_bodiless_answer_leaves_the_connection_usable(penstock, up, case):
    method, head = BODILESS[case]
    up.handler = then(head, echo)
    connection = penstock.connect()
    assert connection.exchange(proxy(method, "/first")).complete
    assert connection.exchange(proxy("GET", "/second")).json()["target"] == "/second"
    assert up.connections == 1


def test_an_upstream_that_half_closes_is_not_reused(penstock, up):
    """Row 260."""
    def half_closes(connection):
        if connection.read_request():
            connection.send(FIRST)
            connection.sock.shutdown(socket.SHUT_WR)
            connection.wait_for_end()

    up.handler = scripted.in_turn(half_closes, echo)
    connection = penstock.connect()
    assert connection.exchange(proxy("GET", "/first")).json() == {"first": True}
    time.sleep(0.1)  # or the POST is sent before the FIN, and may not be sent again
    second = connection.exchange(proxy("POST", "/second", body=b"x"))
    assert second.status == 200 and copies(up) == 1 and up.connections == 2


@pytest.mark.parametrize("field", [("Connection", "close"), ("connection", "Close, x")])
def test_connection_close_is_believed(penstock, up, field):
    up.handler = scripted.in_turn(
        raw(answer({"first": True}, headers=[field]), end="stay"), echo)
    connection = penstock.connect()
    first = connection.exchange(proxy("GET", "/first"))
    assert first.json() == {"first": True}
    assert "close" not in (first.header("connection") or ""), "hop by hop, not the client's"
    assert connection.exchange(proxy("POST", "/second", body=b"x")).status == 200
    assert up.connections == 2 and copies(up) == 1


def test_an_http_1_0_upstream_is_not_reused_without_keep_alive(penstock, up):
    data = b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"
    up.handler = scripted.in_turn(raw(data, end="stay"), echo)
    connection = penstock.connect()
    first = connection.exchange(proxy("GET", "/first"))
    assert (first.body, first.version) == (b"ok", "HTTP/1.1")
    assert connection.exchange(proxy("GET", "/second")).status == 200
    assert up.connections == 2


def test_an_upstream_that_closes_its_idle_connections_is_no_error(penstock, up):
    """Row 262."""
    def closes_after_a_second(connection):
        if connection.read_request():
            connection.send(answer({"first": True}, headers=[("Keep-Alive", "timeout=1")]))
            time.sleep(1.0)

    up.handler = scripted.in_turn(closes_after_a_second, echo)
    connection = penstock.connect()
    assert connection.exchange(proxy("GET", "/first")).status == 200
    time.sleep(1.5)
    assert connection.exchange(proxy("POST", "/second", body=b"x")).status == 200
    assert copies(up) == 1


def test_the_pool_of_one_account_never_serves_another(up):
    """Row 203 in small: same origin, two accounts, two pools."""
    up.handler = echo
    accounts = [account(up, "ca_a"), account(up, "ca_b")]
    with Penstock({"accounts": accounts}) as penstock:
        connection = penstock.connect()
        for number in range(50):
            name = "ca_" + "ab"[number % 2]
            got = connection.exchange(proxy("GET", f"/{number}", account=name)).json()
            assert ["authorization", f"Bearer upstream-secret-of-{name}"] in got["headers"]
        assert up.connections == 2
        for each in up.accepted:
            assert len({request.header("authorization") for request in each.requests}) == 1


def test_an_idle_connection_is_closed_at_its_idle_timeout(up):
    up.handler = echo
    accounts = [account(up, "ca_up", pool={"idle_timeout": "300ms"})]
    with Penstock({"accounts": accounts}) as penstock:
        assert outcome(penstock, proxy("GET")).status == 200
        start = time.monotonic()
        eventually(lambda: up.accepted[0].ended_at, what="the end of the idle connection")
        assert 0.2 < time.monotonic() - start < 1.5 * PATIENCE
