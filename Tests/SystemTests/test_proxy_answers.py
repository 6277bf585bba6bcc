"""The streaming route's answers: HEAD, 204, 304, HTTP/1.0, methods, trailers."""

import pytest

import scripted
from harness import KEY, Penstock, Upstream, account, assert_error, assert_stays, chunked, request
from origins import outcome, proxy, raw
from scripted import answer


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    with Penstock({"accounts": [account(up, "ca_up")]}) as server:
        yield server


def test_head_says_what_get_would(penstock, up):
    up.handler = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: \"a\"\r\n\r\n", "stay")
    connection = penstock.connect()
    response = connection.exchange(proxy("HEAD"))
    assert (response.header("content-length"), response.header("etag")) == ("1234", '"a"')
    assert up.requests[0].method == "HEAD"
    assert_stays(connection)


def test_head_of_a_chunked_answer_has_no_body(penstock, up):
    up.handler = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "stay")
    connection = penstock.connect()
    response = connection.exchange(proxy("HEAD"))
    assert response.status == 200 and response.header("content-length") is None
    assert_stays(connection)


def test_head_without_framing_has_no_body(penstock, up):
    up.handler = raw(b"HTTP/1.1 200 OK\r\nX-A: b\r\n\r\n", "stay")
    connection = penstock.connect()
    assert connection.exchange(proxy("HEAD")).header("x-a") == "b"
    assert_stays(connection)


@pytest.mark.parametrize("head, length", [
    (b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", None),
    (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nX-A: b\r\n\r\n", None),
    (b"HTTP/1.1 304 Not Modified\r\nX-A: b\r\n\r\n", None),
    (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nX-A: b\r\n\r\n", "77")])
def test_204_and_304_have_no_body(penstock, up, head, length):
    """A 204 has no framing field either, RFC 9110 §8.6; a 304 may say what GET would."""
    up.handler = raw(head, "stay")
    connection = penstock.connect()
    response = connection.exchange(proxy("GET"))
    assert response.header("x-a") == "b" and response.body == b""
    assert response.header("transfer-encoding") is None
    assert response.header("content-length") in (None, length)
    assert_stays(connection)


def http_1_0(path, *fields):
    return request("GET", f"/proxy/ca_up{path}", [("x-api-key", KEY), *fields],
                   version="HTTP/1.0")


@pytest.mark.parametrize("fields", [[], [("Connection", "keep-alive")]])
@pytest.mark.parametrize("data", [
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\nhello world"])
def test_http_1_0_gets_its_answer_ended_by_the_close(penstock, up, data, fields):
    """It knows no chunks."""
    up.handler = raw(data)
    connection = penstock.connect()
    response = connection.exchange(http_1_0("/", *fields))
    assert response.body == b"hello world" and connection.ended == "fin"
    assert not response.all("transfer-encoding") and not response.all("content-length")
    assert "keep-alive" not in (response.header("connection") or "").lower()


def test_http_1_0_keeps_its_connection_where_the_length_is_known(penstock, up):
    up.handler = scripted.echo
    connection = penstock.connect()
    for number in range(3):
        response = connection.exchange(http_1_0(f"/{number}", ("Connection", "keep-alive")))
        assert response.json()["target"] == f"/{number}"
        assert response.header("connection").lower() == "keep-alive"
    assert not response.all("transfer-encoding")
    assert {each.version for each in up.requests} == {"HTTP/1.1"}


@pytest.mark.parametrize("method", [
    "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "REPORT", "QUERY", "M-SEARCH",
    "get", "a", "A" * 32])
def test_any_method_token_passes(penstock, up, method):
    up.handler = scripted.echo
    response = outcome(penstock, proxy(method, "/x", body=b"body"))
    assert response.json()["method"] == method and response.json()["body"] == "body"


@pytest.mark.parametrize("method, status", [("CONNECT", 405), ("TRACE", 405), ("A" * 33, 501)])
def test_the_methods_that_do_not(penstock, up, method, status):
    response = outcome(penstock, proxy(method, "/x"))
    assert_error(response, status)
    assert up.connections == 0


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_a_body_may_come_with_any_method(penstock, up, method):
    up.handler = scripted.echo
    response = outcome(penstock, proxy(method, "/x", [("Transfer-Encoding", "chunked")],
                                       chunked(b"hello", b" world")))
    assert response.json()["body"] == "hello world"


def test_the_framing_of_a_request_is_its_client_s(penstock, up):
    """A known length stays one; chunks stay chunks; nothing stays nothing."""
    up.handler = scripted.echo
    connection = penstock.connect()
    connection.exchange(proxy("POST", "/1", body=b"hello"))
    connection.exchange(proxy("POST", "/2", [("Transfer-Encoding", "chunked")], chunked(b"hello")))
    connection.exchange(proxy("GET", "/3"))
    connection.exchange(proxy("POST", "/4", [("Content-Length", "0")]))
    first, second, third, fourth = up.requests
    assert first.header("content-length") == "5" and first.chunks is None
    assert second.header("transfer-encoding") == "chunked" and second.body == b"hello"
    assert not third.all("content-length") and not third.all("transfer-encoding")
    assert fourth.header("content-length") == "0"


@pytest.mark.parametrize("trailer", [
    b"X-Sum: 1\r\n", b"Content-Length: 99\r\n", b"Authorization: Bearer evil\r\n",
    b"Host: evil.example\r\n", b"X-Api-Key: other\r\n"])
def test_trailers_of_a_request_are_dropped(penstock, up, trailer):
    """Row 58: no upstream can say in time that it would take them."""
    up.handler = scripted.echo
    connection = penstock.connect()
    response = connection.exchange(proxy("POST", "/x", [("Transfer-Encoding", "chunked")],
                                         chunked(b"hello", trailers=trailer)))
    assert response.status == 200
    assert response.json()["body"] == "hello" and response.json()["trailers"] == []
    assert b"evil" not in up.received
    assert_stays(connection)


def test_content_codings_pass_through(penstock, up):
    """Neither side's body is touched: the account's compression is for what is not yet coded."""
    up.handler = raw(answer(b"\x1f\x8b coded", headers=[("Content-Encoding", "gzip")],
                            content_type="application/octet-stream"), "stay")
    response = outcome(penstock, proxy("POST", "/x", [("Content-Encoding", "br"),
                                                      ("Accept-Encoding", "gzip")], b"coded"))
    assert (response.header("content-encoding"), response.body) == ("gzip", b"\x1f\x8b coded")
    assert up.requests[0].header("content-encoding") == "br"
    assert up.requests[0].body == b"coded"


def test_a_thousand_requests_on_one_connection_use_one_upstream_connection(penstock, up):
    up.handler = scripted.fixed(answer(b"hello"))
    connection = penstock.connect()
    for _ in range(900):
        assert connection.exchange(proxy("GET")).body == b"hello"
    assert up.connections == 1


def test_pipelined_requests_are_answered_in_order(penstock, up):
    up.handler = scripted.echo
    connection = penstock.connect()
    connection.send(b"".join(proxy("GET", f"/{number}") for number in range(40)))
    for number in range(40):
        assert connection.read_response().json()["target"] == f"/{number}"
