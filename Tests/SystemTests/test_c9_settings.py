"""Compression as an operator sets it: for an account, for a route, and how much of it there is.

Row 308 is the last of these: contexts are counted, and beyond their number answers go as they are.
"""

import contextlib
import time

import pytest

from codings import (JSON, Shelf, answer_of, ask, assert_coded, assert_identity, content, fetch,
                     gzipped, prose)
from harness import KEY, PATIENCE, Penstock, Upstream, account, eventually, request
from origins import read_outcome
from resolution_cases import every
from scripted import echo

BODY = prose(2000)


@pytest.fixture(scope="module")
def up():
    with Upstream(echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    def route(path, account, **more):
        return {"path": path, "account": account, **more}

    accounts = [
        account(up, "ca_auto", compression="auto"),
        account(up, "ca_off", compression="off"),
        account(up, "ca_types", compression={"types": ["image/png", "application/x-test"]}),
        account(up, "ca_large", compression={"min_bytes": "1KiB"}),
        account(up, "ca_best", compression={"level": 9}),
        account(up, "ca_all", compression={"types": ["text/plain"], "min_bytes": 1, "level": 1})]
    routes = [
        route("/on-over-off/", "ca_off", compression="auto"),
        route("/off-over-auto/", "ca_auto", compression="off"),
        route("/set-over-off/", "ca_off", compression={"types": ["image/png"], "min_bytes": 10}),
        route("/its-account/", "ca_off"), route("/its-account-too/", "ca_auto")]
    with Penstock({"accounts": accounts, "routes": routes}) as server:
        yield server


@pytest.fixture
def shelf(up):
    yield Shelf(up)
    up.handler = echo


def through(penstock, shelf, prefix, data):
    """An answer fetched through a configured route."""
    connection = penstock.connect()
    fields = [("x-api-key", KEY), ("Accept-Encoding", "gzip")]
    connection.send(request("GET", prefix.rstrip("/") + shelf.put(data), fields))
    return read_outcome(connection)


def test_off_leaves_every_answer_alone(penstock, shelf):
    """Neither is the coding touched, nor Vary."""
    response = fetch(penstock, shelf, answer_of(BODY), "gzip", account="ca_off")
    assert_identity(response, BODY, vary=False)
    assert response.header("content-length") == str(len(BODY))
    assert_coded(fetch(penstock, shelf, answer_of(BODY), "gzip", account="ca_auto"), BODY)


def test_types_are_the_account_s(penstock, shelf):
    for kind in ("image/png", "application/x-test", "application/x-test; a=b", "Image/PNG"):
        data = answer_of(BODY, content_type=kind)
        assert_coded(fetch(penstock, shelf, data, "gzip", account="ca_types"), BODY)
    for kind in (JSON, "text/plain", "image/jpeg"):
        data = answer_of(BODY, content_type=kind)
        response = fetch(penstock, shelf, data, "gzip", account="ca_types")
        assert_identity(response, BODY, vary=False)


@pytest.mark.parametrize("name, sizes, limit", [
    ("ca_large", (256, 1023, 1024, 1025), 1024), ("ca_all", (1, 2, 255), 1)])
def test_the_smallest_size_is_the_account_s(penstock, shelf, name, sizes, limit):
    def check(size):
        data = answer_of(b"a" * size, content_type="text/plain")
        response = fetch(penstock, shelf, data, "gzip", account=name)
        if size < limit:
            assert_identity(response, b"a" * size)
        else:
            assert_coded(response, b"a" * size)

    every(sizes, check)


def test_a_higher_level_makes_less_of_it(penstock, shelf):
    body = b"".join(b'{"id": %d, "name": "%s"},\n' % (number, prose(6, number))
                    for number in range(5000))
    sizes = {}
    for name in ("ca_auto", "ca_best"):
        response = fetch(penstock, shelf, answer_of(body), "gzip", account=name)
        assert_coded(response, body)
        sizes[name] = len(response.body)
    assert sizes["ca_best"] < sizes["ca_auto"] < len(body) / 2, sizes


def test_a_route_overrides_its_account(penstock, shelf):
    data = answer_of(BODY)
    assert_coded(through(penstock, shelf, "/on-over-off/", data), BODY)
    assert_identity(through(penstock, shelf, "/off-over-auto/", data), BODY, vary=False)
    assert_identity(through(penstock, shelf, "/set-over-off/", data), BODY, vary=False)
    png = answer_of(BODY[:100], content_type="image/png")
    assert_coded(through(penstock, shelf, "/set-over-off/", png), BODY[:100])


def test_a_route_that_says_nothing_is_as_its_account(penstock, shelf):
    data = answer_of(BODY)
    assert_identity(through(penstock, shelf, "/its-account/", data), BODY, vary=False)
    assert_coded(through(penstock, shelf, "/its-account-too/", data), BODY)


def test_off_does_not_unpack_either_or_does_it_right(penstock, shelf):
    """What `off` means for a client that does not take the upstream's gzip is one of two things:
    the coded bytes, named so, or the plain ones."""
    data = answer_of(gzipped(BODY), headers=[("Content-Encoding", "gzip")])
    response = fetch(penstock, shelf, data, "identity", account="ca_off")
    assert response.complete and content(response) == BODY


# --- Row 308 --------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def narrow(up):
    config = {"accounts": [account(up, "ca_up")], "limits": {"compression_contexts": 2}}
    with Penstock(config) as server:
        yield server


def held(release, rest):
    """Sends a first piece, and the rest once it may."""
    def handler(connection, _):
        connection.send(answer_of(b"first\n", "chunked", content_type="text/plain")[:-5])
        while not release and connection.ended is None:
            time.sleep(0.005)
        connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(rest), rest))
    return handler


