"""C7, rows 213, 214, 217 and 218: an upstream that cannot be reached, or that hangs up at once."""

import time

import pytest

import scripted
from harness import KEY, PATIENCE, Penstock, Upstream, account, eventually, free_port
from leaving import SOON, WAYS, leave
from origins import Hanging, assert_fails, outcome, proxy

CONNECT_SECONDS = 0.5


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    timeouts = {"timeouts": {"connect": "500ms", "first_byte": "2s"}}
    accounts = [
        account(up, "ca_up", **timeouts),
        {"id": "ca_refused", "base_url": f"http://127.0.0.1:{free_port()}", **timeouts},
    ]
    with Penstock({"accounts": accounts}) as server:
        yield server


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_an_answer_within_50_ms(penstock, method):
    """Row 213."""
    data = proxy(method, account="ca_refused", body=b"x" if method == "POST" else b"")
    outcome(penstock, data)  # what the first dial of a process loads is not counted
    start = time.monotonic()
    response = outcome(penstock, data)
    assert time.monotonic() - start < 0.05 * PATIENCE
    line = assert_fails(penstock, response, "upstream_connect_failed", begun=False)
    assert line["termination"] == "upstream:connect"
    assert line["upstream_host"].startswith("127.0.0.1")
    assert "upstream_status" not in line


def test_an_address_that_never_answers_ends_at_the_connect_timeout():
    """Row 214."""
    with Hanging() as hanging:
        held = {"id": "ca_up", "base_url": f"http://127.0.0.1:{hanging.port}",
                "timeouts": {"connect": "500ms"}}
        with Penstock({"accounts": [held]}) as penstock:
            start = time.monotonic()
            response = outcome(penstock, proxy("GET"))
            took = time.monotonic() - start
            line = assert_fails(penstock, response, "upstream_connect_timeout", status=504,
                                begun=False)
            assert CONNECT_SECONDS * 0.9 < took < CONNECT_SECONDS * 1.1 + 0.1 * PATIENCE
            assert line["termination"] == "upstream:connect"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("handler", [scripted.closes_at_once, scripted.resets_at_once])
def test_a_connection_that_ends_before_the_request_is_read(penstock, up, method, handler):
    """Row 217. Which of the two it was, a write may learn before a read does; a reset may even come
    before the dial has looked, and is a refusal then."""
    up.handler = handler
    data = proxy(method, body=b"x" * 100 if method == "POST" else b"")
    response = outcome(penstock, data)
    assert_fails(penstock, response, "upstream_closed", "upstream_reset",
                 "upstream_connect_failed", begun=False)
    assert up.connections <= 2, "one retry at the most"


@pytest.mark.parametrize("body", [b"", b"x" * 100, b"x" * 100_000])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("ends, slug", [
    (scripted.closes_after_request, "upstream_closed"),
    (scripted.fixed_then_reset(), "upstream_reset")])
def test_a_fresh_connection_that_ends_without_an_answer_is_not_retried(
        penstock, up, ends, slug, method, body):
    """Row 218: on a fresh connection nothing says that the request was not processed."""
    up.handler = ends
    response = outcome(penstock, proxy(method, body=body))
    line = assert_fails(penstock, response, slug, begun=False)
    assert line["termination"] == "upstream:first_byte"
    assert [request.method for request in up.requests] == [method]
    assert up.requests[0].body == body


def test_a_502_leaves_no_trace_of_the_address_or_the_credential(penstock):
    """Row 207: what an error says of an upstream is its host and port at the most."""
    response = outcome(penstock, proxy("GET", "/path?secret=in-the-query", account="ca_refused"))
    assert b"in-the-query" not in response.body
    assert "in-the-query" not in response.raw_head.decode("latin-1")
    assert KEY.encode() not in response.body


@pytest.mark.parametrize("how", WAYS)
def test_a_client_that_leaves_while_dialling_frees_the_dial(how):
    """C8: the connection counts as in flight until then; the row's end checks descriptors."""
    with Hanging() as hanging:
        held = {"id": "ca_up", "base_url": f"http://127.0.0.1:{hanging.port}",
                "timeouts": {"connect": "20s"}}
        with Penstock({"accounts": [held]}) as penstock:
            connection = penstock.connect().send(proxy("GET"))
            eventually(lambda: penstock.metric("penstock_requests_in_flight")
                       > penstock.base_in_flight, what="the request in flight")
            left_at = leave(connection, how)
            line, = penstock.log_lines(1, event="request", account="ca_up")
            assert time.monotonic() - left_at < 2 * SOON
            assert line["error"] == "client_aborted" and line["status"] == 499
            assert line["termination"] == "downstream:connect", line
