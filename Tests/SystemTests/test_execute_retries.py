"""The execute endpoint never does a thing twice, and says whether trying again is safe.

Rows 217 to 222 through this door, where the method that counts is the envelope's and not the POST
that carried it; and `x-should-retry`, which the official client obeys.
"""

import time

import pytest

import harness
import scripted
from harness import Penstock, Upstream, account, assert_error
from resolution_cases import call, call_raw, every, header, inner, once
from scripted import answer, closes_after_request, closes_at_once, echo, in_turn

IDEMPOTENT = ["GET", "HEAD", "PUT", "DELETE"]
OTHERS = ["POST", "PATCH"]
BODIES = {"PUT": {"a": 1}, "POST": {"a": 1}, "PATCH": {"a": 1}}


@pytest.fixture(scope="module")
def up():
    with Upstream(echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    closed = {"type": "bearer", "token": "upstream-secret-of-the-closed"}
    timeouts = {"first_byte": "300ms", "idle": "1s"}
    config = {"accounts": [
        account(up, id="ca_base", timeouts=timeouts),
        {"id": "ca_closed", "auth": closed, "base_url": f"http://127.0.0.1:{harness.free_port()}"},
        {"id": "ca_unknown", "auth": closed, "base_url": "https://does-not-exist.invalid"}]}
    with Penstock(config) as server:
        yield server


@pytest.fixture
def serve(up):
    """Sets who serves the n-th connection from now on."""
    def set_handlers(*handlers):
        up.begin_row()
        time.sleep(0.02)  # until the pool has seen its connections close
        up.handler = in_turn(*handlers)
    yield set_handlers
    up.handler = echo


def send(penstock, method, **more):
    if method in BODIES:
        more.setdefault("body", BODIES[method])
    return call(penstock, "/second", method=method, **more)


def should_retry(response):
    return response.header("x-should-retry")


def copies(up):
    return [request.method for request in up.requests if request.target == "/second"]


def once_then(ending):
    """Answers one request, then meets the second in its own way."""
    def handler(connection):
        connection.read_request()
        connection.send(answer({"first": True}))
        ending(connection)
    return handler


def reset_after_request(connection):
    connection.read_request()
    connection.reset()


def warm(penstock):
    assert call(penstock, "/first").status == 200
    time.sleep(0.02)  # until the connection is in the pool


@pytest.mark.parametrize("method", IDEMPOTENT + OTHERS)
def test_a_fresh_connection_that_closes_is_not_tried_again(penstock, up, serve, method):
    """Row 218."""
    for ending, slug in ((closes_after_request, "upstream_closed"),
                         (reset_after_request, ("upstream_reset", "upstream_closed"))):
        serve(ending)
        response = send(penstock, method)
        assert_error(response, 502, slug)
        assert copies(up) == [method]
        assert should_retry(response) == ("true" if method in IDEMPOTENT else "false")


@pytest.mark.parametrize("method", IDEMPOTENT)
def test_an_idempotent_request_on_a_reused_connection_is_sent_once_more(penstock, up, serve,
                                                                       method):
    """Rows 219 and 221: two copies at the most, and one good answer."""
    for ending in (closes_after_request, reset_after_request):
        serve(once_then(ending), echo)
        warm(penstock)
        response = send(penstock, method)
        if method in ("GET", "HEAD") or response.status == 200:
            assert inner(response)["status"] == 200
            assert copies(up) == [method, method]
        else:
            assert_error(response, 502)
            assert copies(up) == [method]


def test_one_retry_is_the_most(penstock, up, serve):
    """Row 219."""
    serve(once_then(closes_after_request), closes_after_request)
    warm(penstock)
    response = send(penstock, "GET")
    assert_error(response, 502, "upstream_closed")
    assert should_retry(response) == "true"
    assert copies(up) == ["GET", "GET"]


@pytest.mark.parametrize("method, body", [("POST", {"a": 1}), ("POST", None), ("PATCH", {"a": 1}),
                                          ("PATCH", None)])
def test_what_is_not_idempotent_is_sent_exactly_once(penstock, up, serve, method, body):
    """Rows 220 and 221."""
    for ending in (closes_after_request, reset_after_request):
        serve(once_then(ending), echo)
        warm(penstock)
        response = send(penstock, method, body=body)
        assert_error(response, 502, ("upstream_closed", "upstream_reset"))
        assert should_retry(response) == "false"
        time.sleep(0.05)
        assert copies(up) == [method]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_connection_that_was_closed_while_idle_costs_nothing(penstock, up, serve, method):
    """Row 222."""
    def goes_idle_and_closes(connection):
        connection.read_request()
        connection.send(answer({"first": True}))

    serve(goes_idle_and_closes, echo)
    warm(penstock)
    assert inner(send(penstock, method))["status"] == 200
    assert copies(up) == [method]


@pytest.mark.parametrize("method", IDEMPOTENT + OTHERS)
def test_a_connection_closed_before_it_was_read_is_no_proof_of_anything(penstock, up, serve,
                                                                       method):
    """Row 217: whether a byte had left decides; where it may have, only once."""
    serve(closes_at_once, closes_at_once)
    response = send(penstock, method)
    assert_error(response, 502, ("upstream_closed", "upstream_reset"))
    if method in IDEMPOTENT:
        assert should_retry(response) == "true"
    else:
        assert should_retry(response) in ("true", "false")
        assert up.connections <= 2


@pytest.mark.parametrize("method", IDEMPOTENT + OTHERS)
def test_nothing_left_so_trying_again_is_safe(penstock, method):
    """A refused connection: the one case where a POST may be sent again."""
    response = send(penstock, method, account="ca_closed")
    assert_error(response, 502, "upstream_connect_failed")
    assert should_retry(response) == "true"


def test_a_name_that_does_not_exist_says_so(penstock):
    response = send(penstock, "POST", account="ca_unknown")
    assert_error(response, (502, 504), ("upstream_dns_failed", "upstream_dns_timeout"))
    assert should_retry(response) == "true"


@pytest.mark.parametrize("method", IDEMPOTENT + OTHERS)
def test_an_upstream_that_never_answers(penstock, up, serve, method):
    serve(scripted.never_answers)
    response = send(penstock, method)
    assert_error(response, 504, "upstream_timeout")
    assert should_retry(response) == ("true" if method in IDEMPOTENT else "false")
    assert up.connections == 1


def test_an_answer_cut_short_is_safe_to_ask_for_again_where_the_method_is(penstock, up, serve):
    for method in ("GET", "POST"):
        serve(scripted.fixed_then_close(answer({"a": "x" * 100})[:-10]))
        response = send(penstock, method)
        assert_error(response, 502, "upstream_truncated")
        assert should_retry(response) == ("true" if method == "GET" else "false")
        assert copies(up) == [method]


def test_an_answer_that_is_no_http_is_never_retried_for_a_post(penstock, up, serve):
    serve(scripted.fixed_then_close(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"))
    response = send(penstock, "POST")
    assert_error(response, 502, "upstream_protocol_error")
    assert should_retry(response) == "false"
    assert b"OpenSSH" not in response.body
    assert copies(up) == ["POST"]


def test_every_refusal_says_that_trying_again_is_vain(penstock, up):
    refusals = [
        (harness.execute({"endpoint": "/x", "method": "GET"}), 400),
        (harness.execute({"endpoint": "/x", "method": "GET"}, key="wrong"), 401),
        (harness.execute(b"{"), 400),
        (harness.execute({"endpoint": "x", "method": "GET",
                          "connected_account_id": "ca_base"}), 400),
        (harness.execute({"endpoint": "https://evil.example/", "method": "GET",
                          "connected_account_id": "ca_base"}), 400),
        (harness.execute({"endpoint": "/x", "method": "GET", "connected_account_id": "no"}), 404),
        (harness.request("GET", harness.EXECUTE, [("x-api-key", harness.KEY)]), 405),
        (harness.execute({}, path="/api/v3/tools/execute/proxy"), 410),
        (harness.request("POST", harness.EXECUTE, [
            ("x-api-key", harness.KEY), ("Content-Type", "application/json"),
            ("Content-Length", "99999999")]), 413),
        (harness.request("POST", harness.EXECUTE, [("x-api-key", harness.KEY),
                                                   ("Content-Type", "text/plain")], b"{}"), 415),
        (harness.execute({"endpoint": "/x", "method": "GET", "connected_account_id": "ca_base"},
                         [("Content-Encoding", "x-foo")]), 415),
        (harness.execute({"endpoint": "/x", "method": "GET", "connected_account_id": "ca_base",
                          "parameters": [header("Host", "evil")]}), 400)]

    def check(case):
        data, status = case
        response = once(penstock, data)
        assert_error(response, status)
        assert should_retry(response) == "false"

    every(refusals, check)
    assert up.connections == 0


def test_an_upstream_s_own_wish_is_not_the_outer_answer_s(penstock, up, serve):
    serve(scripted.fixed(answer({}, 503, "Unavailable", [("x-should-retry", "true"),
                                                         ("Retry-After", "1")])))
    response = send(penstock, "POST")
    got = inner(response)
    assert got["status"] == 503 and got["headers"]["x-should-retry"] == "true"
    assert should_retry(response) in (None, "false")
    assert response.header("retry-after") is None


def test_an_envelope_in_pieces_leaves_nothing_before_it_is_whole(penstock, up):
    """The account comes last in the official client's envelopes."""
    data = harness.execute(b'{"endpoint":"/second","method":"POST","body":{"a":1},'
                           b'"connected_account_id":"ca_base"}')
    connection = penstock.connect()
    connection.send(data[:-1])
    time.sleep(0.2)
    assert up.connections == 0
    connection.send(data[-1:])
    assert connection.read_response("POST").status == 200
    assert copies(up) == ["POST"]


def test_a_client_that_goes_away_takes_its_call_with_it(penstock, up, serve):
    """Row 86: within 100 ms, and one access line says who went."""
    serve(scripted.never_answers)
    connection = penstock.connect()
    connection.send(harness.execute({"endpoint": "/second", "method": "GET",
                                     "connected_account_id": "ca_base"},
                                    [("x-request-id", "gone-1")]))
    harness.eventually(lambda: up.requests or up.received, 2.0, "the request at the upstream")
    gone_at = time.monotonic()
    connection.reset()
    harness.eventually(lambda: up.accepted[0].ended_at, 2.0, "the upstream's connection closed")
    assert up.accepted[0].ended_at - gone_at < 0.1 * harness.PATIENCE
    line = penstock.access_line("gone-1")
    assert (line["status"], line["error"]) == (499, "client_aborted")


def test_a_call_is_not_retried_under_its_raw_spelling_either(penstock, up, serve):
    """The outer POST is never what counts: a GET inside is idempotent, a POST is not."""
    serve(once_then(closes_after_request), echo)
    warm(penstock)
    response = call_raw(penstock, b'{"method":"\\u0050OST","endpoint":"/second",'
                                  b'"connected_account_id":"ca_base"}')
    assert_error(response, 502)
    assert copies(up) == ["POST"]
