"""What the official client does after an error: tries again where that is safe, and only there.

It tries POST again on 408, 409, 429, every 5xx, connection errors and read timeouts, unless the
answer says `x-should-retry: false`; and every call of it is a POST. So the upstream is where the
tries are counted. Timeouts: the 504 comes before the client gives up, which it would answer with
another try.
"""

import contextlib
import json
import threading
import time

import composio_client
import httpx
import pytest

import harness
import official_client
import scripted
from harness import PATIENCE, Penstock, account
from official_client import Caller, assert_details
from origins import Hanging
from scripted import answer

no_detour, up, penstock = official_client.no_detour, official_client.up, official_client.penstock
client, serve, lines = official_client.client, official_client.serve, official_client.lines

SERVER = composio_client.InternalServerError
TRIES = 3
CUT = answer(b"[1, 2, 3]")[:-2]


def named(client, path):
    """A path of the row's own, by which its lines in the log are found."""
    return f"/{client.kind}{path}"


# --- x-should-retry: false ------------------------------------------------------------------

@pytest.mark.parametrize("method", ["POST", "PATCH"])
@pytest.mark.parametrize("handler, status, slug", [
    (scripted.closes_after_request, 502, "upstream_closed"),
    (scripted.fixed_then_close(CUT), 502, "upstream_truncated"),
    (scripted.fixed_then_close(b"nonsense\r\n\r\n"), 502, "upstream_protocol_error"),
    (scripted.never_answers, 504, "upstream_timeout")])
def test_a_write_that_may_have_happened_is_never_tried_again(client, up, serve, lines, method,
                                                             handler, status, slug):
    """The complaint that users of such proxies make most."""
    serve(handler)
    path = named(client, f"/written-{slug}-{method}")
    start = time.monotonic()
    with pytest.raises(SERVER) as caught:
        client.proxy(endpoint=path, method=method, body={"a": 1}, connected_account_id="ca_brief")
    assert time.monotonic() - start < 0.8 * PATIENCE, "the client waited to try again"
    assert_details(caught.value, status, slug)
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert up.received.count(f"{method} {path} HTTP/1.1\r\n".encode()) == 1
    time.sleep(0.1)
    assert [(line["status"], line["error"]) for line in lines(path, 1)] == [(status, slug)]


def test_a_write_on_a_connection_that_had_served_is_never_tried_again(client, up, serve):
    """Neither by the client nor by Penstock."""
    def once(connection):
        connection.read_request()
        connection.send(answer({"first": True}))
        connection.read_request()

    serve(once)
    assert client.proxy(endpoint="/first").status == 200
    with pytest.raises(SERVER) as caught:
        client.proxy(endpoint="/second", method="POST", body={"a": 1})
    assert_details(caught.value, 502, "upstream_closed")
    assert [each.target for each in up.requests] == ["/first", "/second"]


@pytest.mark.parametrize("method", ["GET", "PUT"])
@pytest.mark.parametrize("handler, slug", [
    (scripted.fixed_then_close(b"nonsense\r\n\r\n"), "upstream_protocol_error"),
    (scripted.fixed(answer(b"no gzip", headers=[("Content-Encoding", "gzip")])), "bad_encoding")])
def test_what_would_fail_again_is_not_tried_again(client, up, serve, method, handler, slug):
    serve(handler)
    with pytest.raises(SERVER) as caught:
        client.proxy(method=method)
    assert_details(caught.value, 502, slug)
    assert [each.method for each in up.requests] == [method]


# --- x-should-retry: true -------------------------------------------------------------------

@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_an_idempotent_call_is_tried_again_until_it_works(client, up, serve, lines, method):
    """The client's second try finds the upstream well again."""
    serve(scripted.in_turn(scripted.closes_after_request, scripted.echo))
    path = named(client, f"/again-{method}")
    assert client.proxy(endpoint=path, method=method).status == 200
    assert [each.method for each in up.requests] == [method, method]
    assert [line["status"] for line in lines(path, 2)] == [502, 200]


@pytest.mark.parametrize("handler, status, slug", [
    (scripted.closes_after_request, 502, "upstream_closed"),
    (scripted.fixed_then_close(CUT), 502, "upstream_truncated"),
    (scripted.never_answers, 504, "upstream_timeout")])
def test_an_idempotent_call_that_goes_on_failing_is_tried_three_times(client, up, serve, handler,
                                                                      status, slug):
    serve(handler)
    with pytest.raises(SERVER) as caught:
        client.proxy(connected_account_id="ca_brief")
    assert_details(caught.value, status, slug)
    assert caught.value.response.headers["x-should-retry"] == "true"
    assert caught.value.response.request.headers["x-stainless-retry-count"] == "2"
    assert up.received.count(b"GET /x HTTP/1.1\r\n") == TRIES


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_is_tried_again_even_for_a_post(client, lines, method):
    """Nothing had left: all of the client's tries are made."""
    path = named(client, f"/refused-{method}")
    with pytest.raises(SERVER) as caught:
        client.proxy(endpoint=path, method=method, connected_account_id="ca_closed")
    assert_details(caught.value, 502, "upstream_connect_failed")
    assert caught.value.response.headers["x-should-retry"] == "true"
    assert [(line["status"], line["error"]) for line in lines(path, TRIES)] == [
        (502, "upstream_connect_failed")] * TRIES


