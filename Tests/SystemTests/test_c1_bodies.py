"""C1, rows 62 to 73: bodies that end early, late or not at all, and what is no HTTP."""

import random
import ssl
import time

import pytest

from good_requests import CHUNKED, JSON, post
from harness import (Ended, Penstock, account, assert_closed, assert_error, assert_stays, chunked,
                     execute, named, request)


@pytest.fixture(scope="module")
def hasty(upstream):
    """A server that does not wait long for a body."""
    config = {"accounts": [account(upstream)], "timeouts": {"body_idle": "300ms"}}
    with Penstock(config) as server:
        yield server


def test_row_062_never_finished(hasty, upstream, route):
    connection = hasty.connect()
    connection.send(post(route, CHUNKED, body=b"20\r\n" + JSON[:10]))
    since = time.monotonic()
    response = connection.read_response()
    assert_error(response, 408, "request_timeout")
    assert time.monotonic() - since > 0.2
    assert_closed(connection, response)
    assert not any(each.complete for each in upstream.requests)


def test_row_063_short_body(penstock, upstream, route):
    id = f"row63-{route}"
    connection = penstock.connect()
    connection.send(post(route, b"Content-Length: 100", b"x-request-id: " + id.encode(),
                         body=JSON[:32]))
    connection.half_close()
    try:
        response = connection.read_response()
        assert_error(response, 400, "incomplete_body")
        assert connection.is_closed(3)
    except Ended:
        assert not connection.received
    assert not any(each.complete for each in upstream.requests)
    line = penstock.access_line(id)
    assert line["termination"].startswith("downstream:")
    assert line["status"] in (400, 499)


def test_row_064_no_body_is_an_empty_one(penstock):
    connection = penstock.connect()
    response = connection.exchange(post("execute"), "POST")
    assert_error(response, 400, "invalid_json")
    assert_stays(connection)


def test_row_065_body_where_none_is_read(penstock):
    connection = penstock.connect()
    connection.send(request("GET", "/healthz", body=b"hello") + request("GET", "/healthz"))
    assert connection.read_response().status == 200
    assert connection.read_response().status == 200
    assert_stays(connection)


def test_row_065_chunked_body_where_none_is_read(penstock):
    connection = penstock.connect()
    data = request("GET", "/healthz", {"Transfer-Encoding": "chunked"}, chunked(b"GET /", b"x"))
    connection.send(data + request("GET", "/healthz"))
    assert connection.read_response().status == 200
    assert connection.read_response().status == 200
    assert_stays(connection)


@pytest.mark.parametrize("body", [b"", b"hello"])
def test_row_066_head(penstock, body):
    connection = penstock.connect()
    got = connection.exchange(request("GET", "/healthz"))
    head = connection.exchange(request("HEAD", "/healthz", body=body))

    def stable(response):
        return [(name, value) for name, value in response.headers
                if name not in ("date", "x-request-id")]

    assert head.status == 200
    assert stable(head) == stable(got)
    assert head.header("content-length") == str(len(got.body))
    assert connection.is_quiet(0.05)
    assert_stays(connection)


def test_row_067_length_then_chunked(refused, route):
    refused(post(route, b"Content-Length: 6", CHUNKED, body=b"0\r\n\r\nG"))


SMUGGLED = b"GET /admin HTTP/1.1\r\nX: "


@pytest.mark.parametrize("fields, body", [
    pytest.param([b"Content-Length: 30"], SMUGGLED.ljust(30, b"x"), id="CL"),
    pytest.param([CHUNKED], chunked(SMUGGLED), id="chunked"),
    pytest.param([b"Content-Length: 300000"], SMUGGLED.ljust(300_000, b"x"), id="long"),
])
def test_row_068_error_before_the_body(penstock, upstream, route, fields, body):
    connection = penstock.connect()
    connection.send(post(route, *fields, key=False, body=body))
    connection.send(request("GET", "/healthz"))
    response = connection.read_response()
    assert_error(response, 401, "unauthorized")
    if "close" in (response.header("connection") or "").lower():
        assert connection.read_all(3) == b""
    else:
        assert connection.read_response().status == 200
        assert connection.is_quiet(0.05)
        assert_stays(connection)
    assert upstream.connections == 0