def test_beyond_the_contexts_answers_go_as_they_are(narrow, shelf):
    """Row 308: two streams hold a context each; when one ends, a next answer is compressed."""
    releases, rests = [[], []], [prose(50_000, 1), prose(50_000, 2)]
    streams = []
    for release, rest in zip(releases, rests):
        connection = narrow.connect()
        connection.send(ask(shelf.put(held(release, rest)), "gzip"))
        response = connection.read_head()
        assert response.header("content-encoding") == "gzip", response
        streams.append((connection, response))
    for _ in range(3):
        assert_identity(fetch(narrow, shelf, answer_of(BODY), "gzip"), BODY, vary=True)
    for (connection, response), release, rest in zip(streams, releases, rests):
        release.append(True)
        connection.read_body(response, time.monotonic() + 5 * PATIENCE, to_end=True)
        assert content(response) == b"first\n" + rest
    eventually(lambda: fetch(narrow, shelf, answer_of(BODY), "gzip").header("content-encoding"),
               what="a compressed answer")


def test_contexts_come_back_however_an_answer_ends(narrow, shelf):
    """Whole, aborted by the client, broken off by the upstream, on one connection or many."""
    def cut(connection, _):
        connection.send(answer_of(BODY, "chunked")[:-5])
        time.sleep(0.02)
        connection.reset()

    for number in range(12):
        if number % 3 == 0:
            assert not fetch(narrow, shelf, cut, "gzip").complete
        elif number % 3 == 1:
            with contextlib.closing(narrow.connect()) as connection:
                connection.send(ask(shelf.put(held([], b"")), "gzip"))
                assert connection.read_head().status == 200
                connection.reset()
        else:
            assert fetch(narrow, shelf, answer_of(BODY), "gzip").complete
    eventually(lambda: fetch(narrow, shelf, answer_of(BODY), "gzip").header("content-encoding"),
               what="a compressed answer")
    for _ in range(20):
        assert_coded(fetch(narrow, shelf, answer_of(BODY), "gzip"), BODY)
