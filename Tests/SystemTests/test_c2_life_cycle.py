"""C2, rows 78 to 92: the life of a client's connection."""

import time

import pytest

import scripted
from good_requests import call
from harness import (EXECUTE, KEY, Penstock, Upstream, account, assert_closed, assert_error,
                     assert_silent, assert_stays, eventually, request)

BODY_LIMIT = 65536


@pytest.fixture(scope="module")
def slow():
    """An upstream that answers after 0.4 s."""
    with Upstream(scripted.after(0.4)) as server:
        yield server


@pytest.fixture(scope="module")
def mute():
    """An upstream that never answers."""
    with Upstream(scripted.never_answers) as server:
        yield server


@pytest.fixture(scope="module")
def accounts(upstream, slow, mute):
    return [account(upstream), account(slow, "ca_slow"), account(mute, "ca_mute")]


@pytest.fixture(scope="module")
def penstock(accounts):
    config = {"accounts": accounts, "limits": {"execute_body_bytes": BODY_LIMIT}}
    with Penstock(config) as server:
        yield server


@pytest.fixture(scope="module")
def hasty(accounts):
    """A server with a short keep-alive, by time and by count."""
    config = {"accounts": accounts, "timeouts": {"keep_alive": "300ms"},
              "limits": {"keepalive_requests": 5}}
    with Penstock(config) as server:
        yield server


@pytest.fixture(scope="module")
def patient(accounts):
    """A server that serves clients who have closed their side, and counts no requests."""
    config = {"accounts": accounts, "limits": {"keepalive_requests": 1_000_000},
              "listen": [{"address": "127.0.0.1:{port}", "half_close": "serve"}]}
    with Penstock(config) as server:
        yield server


# --- How long a connection lives ------------------------------------------------------------

def test_row_078_a_thousand_requests(penstock):
    connection = penstock.connect()
    for number in range(1, 1001):
        response = connection.exchange(request("GET", "/healthz"))
        assert response.status == 200
        closes = "close" in (response.header("connection") or "").lower()
        assert closes == (number == 1000), f"request {number}: {response}"
    assert_closed(connection, response)


def test_row_078_configured_maximum(hasty):
    connection = hasty.connect()
    for _ in range(4):
        assert_stays(connection)
    response = connection.exchange(request("GET", "/healthz"))
    assert response.status == 200
    assert_closed(connection, response)


def test_row_078_pipelined_past_the_maximum(hasty):
    connection = hasty.connect()
    connection.send(request("GET", "/healthz") * 8)
    answers = [connection.read_response() for _ in range(5)]
    assert [answer.status for answer in answers] == [200] * 5
    assert_closed(connection, answers[-1])


def test_row_079_idle(hasty):
    connection = hasty.connect()
    assert_stays(connection)
    since = time.monotonic()
    assert_silent(connection, 2)
    assert connection.ended == "fin"
    assert time.monotonic() - since > 0.25


@pytest.mark.parametrize("data", [
    pytest.param(request("GET", "/healthz", version="HTTP/1.0"), id="healthz"),
    pytest.param(call(version="HTTP/1.0"), id="execute"),
])
def test_row_080_http_1_0(penstock, data):
    connection = penstock.connect()
    response = connection.exchange(data)
    assert response.status == 200
    assert response.chunks is None, "a 1.0 client cannot read chunks"
    assert connection.is_closed(3)
    assert connection.ended == "fin"


def test_row_080_http_1_0_keep_alive(penstock):
    connection = penstock.connect()
    data = request("GET", "/healthz", {"Connection": "keep-alive"}, version="HTTP/1.0")
    assert connection.exchange(data).status == 200
    assert connection.exchange(data).status == 200
    assert connection.is_quiet(0.1)


def test_row_081_close(penstock):
    connection = penstock.connect()
    response = connection.exchange(request("GET", "/healthz", {"Connection": "close"}))
    assert response.status == 200
    assert_closed(connection, response)


def test_row_081_close_with_unread_bytes(penstock):
    """What the client sends past its last request must not turn the close into a reset."""
    connection = penstock.connect()
    connection.send(request("GET", "/healthz", {"Connection": "close"}) + b"x" * 100_000)
    response = connection.read_response()
    assert response.status == 200
    assert_closed(connection, response)