@pytest.mark.parametrize("fields", named([
    [b"Expect: y 100-continue"], [b"Expect: 100-continue, x"], [b"Expect: 100-continue;q=1"],
    [b"Expect: 100"], [b"Expect: 100-continue, 100-continue"],
]))
def test_row_069_expectations(refused, route, fields):
    refused(post(route, *fields, b"Content-Length: %d" % len(JSON), body=JSON),
            417, "expectation_failed")


@pytest.mark.parametrize("fields", named([
    [b"Expect: 100-continue", b"Expect: 100-continue"], [b"Expect: 100-continue", b"Expect: x"],
    [b"Expect:"], [b"Expect:\r\n 100-continue"], [b"Expect"],
]))
def test_row_069_expectation_syntax(refused, route, fields):
    refused(post(route, *fields, b"Content-Length: %d" % len(JSON), body=JSON),
            (400, 417), ("malformed_request", "expectation_failed"))


def test_row_070_nul_after_chunked(penstock, route):
    connection = penstock.connect()
    connection.send(post(route, CHUNKED, body=chunked(JSON)) + b"\0")
    assert connection.read_response().status == 200
    response = connection.read_response()
    assert_error(response, 400, "malformed_request")
    assert_closed(connection, response)


@pytest.mark.parametrize("value, stays", [
    ("keep-alive, close", False), ("close, X-API-Key", False), ("X-API-Key", True),
    ("CLOSE", False), ("x-api-key, content-type, host", True),
])
def test_row_071_connection_options(penstock, upstream, route, value, stays):
    connection = penstock.connect()
    data = post(route, b"Connection: " + value.encode(), b"Content-Length: %d" % len(JSON),
                body=JSON)
    response = connection.exchange(data)
    assert response.status == 200, response
    assert len(upstream.requests) == 1
    if stays:
        assert_stays(connection)
    else:
        assert_closed(connection, response)


@pytest.mark.parametrize("fields", [
    [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
     ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")],
    [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"),
     ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")],
    [("Connection", "Upgrade")], [("Upgrade", "websocket")],
], ids=["websocket", "h2c", "connection alone", "upgrade alone"])
@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
def test_row_072_no_upgrade_on_execute(penstock, upstream, fields, version):
    connection = penstock.connect()
    response = connection.exchange(execute(JSON, fields, version=version))
    assert response.status == 200, response
    assert response.interim == []
    assert len(upstream.requests) == 1
    assert not upstream.requests[0].all("upgrade")
    if version == "HTTP/1.1":
        assert_stays(connection)


def refused_or_silent(penstock, data):
    """Nothing but an error and a close, or a close, within two seconds."""
    connection = penstock.connect()
    connection.send(data)
    try:
        response = connection.read_response(timeout=2.0)
    except Ended:
        assert not connection.received
        return
    assert_error(response, (400, 414, 431, 501, 505))
    assert_closed(connection, response)
    connection.close()


def test_row_073_random_bytes(penstock, upstream):
    for seed in range(200):
        try:
            refused_or_silent(penstock, random.Random(seed).randbytes(65536))
        except (AssertionError, TimeoutError) as fault:
            raise AssertionError(f"seed {seed}: {fault}") from fault
    assert upstream.connections == 0


def client_hello():
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="p")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize("data", [
    pytest.param(client_hello(), id="TLS"),
    pytest.param(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", id="SSH"),
    pytest.param(b"EHLO client.example\r\n", id="SMTP"),
    pytest.param(b"*1\r\n$4\r\nPING\r\n", id="Redis"),
    pytest.param(b"\x05\x01\x00", id="SOCKS"),
    pytest.param(b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", id="PROXY protocol"),
])
def test_row_073_other_protocols(penstock, data):
    refused_or_silent(penstock, data)
