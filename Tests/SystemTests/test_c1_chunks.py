"""C1, rows 53 to 61: chunked bodies, client to proxy."""

import pytest

from good_requests import CHUNKED, JSON, post
from harness import assert_closed, assert_error, assert_stays, chunked, named

REST = b"%x\r\n%s\r\n0\r\n\r\n" % (len(JSON) - 32, JSON[32:])


def first_chunk(line):
    """JSON chunked, the first 32 bytes under this chunk line."""
    return line + b"\r\n" + JSON[:32] + b"\r\n" + REST


@pytest.mark.parametrize("coded", [
    pytest.param(chunked(JSON), id="one"),
    pytest.param(chunked(*(JSON[at:at + 1] for at in range(len(JSON)))), id="single bytes"),
    pytest.param(b"1F\r\n" + JSON[:31] + b"\r\n" + b"%X\r\n" % (len(JSON) - 31) + JSON[31:]
                 + b"\r\n0\r\n\r\n", id="upper case"),
    pytest.param(first_chunk(b"20"), id="20"),
    pytest.param(first_chunk(b"0020"), id="leading zeros"),
    pytest.param(first_chunk(b"20;a=b"), id="extension"),
    pytest.param(first_chunk(b'20;a="q;\\"x"'), id="quoted extension"),
    pytest.param(first_chunk(b"20 ;a"), id="space before extension"),
    pytest.param(first_chunk(b"20;a;b=c;d"), id="three extensions"),
    pytest.param(chunked(JSON).replace(b"\r\n0\r\n", b"\r\n000\r\n"), id="last chunk 000"),
    pytest.param(chunked(JSON).replace(b"\r\n0\r\n", b"\r\n0;a=b\r\n"), id="last extension"),
])
@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut"])
def test_row_053_good_chunks(accepted, route, coded, cut):
    accepted(route, post(route, CHUNKED, body=coded), cut)


@pytest.mark.parametrize("size", named([
    b"0x20", b"+20", b"-20", b"2_0", b" 20", b"20 ", b"20x", b"G", b"", b"FFFFFFFFFFFFFFFF0",
    b"ffffffffffffffff", b"\t20", b"20\t", b"2 0", b"20.0", b"8000000000000000",
]))
def test_row_054_chunk_size(refused, route, size):
    refused(post(route, CHUNKED, body=first_chunk(size)), head=False)


@pytest.mark.parametrize("line", named([
    b"20\n", b"20\r", b"20\rX", b"20\r\r", b"20\r\r\n", b"20;a\n\r\n", b"20;a\nb\r\n",
    b"20;a\rb\r\n", b"20;a\x00\r\n", b"20;bad[\r\n", b"20;\r\n", b"20;=b\r\n", b'20;a="b\r\n',
]))
def test_row_055_chunk_line_end(refused, route, line):
    refused(post(route, CHUNKED, body=line + JSON[:32] + b"\r\n" + REST), head=False)


@pytest.mark.parametrize("after", named([
    b"!!\r\n", b"0\r\n\r\n", b"XX\r\n", b"\n", b"\rX", b"\r\r\n",
]))
def test_row_056_after_chunk_data(refused, route, after):
    body = b"5\r\n" + JSON[:5] + after + chunked(JSON[5:])
    refused(post(route, CHUNKED, body=body), head=False)


@pytest.mark.parametrize("last", named([
    b"0XX\r\n\r\n", b"0\r\nX\r\n\r\n", b"0\nX\r\n\r\n", b"0\rX\r\n",
]))
def test_row_057_garbage_after_last_chunk(refused, route, last):
    refused(post(route, CHUNKED, body=chunked(JSON)[:-5] + last), head=False)


def test_row_057_request_in_trailer(penstock, route):
    """A trailer by its looks: refused or dropped, but never a second request."""
    connection = penstock.connect()
    body = chunked(JSON, trailers=b"X:POST / HTTP/1.1\r\n")
    response = connection.exchange(post(route, CHUNKED, body=body), "POST")
    if response.status == 200:
        assert connection.is_quiet(0.1)
        assert_stays(connection)
    else:
        assert_error(response, 400, "malformed_request")
        assert_closed(connection, response)


@pytest.mark.parametrize("trailer", named([
    b"X-Sum: a", b"Content-Length: 9", b"Transfer-Encoding: chunked", b"Host: evil",
    b"Authorization: Bearer evil", b"X-API-Key: k2", b"Connection: close",
]))
def test_row_058_trailers_are_dropped(accepted, route, trailer):
    body = chunked(JSON, trailers=trailer + b"\r\n")
    got = accepted(route, post(route, CHUNKED, body=body))
    assert got.trailers == []
    name, value = trailer.decode().split(": ")
    assert value not in got.all(name) or name == "Transfer-Encoding"


@pytest.mark.parametrize("trailers, status, slug", [
    pytest.param(b"".join(b"X-%d: %s\r\n" % (n, b"v" * 6000) for n in range(3)), 431,
                 "headers_too_large", id="bytes"),
    pytest.param(b"".join(b"X-%d: v\r\n" % n for n in range(101)), 431, "headers_too_large",
                 id="count"),
    pytest.param(b"no colon\r\n", 400, "malformed_request", id="no colon"),
    pytest.param(b"X : v\r\n", 400, "malformed_request", id="space"),
    pytest.param(b"X: v\n", 400, "malformed_request", id="LF"),
    pytest.param(b"X: a\r\n b\r\n", 400, "malformed_request", id="folded"),
    pytest.param(b"X: \x00\r\n", 400, "malformed_request", id="NUL"),
])
def test_row_059_bad_trailers(refused, route, trailers, status, slug):
    refused(post(route, CHUNKED, body=chunked(JSON, trailers=trailers)), status, slug, head=False)


@pytest.mark.parametrize("coded", [
    pytest.param(first_chunk(b"20;a=" + b"b" * 16385), id="one chunk"),
    pytest.param(b"".join(b"1;a=%s\r\n \r\n" % (b"b" * 198) for _ in range(100)) + chunked(JSON),
                 id="many chunks"),
])
def test_row_060_extensions_in_all(refused, route, coded):
    refused(post(route, CHUNKED, body=coded), head=False)


def test_row_061_tiny_chunks(refused, route):
    """Enough of the million to pass the bound, few enough to fit into the lingering close."""
    refused(post(route, CHUNKED, body=b"1\r\n \r\n" * 30_000), head=False)


def test_row_061_small_chunks(penstock, upstream, route):
    body = JSON + b" " * (1_000_000 - len(JSON))
    coded = b"".join(b"a\r\n" + body[at:at + 10] + b"\r\n" for at in range(0, len(body), 10))
    connection = penstock.connect()
    response = connection.exchange(post(route, CHUNKED, body=coded + b"0\r\n\r\n"), "POST")
    assert response.status == 200, response
    assert len(upstream.requests) == 1
    if route == "proxy":
        assert upstream.requests[0].body == body
    assert_stays(connection)