# --- Pipelining -----------------------------------------------------------------------------

def test_row_082_garbage_between(penstock):
    connection = penstock.connect()
    connection.send(request("GET", "/healthz") + b"garbage\r\n\r\n" + request("GET", "/healthz"))
    assert connection.read_response().status == 200
    response = connection.read_response()
    assert_error(response, 400, "malformed_request")
    assert_closed(connection, response)


def test_row_082_garbage_behind_execute(penstock, slow):
    connection = penstock.connect()
    connection.send(call("ca_slow") + b"garbage\r\n\r\n" + request("GET", "/healthz"))
    response = connection.read_response()
    assert response.status == 200 and response.json()["status"] == 200
    response = connection.read_response()
    assert_error(response, 400, "malformed_request")
    assert_closed(connection, response)
    assert len(slow.requests) == 1


def test_row_083_ten_thousand_pipelined(patient):
    """Twice: the first time may warm buffers up, the second must not grow anything."""
    connection = patient.connect(receive_buffer=4096)
    resident = []
    for _ in range(2):
        sender = connection.send_in_background(request("GET", "/healthz"), 10_000)
        time.sleep(0.3)
        resident.append(patient.rss_kib())
        for _ in range(10_000):
            assert connection.read_response().status == 200
        sender.join(5)
        assert not sender.is_alive()
    assert resident[1] - resident[0] < 2048
    assert_stays(connection)


def test_row_083_reading_stops(patient):
    """More answers than any kernel buffer holds: a server that reads on has to keep them."""
    connection = patient.connect(receive_buffer=4096)
    before = patient.rss_kib()
    sender = connection.send_in_background(request("GET", "/healthz") * 1000, 1500)
    sent = -1
    while sender.sent > sent:
        sent = sender.sent
        time.sleep(0.3)
    assert sender.is_alive() and not sender.error, "nothing ever stopped the reading"
    assert patient.rss_kib() - before < 16384
    connection.reset()


def test_row_084_answers_in_order(penstock, slow):
    connection = penstock.connect()
    connection.send(call("ca_slow", {"x-request-id": "row84-first"})
                    + request("GET", "/healthz", {"x-request-id": "row84-second"}))
    assert connection.is_quiet(0.2)
    first, second = connection.read_response(), connection.read_response()
    assert (first.request_id, second.request_id) == ("row84-first", "row84-second")
    assert first.json()["status"] == 200
    assert second.status == 200
    assert len(slow.requests) == 1
    assert_stays(connection)


# --- Clients that leave ---------------------------------------------------------------------

def leaves(penstock, mute, connection, id, leave, route="execute"):
    """The client leaves while its answer is pending: the upstream is let go at once."""
    if route == "execute":
        connection.send(call("ca_mute", {"x-request-id": id}))
    else:
        connection.send(request("POST", "/proxy/ca_mute/x", {"x-request-id": id, "x-api-key": KEY},
                                b"hello"))
    eventually(lambda: mute.accepted and b"\r\n\r\n" in mute.accepted[0].received,
               what="the request at the upstream")
    leave()
    eventually(lambda: mute.accepted[0].ended, 0.1, "the upstream connection's end")
    line = penstock.access_line(id)
    assert line["status"] == 499
    assert line["error"] == "client_aborted"
    assert line["termination"].startswith("downstream:")
    assert mute.connections == 1


@pytest.mark.parametrize("account_id", ["ca_echo", "ca_slow"])
def test_row_085_half_close_served(patient, account_id):
    connection = patient.connect()
    connection.send(call(account_id))
    connection.half_close()
    response = connection.read_response("POST")
    assert response.status == 200 and response.json()["status"] == 200
    assert connection.is_closed(3)
    assert connection.ended == "fin"


def test_row_085_half_close_cancels_by_default(penstock, mute):
    connection = penstock.connect()
    leaves(penstock, mute, connection, "row85-default", connection.half_close)
    assert_silent(connection, 3)