def test_how_often_is_the_client_s_to_say(client, up, serve):
    serve(scripted.closes_after_request)
    for retries in (0, 1):
        up.begin_row()
        with client.another(max_retries=retries) as other, pytest.raises(SERVER):
            other.proxy()
        assert len(up.requests) == retries + 1


def test_retry_after_is_waited_for(client, up, serve):
    """A POST that waited in vain for its account's only connection: nothing had left."""
    release = threading.Event()
    serve(scripted.when(release))
    holder = threading.Thread(target=hold, args=(client.port,))
    holder.start()
    harness.eventually(lambda: up.requests, 2.0, "the first call at the upstream")
    threading.Timer(0.6, release.set).start()
    start = time.monotonic()
    answered = client.proxy(endpoint="/waited", method="POST", connected_account_id="ca_single")
    took = time.monotonic() - start
    holder.join()
    assert answered.data["target"] == "/waited"
    # 0.1 s in the queue, a second of Retry-After; without it the second try comes after 0.5 s.
    assert 1.08 <= took < 1.6 * PATIENCE, took
    assert [each.target for each in up.requests] == ["/held", "/waited"]


def hold(port):
    with Caller("sync", port) as caller:
        caller.proxy(endpoint="/held", connected_account_id="ca_single")


def test_what_retry_after_says_is_on_every_503(client, up, serve):
    release = threading.Event()
    serve(scripted.when(release))
    holder = threading.Thread(target=hold, args=(client.port,))
    holder.start()
    try:
        harness.eventually(lambda: up.requests, 2.0, "the first call at the upstream")
        with client.another(max_retries=0) as other, pytest.raises(SERVER) as caught:
            other.proxy(method="POST", connected_account_id="ca_single")
    finally:
        release.set()
        holder.join()
    assert_details(caught.value, 503, "overloaded")
    headers = caught.value.response.headers
    assert (headers["retry-after"], headers["x-should-retry"]) == ("1", "true")


# --- Timeouts -------------------------------------------------------------------------------

def begins_a_body(connection):
    connection.read_request()
    connection.send(CUT)
    connection.wait_for_end()


PHASES = [("hanging", "connect", scripted.echo), ("tls", "tls", scripted.never_answers),
          ("base", "send", scripted.never_reads), ("base", "first_byte", scripted.never_answers),
          ("base", "body", begins_a_body)]
LARGE = json.dumps("x" * (15 << 20))


@pytest.fixture(scope="module")
def patient(up, ca_file):
    """Accounts whose own timeouts are longer than any client's."""
    long = {"connect": "20s", "first_byte": "20s", "idle": "20s"}
    with Hanging() as hanging:
        bases = {"base": up.url, "hanging": f"http://127.0.0.1:{hanging.port}",
                 "tls": f"https://localhost:{up.port}"}
        accounts = [account(up, "ca_" + name, base_url=url, timeouts=long, ca_file=ca_file)
                    for name, url in bases.items()]
        with Penstock({"accounts": accounts, "limits": {"execute_body_bytes": "16MiB"}}) as server:
            yield server


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("account_id, phase, handler", PHASES,
                         ids=[phase for _, phase, _ in PHASES])
def test_the_504_comes_before_the_client_gives_up(patient, up, serve, kind, account_id, phase,
                                                  handler):
    """Whatever the phase, and the answer says which."""
    serve(handler)
    fields = {"method": "POST", "connected_account_id": "ca_" + account_id}
    if phase == "send":
        fields["body"] = json.loads(LARGE)
    with Caller(kind, patient.port, timeout=1.5, max_retries=0) as client:
        start = time.monotonic()
        with pytest.raises(SERVER) as caught:
            client.proxy(**fields)
        took = time.monotonic() - start
    assert caught.value.status_code == 504
    assert caught.value.response.request.headers["x-stainless-read-timeout"] == "1.5"
    told = assert_details(caught.value, 504, caught.value.body["error"]["slug"])
    assert told["errors"][0].startswith(phase + ": "), told
    assert f" The phase {phase} took " in told["message"]
    assert 0.7 <= took < 1.5, took


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("timeout, said", [
    (1, "1"), (1.0, "1.0"), (httpx.Timeout(20, read=1), "1"),
    (httpx.Timeout(1, connect=5, write=5), "1")])
