"""An answer that comes too late is a 504 that comes in time, and says where the time went.

The phase that took longest stands in `message` and first in `errors`; the client's own timeout, its
`Request-Timeout` and the account's `total` all end a call, whatever it is busy with.
"""

import json
import re
import time

import pytest

import scripted
from harness import (KEY, PATIENCE, Penstock, Upstream, account, assert_error, assert_stays,
                     execute, request)
from origins import Hanging
from scripted import answer

TOTAL = 500  # milliseconds, by each of the three ways
WAYS = {"stainless": [("x-stainless-read-timeout", "1")], "request": [("Request-Timeout", "1")],
        "javascript": [("X-Stainless-Timeout", "1")],
        "total": []}
TIMEOUTS = {"connect": "20s", "first_byte": "20s", "idle": "20s"}
ENTRY = re.compile(r"([a-z_]+): ([0-9]+) ms of ([0-9]+) ms")
LARGE = json.dumps("x" * (15 << 20))  # more than the sockets of a connection hold


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def hanging():
    with Hanging() as each:
        yield each


@pytest.fixture(scope="module")
def penstock(up, hanging, ca_file):
    bases = {"up": up.url, "hanging": f"http://127.0.0.1:{hanging.port}",
             "tls": f"https://localhost:{up.port}"}
    accounts = []
    for name, url in bases.items():
        fields = {"base_url": url, "ca_file": ca_file}
        accounts.append(account(up, name, timeouts=TIMEOUTS, **fields))
        accounts.append(account(up, name + "_total", timeouts={**TIMEOUTS, "total": "500ms"},
                                **fields))
        accounts.append(account(up, name + "_limits", **fields, timeouts={
            "connect": "500ms", "first_byte": "500ms", "idle": "500ms"}))
    accounts.append(account(up, "single", timeouts=TIMEOUTS, pool={"connections": 1}))
    config = {"accounts": accounts, "execute": {"deadline_margin": "500ms"},
              "limits": {"execute_body_bytes": "16MiB"}}
    with Penstock(config) as server:
        yield server


def call(penstock, account_id, headers=(), body="null", method="POST"):
    envelope = (f'{{"endpoint":"/secret-path?q=secret-query","method":"{method}","body":{body},'
                f'"connected_account_id":"{account_id}"}}').encode()
    connection = penstock.connect()
    start = time.monotonic()
    response = connection.exchange(execute(envelope, headers))
    return response, (time.monotonic() - start) * 1000, connection


def entries(error):
    """The phases of an error and their milliseconds, and the milliseconds in all."""
    found = [ENTRY.fullmatch(each) for each in error["errors"]]
    assert all(found), error
    totals = {int(each[3]) for each in found}
    assert len(totals) == 1, error
    return [(each[1], int(each[2])) for each in found], totals.pop()


def assert_names(response, status, slug, phase):
    """The first phase is this one, in `errors` and in the message, and nothing else is told."""
    error = assert_error(response, status, slug)
    times, total = entries(error)
    assert times[0][0] == phase, error
    assert times[0][1] == max(each for _, each in times), error
    assert total - 10 <= sum(each for _, each in times) <= total, error
    assert error["message"].endswith(
        f". The phase {phase} took {times[0][1]} ms of {total} ms."), error
    text = response.body.decode()
    for hidden in ("secret", "127.0.0.1", "localhost", "/"):
        assert hidden not in text.replace(error["suggested_fix"], ""), error
    return times, total


def begins_a_body(connection):
    connection.read_request()
    connection.send(answer(b"[" + b"1" * 1000)[:-500])
    connection.wait_for_end()


PHASES = [
    ("hanging", "connect", "upstream_connect_timeout", scripted.echo, "null"),
    ("tls", "tls", "upstream_tls_timeout", scripted.never_answers, "null"),
    ("up", "send", "upstream_write_timeout", scripted.never_reads, LARGE),
    ("up", "first_byte", "upstream_timeout", scripted.never_answers, '{"a":1}'),
    ("up", "body", "upstream_too_slow", begins_a_body, "null")]


@pytest.mark.parametrize("way", [*WAYS, "limits"])
@pytest.mark.parametrize("account_id, phase, slug, handler, body", PHASES,
                         ids=[phase for _, phase, *_ in PHASES])