@pytest.mark.parametrize("route", ["execute", "proxy"])
def test_row_086_reset_in_flight(penstock, mute, route):
    connection = penstock.connect()
    leaves(penstock, mute, connection, f"row86-{route}", connection.reset, route)


@pytest.mark.parametrize("route", ["execute", "proxy"])
def test_row_087_close_in_flight(penstock, mute, route):
    connection = penstock.connect()
    leaves(penstock, mute, connection, f"row87-{route}", connection.close, route)


# --- Expect: 100-continue -------------------------------------------------------------------

EXPECT = {"Expect": "100-continue"}


def split(data):
    """Head and body of a request."""
    head, body = data.split(b"\r\n\r\n", 1)
    return head + b"\r\n\r\n", body


@pytest.mark.parametrize("token", ["100-continue", "100-Continue"])
def test_row_088_continue(penstock, upstream, token):
    head, body = split(call(headers={"Expect": token}))
    connection = penstock.connect()
    connection.send(head)
    since = time.monotonic()
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert connection.take(len(interim), since + 1) == interim
    assert time.monotonic() - since < 0.1
    assert connection.is_quiet(0.05)
    assert upstream.connections == 0
    response = connection.exchange(body, "POST")
    assert response.status == 200 and response.json()["status"] == 200
    assert response.interim == []
    assert_stays(connection)


def test_row_093_interim_has_no_framing(penstock):
    """`read_head` refuses a framing field on any 1xx."""
    head, body = split(call(headers=EXPECT))
    connection = penstock.connect()
    connection.send(head)
    assert not connection.is_quiet(1)
    assert [each.status for each in connection.exchange(body, "POST").interim] == [100]


@pytest.mark.parametrize("head, status, slug", [
    pytest.param(split(call(headers=EXPECT, key="wrong"))[0], 401, "unauthorized", id="key"),
    pytest.param(split(call(headers=EXPECT, key=None))[0], 401, "unauthorized", id="no key"),
    pytest.param(call(headers={**EXPECT, "Content-Length": BODY_LIMIT + 1}).split(b"{")[0], 413,
                 "body_too_large", id="length"),
    pytest.param(request("POST", "/nowhere", {**EXPECT, "Content-Length": 5}), 404, None,
                 id="route"),
    pytest.param(request("POST", "/healthz", {**EXPECT, "Content-Length": 5}), 405,
                 "method_not_allowed", id="method"),
    pytest.param(request("POST", "/proxy/ca_echo/x", {**EXPECT, "Content-Length": 5}), 401,
                 "unauthorized", id="proxy"),
])
def test_row_089_refused_without_continue(penstock, upstream, head, status, slug):
    connection = penstock.connect()
    response = connection.exchange(head)
    assert_error(response, status, slug)
    assert response.interim == []
    assert_closed(connection, response)
    assert upstream.connections == 0


def test_row_090_expect_in_1_0(penstock):
    head, body = split(call(headers=EXPECT, version="HTTP/1.0"))
    connection = penstock.connect()
    connection.send(head)
    assert connection.is_quiet(0.2)
    response = connection.exchange(body, "POST")
    assert response.status == 200
    assert response.interim == []


def test_row_091_body_without_waiting(penstock):
    connection = penstock.connect()
    response = connection.exchange(call(headers=EXPECT))
    assert response.status == 200 and response.json()["status"] == 200
    assert [each.status for each in response.interim] in ([], [100])
    assert_stays(connection)


def test_row_092_too_large_while_sending(penstock, upstream):
    """The answer is readable while the client still sends, and nobody reads the 100 MiB."""
    connection = penstock.connect()
    connection.send(request("POST", EXECUTE, {
        "Content-Type": "application/json", "x-api-key": KEY, "Content-Length": 100 << 20,
        "x-request-id": "row92"}))
    sender = connection.send_in_background(b"x" * 65536, 1600)
    response = connection.read_response("POST", timeout=2.0)
    assert_error(response, 413, "body_too_large")
    assert response.header("connection").lower() == "close"
    eventually(lambda: sender.error, 4.0, "the end of the client's sending")
    assert sender.sent < 32 << 20
    assert penstock.access_line("row92")["bytes_received"] <= 1 << 20
    assert upstream.connections == 0