def test_every_way_to_say_a_timeout_is_understood(patient, up, serve, kind, timeout, said):
    """On the client or on the call."""
    serve(scripted.never_answers)
    for on_client in (True, False):
        options, fields = ({"timeout": timeout}, {}) if on_client else ({}, {"timeout": timeout})
        with Caller(kind, patient.port, max_retries=0, **options) as client:
            start = time.monotonic()
            with pytest.raises(SERVER) as caught:
                client.proxy(method="POST", **fields)
            took = time.monotonic() - start
        assert_details(caught.value, 504, "upstream_timeout")
        assert caught.value.response.request.headers["x-stainless-read-timeout"] == said
        assert 0.45 <= took < 1.0, took


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_request_timeout_is_understood_beside_the_client_s_own(patient, up, serve, kind):
    serve(scripted.never_answers)
    with Caller(kind, patient.port, max_retries=0) as client:
        start = time.monotonic()
        with pytest.raises(SERVER) as caught:
            client.proxy(method="POST", extra_headers={"Request-Timeout": "1"})
        took = time.monotonic() - start
    assert_details(caught.value, 504, "upstream_timeout")
    assert caught.value.response.request.headers["x-stainless-read-timeout"] == "60"
    assert 0.45 <= took < 1.0, took


def test_a_client_without_a_timeout_says_none(client, up):
    raw = client.raw(timeout=None)
    assert "x-stainless-read-timeout" not in raw.http_request.headers
    assert raw.status_code == 200


def test_an_upstream_within_the_timeout_is_waited_for(client, up, serve):
    serve(scripted.after(0.6))
    with client.another(timeout=2.0, max_retries=0) as other:
        assert other.proxy(method="POST").status == 200
    assert len(up.requests) == 1


def test_a_slow_read_is_three_calls_and_no_more(patient, up, serve):
    """A GET that times out each time: the client's tries do not pile up at the upstream."""
    serve(scripted.never_answers)
    with Caller("sync", patient.port, timeout=0.6) as client, pytest.raises(SERVER) as caught:
        client.proxy()
    assert_details(caught.value, 504, "upstream_timeout")
    assert up.received.count(b"GET /x HTTP/1.1\r\n") == TRIES
    harness.eventually(lambda: all(each.ended_at for each in up.accepted), 2.0,
                       "every connection of a call that timed out closed")


# --- Idempotency-Key ------------------------------------------------------------------------

def test_a_repetition_gets_the_first_answer(client, up):
    key = {"extra_headers": {"Idempotency-Key": f"repeated-{client.kind}"}}
    first = client.proxy(endpoint="/paid", method="POST", body={"a": 1}, **key)
    second = client.proxy(endpoint="/paid", method="POST", body={"a": 1}, **key)
    assert (first.status, first.data) == (second.status, second.data)
    assert [each.target for each in up.requests] == ["/paid"]


def test_a_repetition_at_the_same_time_waits_for_the_first(client, up, serve):
    serve(scripted.after(0.3))
    key = {"extra_headers": {"Idempotency-Key": f"together-{client.kind}"}}
    found = []

    def call():
        with client.another() as other:
            found.append(other.proxy(endpoint="/paid", method="POST", body={"a": 1}, **key).data)

    threads = [threading.Thread(target=call) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 5 and all(each == found[0] for each in found)
    assert [each.target for each in up.requests] == ["/paid"]


def test_an_error_that_may_be_tried_again_is_not_kept(client, up, serve):
    """The official client's own tries are under one key where its caller sets one."""
    serve(scripted.in_turn(scripted.closes_after_request, scripted.echo))
    key = {"extra_headers": {"Idempotency-Key": f"again-{client.kind}"}}
    assert client.proxy(method="PUT", body={"a": 1}, **key).status == 200
    assert len(up.requests) == 2


def test_an_error_after_which_nothing_is_known_is_kept(client, up, serve):
    serve(scripted.closes_after_request)
    key = {"extra_headers": {"Idempotency-Key": f"kept-{client.kind}"}}
    for _ in range(2):
        with pytest.raises(SERVER) as caught:
            client.proxy(method="POST", body={"a": 1}, **key)
        assert_details(caught.value, 502, "upstream_closed")
        serve(scripted.echo)
    assert len(up.requests) == 1


def test_a_first_client_that_gives_up_takes_nothing_from_one_that_waits(client, up, serve):
    serve(scripted.after(0.6))
    headers = {"Idempotency-Key": f"left-{client.kind}", "x-stainless-read-timeout": "60"}
    call = {"endpoint": "/paid", "method": "POST", "body": {"a": 1}, "extra_headers": headers}

    def hasty():
        with client.another(max_retries=0, timeout=httpx.Timeout(5, read=0.3)) as other, \
                contextlib.suppress(composio_client.APITimeoutError):
            other.proxy(**call)

    first = threading.Thread(target=hasty)
    first.start()
    time.sleep(0.1)
    assert client.proxy(**call).data["target"] == "/paid"
    first.join()
    assert [each.target for each in up.requests] == ["/paid"]
