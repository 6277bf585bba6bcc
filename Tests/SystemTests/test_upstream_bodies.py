"""C7, rows 231 to 239 and 254: response bodies that break off, or are framed wrongly."""

import time

import pytest

import scripted
from harness import Ended, Penstock, Upstream, account, request
from origins import KEY, assert_fails, outcome, proxy, raw, read_outcome, then

LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CLOSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
PROTOCOL = "upstream_protocol_error"
OVERHEAD = "upstream_chunk_overhead"


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [account(up, "ca_up", timeouts={"first_byte": "3s", "idle": "3s"})]
    with Penstock({"accounts": accounts}) as server:
        yield server


def pieces_of(*parts, end, pause=0.1):
    """Sends the parts a moment apart, so that the answer has begun before the fault."""
    def handler(connection):
        if not connection.read_request():
            return
        for part in parts:
            connection.send(part)
            time.sleep(pause)
        if end == "reset":
            connection.reset()
        elif end == "stay":
            connection.wait_for_end()
    return handler


@pytest.mark.parametrize("begun", [False, True], ids=["at once", "mid-stream"])
@pytest.mark.parametrize("end", ["fin", "reset"])
@pytest.mark.parametrize("head, part", [
    (LENGTH, b"abc"), (LENGTH, b"x" * 99), (CHUNKED, b"3\r\nabc\r\n"), (CHUNKED, b"3\r\nab"),
    (CHUNKED, b"3\r\nabc\r\n0\r\n"), (CHUNKED, b"3\r\nabc\r\n0"), (CHUNKED, b"3"),
    (CHUNKED, b"3\r\nabc\r\n0\r\nX: y\r\n"), (LENGTH, b""), (CHUNKED, b"")])
def test_a_body_that_breaks_off_never_looks_whole(penstock, up, head, part, end, begun):
    """Rows 231 and 232."""
    up.handler = pieces_of(head, part, end=end) if begun else raw(head + part, end)
    response = outcome(penstock, proxy("GET"))
    slugs = {"fin": ("upstream_truncated",), "reset": ("upstream_truncated", "upstream_reset")}
    line = assert_fails(penstock, response, *slugs[end])
    if begun:
        assert response.status == 200 and not response.complete
        assert line["termination"] == "upstream:body"
    assert up.connections == 1, "never a retry"


@pytest.mark.parametrize("head, part", [(LENGTH, b"abc"), (CHUNKED, b"3\r\nabc\r\n")])
def test_a_body_that_breaks_off_never_looks_whole_to_http_1_0(penstock, up, head, part):
    """Where the close is the framing, only a reset can tell an abort from an end."""
    up.handler = pieces_of(head, part, end="fin")
    connection = penstock.connect().send(
        request("GET", "/proxy/ca_up/", [("x-api-key", KEY)], version="HTTP/1.0"))
    response = read_outcome(connection)
    assert response.status == 200 and not response.complete


@pytest.mark.parametrize("body", [b"", b"a", b"abc" * 50_000])
def test_a_body_that_ends_with_the_connection_is_whole(penstock, up, body):
    """Row 233."""
    up.handler = raw(CLOSE + body)
    response = outcome(penstock, proxy("GET"))
    assert response.complete and response.body == body
    assert response.header("transfer-encoding") == "chunked"
    assert not response.all("content-length")


def test_a_body_that_ends_with_a_reset_is_not(penstock, up):
    """Row 233."""
    up.handler = raw(CLOSE + b"abc", "reset")
    response = outcome(penstock, proxy("GET"))
    assert_fails(penstock, response, "upstream_truncated", "upstream_reset")


GOOD = b"5\r\nhello\r\n"


@pytest.mark.parametrize("chunks", [
    b"zz\r\nhello\r\n", b"11111111111111111\r\nhello\r\n", b"FFFFFFFFFFFFFFFF\r\nhello\r\n",
    b"8000000000000000\r\nhello\r\n", b"5\r\nhello0\r\n\r\n", b"5\r\nhelloXX0\r\n\r\n",
    b"5\r\nhello!!\r\n", b"-1\r\nhello\r\n", b"+5\r\nhello\r\n", b"\r\nhello\r\n",
    b" 5\r\nhello\r\n", b"5 \r\nhello\r\n", b"0x5\r\nhello\r\n", b"5_0\r\nhello\r\n",
    b"5\nhello\r\n", b"5\rhello\r\n",
    b"5\r\nhello\n0\r\n\r\n", b"5\r\nhello\r0\r\n\r\n", b"5;a\nb\r\nhello\r\n",
    b"5;a\rb\r\nhello\r\n", b"5;a\x00b\r\nhello\r\n", b"5\r\r\nhello\r\n", GOOD + b"zz\r\n",
    GOOD + b"0\n\n",
    GOOD + b"0\r\nbad trailer\r\n\r\n", GOOD + b"0\r\nX : y\r\n\r\n",
    GOOD + b"0\r\n folded\r\n\r\n",
    GOOD + b"0\r\nX: a\x00\r\n\r\n"])
def test_a_chunk_in_doubt_is_refused(penstock, up, chunks):
    """Rows 236, 237 and 238."""
    up.handler = raw(CHUNKED + chunks, "stay")
    response = outcome(penstock, proxy("GET"), timeout=2.5)
    assert_fails(penstock, response, PROTOCOL)