def test_a_504_names_the_phase_that_ate_the_time(penstock, up, account_id, phase, slug, handler,
                                                 body, way):
    up.handler = handler
    suffix = "_" + way if way in ("total", "limits") else ""
    response, took, connection = call(penstock, account_id + suffix, WAYS.get(way, ()), body)
    times, total = assert_names(response, 504, slug, phase)
    assert times[0][1] > TOTAL * 0.7, times
    # What the peer's socket still takes puts the end of a stalled write off, once.
    most = TOTAL * 2 if (phase, way) == ("send", "limits") else TOTAL * 1.1
    assert TOTAL * 0.9 <= total <= most + 200 * PATIENCE, total
    assert total <= took + 10, (total, took)
    if way in ("stainless", "request", "javascript"):
        assert took < 1000, "the client has given up"
    line = penstock.access_line(response.request_id)
    assert line["termination"] == f"upstream:{phase}"
    assert response.header("x-should-retry") == (
        "true" if phase in ("connect", "tls") else "false")
    assert_stays(connection)


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_trying_an_idempotent_call_again_can_help(penstock, up, method):
    up.handler = scripted.never_answers
    response, _, _ = call(penstock, "up_total", method=method)
    assert_names(response, 504, "upstream_timeout", "first_byte")
    assert response.header("x-should-retry") == "true"


def test_a_phase_before_the_last_one_may_have_eaten_the_time(penstock, up, authority):
    """The slug is the last one's, for what may be tried again depends on it."""
    context = scripted.tls_context(authority)

    def slow_handshake(connection):
        time.sleep(0.4)
        connection.sock = context.wrap_socket(connection.sock, server_side=True)
        connection.wait_for_end()

    up.handler = slow_handshake
    response, _, _ = call(penstock, "tls_total")
    times, _ = assert_names(response, 504, "upstream_timeout", "tls")
    assert 380 <= dict(times)["tls"] < 480 and dict(times)["first_byte"] > 20, times
    assert response.header("x-should-retry") == "false"


def test_a_client_that_sends_slowly_eats_its_own_time(penstock, up):
    up.handler = scripted.never_answers
    data = execute({"endpoint": "/x", "method": "GET", "connected_account_id": "up"},
                   WAYS["stainless"])
    connection = penstock.connect().send(data[:-10])
    time.sleep(0.35)
    connection.send(data[-10:])
    response = connection.read_response("POST")
    times, _ = assert_names(response, 504, "upstream_timeout", "receive")
    assert 330 <= dict(times)["receive"] < 450 and dict(times)["first_byte"] > 50, times


def test_a_first_try_that_was_in_vain_is_counted(penstock, up):
    """A connection that had served before ends after a while, and the second try has the rest."""
    def ends_late(connection):
        connection.read_request()
        connection.send(answer({"first": True}))
        connection.read_request()
        time.sleep(0.3)

    up.handler = scripted.in_turn(ends_late, scripted.never_answers)
    assert call(penstock, "up")[0].status == 200
    time.sleep(0.02)  # until the connection is in the pool
    response, _, _ = call(penstock, "up", WAYS["stainless"], method="GET")
    times, total = assert_names(response, 504, "upstream_timeout", "first_byte")
    assert times[0][1] > total - 50, times
    assert penstock.access_line(response.request_id)["retries"] == 1


@pytest.mark.parametrize("way", ["stainless", "request"])
def test_waiting_for_a_connection_ends_before_the_client_gives_up(penstock, up, way):
    """`timeouts.connect` is longer than the client waits."""
    up.handler = scripted.never_answers
    first = penstock.connect().send(execute(
        {"endpoint": "/x", "method": "GET", "connected_account_id": "single"}))
    time.sleep(0.1)
    response, took, _ = call(penstock, "single", WAYS[way])
    assert_names(response, 503, "overloaded", "queue")
    assert TOTAL * 0.9 < took < 1000, took
    assert response.header("x-should-retry") == "true"
    assert response.header("retry-after") == "1"
    assert up.received.count(b" HTTP/1.1\r\n") == 1
    first.close()


def test_the_streaming_route_names_it_too(penstock, up):
    up.handler = scripted.never_answers
    response = penstock.connect().exchange(
        request("GET", "/proxy/up_total/x", [("x-api-key", KEY)]))
    assert_names(response, 504, "upstream_timeout", "first_byte")


def test_a_refusal_has_no_times(penstock):
    response, _, _ = call(penstock, "none")
    assert assert_error(response, 404)["errors"] == []