@pytest.mark.parametrize("chunks", [
    b"5\r\nhello\r\n0\r\n\r\n", b"05\r\nhello\r\n000\r\n\r\n", b"5;a=b\r\nhello\r\n0;x\r\n\r\n",
    b'5;a="q;\\"x"\r\nhello\r\n0\r\n\r\n', b"1\r\nh\r\n" + b"4\r\nello\r\n0\r\n\r\n"])
def test_chunks_are_written_anew(penstock, up, chunks):
    """Extensions are hop by hop, and no use to anybody."""
    up.handler = raw(CHUNKED + chunks, "stay")
    connection = penstock.connect()
    response = connection.exchange(proxy("GET"))
    assert response.body == b"hello"
    assert b";" not in bytes(connection.received).split(b"\r\n\r\n", 1)[1]


@pytest.mark.parametrize("chunks", [
    b"5;" + b"e" * 65536 + b"\r\nhello\r\n0\r\n\r\n",
    (b"1;" + b"e" * 200 + b"\r\nx\r\n") * 2000 + b"0\r\n\r\n",
    b"1;ext=eeeeeeee\r\nx\r\n" * 300_000 + b"0\r\n\r\n",
    b"5;" + b"e" * 5_000_000], ids=["one of 64 KiB", "many", "300,000", "endless"])
def test_a_flood_of_extensions_is_aborted(penstock, up, chunks):
    """Row 238; `limits.chunk_extension_bytes` is 16 KiB."""
    up.handler = raw(CHUNKED + chunks, "stay")
    response = outcome(penstock, proxy("GET"), timeout=2.5)
    assert_fails(penstock, response, OVERHEAD, PROTOCOL)


def test_trailers_are_dropped_unless_the_client_takes_them(penstock, up):
    """Row 239."""
    up.handler = raw(CHUNKED + GOOD + b"0\r\nX-Sum: 1\r\n\r\n", "stay")
    connection = penstock.connect()
    response = connection.exchange(proxy("GET"))
    assert (response.body, response.trailers) == (b"hello", [])
    fields = [("TE", "trailers"), ("Connection", "TE")]
    up.handler = raw(CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n", "stay")
    up.drop()
    response = penstock.connect().exchange(proxy("GET", headers=fields))
    assert response.trailers == [("x-sum", "1"), ("x-more", "2")]


@pytest.mark.parametrize("name", [
    b"Content-Length", b"Transfer-Encoding", b"Host", b"Authorization", b"Connection", b"Trailer",
    b"Set-Cookie", b"Content-Encoding", b"Proxy-Authenticate", b"WWW-Authenticate"])
def test_a_trailer_that_frames_or_routes_is_never_forwarded(penstock, up, name):
    up.handler = raw(CHUNKED + GOOD + b"0\r\nX-Sum: 1\r\n" + name + b": 5\r\n\r\n", "stay")
    response = outcome(penstock, proxy("GET", headers=[("TE", "trailers"), ("Connection", "TE")]))
    assert name.decode().lower() not in [trailer for trailer, _ in response.trailers]


def test_a_huge_trailer_section_is_refused(penstock, up):
    """Row 239; `limits.trailer_bytes` is 16 KiB."""
    up.handler = raw(CHUNKED + GOOD + b"0\r\nX-Sum: " + b"v" * 102_400 + b"\r\n\r\n", "stay")
    response = outcome(penstock, proxy("GET"), timeout=2.5)
    assert_fails(penstock, response, "upstream_headers_too_large", PROTOCOL)


@pytest.mark.parametrize("data, status, body", [
    (b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", 205, b""),
    (b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/10\r\nContent-Length: 3\r\n\r\nabc",
     206, b"abc"),
    (b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */10\r\n"
     b"Content-Length: 0\r\n\r\n", 416, b""),
    (b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", 304, b""),
    (b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic\r\nContent-Length: 1\r\n\r\nx", 401,
     b"x"),
    (b"HTTP/1.1 503 Busy\r\nRetry-After: 9\r\nContent-Length: 4\r\n\r\nbusy", 503, b"busy")])
def test_a_status_is_passed_on_with_its_fields(penstock, up, data, status, body):
    """Row 254."""
    up.handler = raw(data, "stay")
    response = outcome(penstock, proxy("GET"))
    assert (response.status, response.body, response.complete) == (status, body, True)
    assert not response.header("proxy-status"), "the upstream's answer, not Penstock's"
    given = data.split(b"\r\n\r\n")[0].split(b"\r\n")[1].decode().split(": ")
    assert response.header(given[0]) == given[1]
    line = penstock.access_line(response.request_id)
    assert line["status"] == line["upstream_status"] == status and "error" not in line


def test_a_205_with_a_body_keeps_its_framing(penstock, up):
    """Row 254."""
    data = b"HTTP/1.1 205 Reset Content\r\nContent-Length: 3\r\n\r\nabc"
    up.handler = scripted.in_turn(then(data, scripted.echo), scripted.echo)
    connection = penstock.connect()
    response = connection.exchange(proxy("GET"))
    assert response.status == 205 and response.body in (b"", b"abc")
    assert connection.exchange(proxy("GET", "/next")).json()["target"] == "/next"


def test_an_abort_ends_the_client_s_connection(penstock, up):
    """What follows half a body on the same connection would be taken for its other half."""
    up.handler = pieces_of(LENGTH, b"abc", end="fin")
    connection = penstock.connect().send(proxy("GET") + proxy("GET", "/pipelined"))
    response = connection.read_head()
    with pytest.raises(Ended):
        connection.take(100, time.monotonic() + 3)
    assert response.status == 200 and bytes(connection.buffer) == b"abc"
