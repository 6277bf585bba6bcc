"""`request_buffering: on`: the body is collected first, then sent with its length.

So an upstream that wants a length gets one, sees nothing of an upload that fails, and a retry has
the whole body at hand.
"""

import gzip
import os
import random
import time

import pytest

import scripted
from codings import gzipped, post, prose, send_and_read
from harness import (KEY, PATIENCE, Penstock, Upstream, account, assert_error, assert_stays,
                     chunked, eventually, request)
from origins import (Tally, assert_fails, bulk, outcome, pattern, pattern_sha256, proxy,
                     random_chunks, send_pattern, then)
from scripted import answer, closes_after_request, echo, fixed_then_reset

CHUNKED = ("Transfer-Encoding", "chunked")
LARGE = 5 << 20


@pytest.fixture(scope="module", params=["plain", "tls"])
def up(request, authority):
    context = scripted.tls_context(authority) if request.param == "tls" else None
    with Upstream(scripted.echo, tls=context) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, authority, tmp_path_factory):
    more = {"timeouts": {"first_byte": "5s", "idle": "5s"}}
    if up.tls:
        more["ca_file"] = str(tmp_path_factory.mktemp("ca") / "ca.pem")
        authority.cert_pem.write_to_path(more["ca_file"])
    accounts = [
        account(up, "ca_up", request_buffering="on", **more), account(up, "ca_direct", **more),
        account(up, "ca_unpack", request_buffering="on", request_decompression=True, **more),
        account(up, "ca_pack", request_buffering="on", request_compression="gzip", **more)]
    with Penstock({"accounts": accounts}) as server:
        yield server


SIZES = [0, 1, 16383, 16384, 16385, 65535, 65536, 65537, 262144, 1048575, 1048576, 1048577, LARGE]


@pytest.mark.parametrize("size", SIZES)
def test_a_chunked_upload_arrives_with_its_length(penstock, up, size):
    """Byte for byte, also where it does not fit into memory and waits on the disk."""
    up.handler, body = echo, pattern(size)
    chunks = b"".join(random_chunks(body, random.Random(size)))
    response = send_and_read(penstock, proxy("POST", "/x", [CHUNKED], chunks))
    assert response.status == 200, response
    got = up.requests[0]
    assert got.header("content-length") == str(size) and not got.all("transfer-encoding")
    assert got.body == body


@pytest.mark.parametrize("size", [0, 1, 65536, LARGE])
def test_an_upload_with_a_length_keeps_it(penstock, up, size):
    up.handler = echo
    data = proxy("PUT", "/x", [("Content-Length", str(size))], pattern(size))
    response = send_and_read(penstock, data)
    assert response.json()["body_sha256"] == pattern_sha256(size)
    assert up.requests[0].header("content-length") == str(size)


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "HEAD"])
def test_a_request_without_a_body_has_nothing_to_wait_for(penstock, up, method):
    up.handler = echo
    assert outcome(penstock, proxy(method, "/x")).status == 200
    got = up.requests[0]
    assert not got.all("content-length") and not got.all("transfer-encoding")


def test_nothing_goes_up_before_the_body_is_whole(penstock, up):
    """Unlike for an account that streams."""
    up.handler = echo
    head = {name: request("POST", f"/proxy/{name}/x", [("x-api-key", KEY), CHUNKED])
            for name in ("ca_up", "ca_direct")}
    for name, begins in head.items():
        up.begin_row()
        connection = penstock.connect()
        connection.send(begins + b"5\r\nhello\r\n" * 1000)
        time.sleep(0.2)
        assert bool(up.requests) == (name == "ca_direct")
        connection.send(b"0\r\n\r\n")
        assert connection.read_response("POST").json()["body_length"] == 5000
        assert up.connections == 1


@pytest.mark.parametrize("how", ["reset", "fin"])
@pytest.mark.parametrize("size", [10, 20_000, LARGE])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_client_that_leaves_while_it_is_collected_reaches_nobody(
        penstock, up, framing, size, how):
    """U=0; what had been collected is gone, disk included.

    An upload that has its length may go up as it comes; then it never arrives whole.
    """
    up.handler = echo
    name = f"left-{time.monotonic_ns()}"
    field = CHUNKED if framing == "chunked" else ("Content-Length", str(size + 1))
    connection = penstock.connect()
    connection.send(proxy("POST", "/x", [field, ("X-Request-Id", name)]))
    data = pattern(size)
    connection.send(b"%x\r\n%s\r\n" % (size, data) if framing == "chunked" else data)
    time.sleep(0.1)
    connection.reset() if how == "reset" else connection.close()
    line = penstock.access_line(name)
    assert line["error"] == "client_aborted" and line["status"] == 499, line
    assert line["termination"].startswith("downstream:"), line
    assert not [got for got in up.requests if got.complete]
    assert up.connections == 0 or framing == "length"


def test_a_body_that_is_framed_wrongly_reaches_nobody(penstock, up):
    """The head alone was good."""
    up.handler = echo
    for size in (5, 100_000):
        connection = penstock.connect()
        body = b"%x\r\n%s\r\n" % (size, bytes(size)) + b"no size\r\n"
        connection.send(proxy("POST", "/x", [CHUNKED], body))
        assert_error(connection.read_response("POST"), 400, "malformed_request")
    assert up.connections == 0


def test_a_client_that_waits_for_100_is_told_to_go_on(penstock, up):
    up.handler = echo
    connection = penstock.connect()
    connection.send(proxy("POST", "/x", [CHUNKED, ("Expect", "100-continue")]))
    start, _, _ = connection.head(time.monotonic() + 3 * PATIENCE)
    assert start == b"HTTP/1.1 100 Continue"
    assert up.connections == 0
    connection.send(chunked(b"hello"))
    assert connection.read_response("POST").json()["body"] == "hello"
    assert not up.requests[0].all("expect")


def test_trailers_are_dropped(penstock, up):
    up.handler = echo
    body = chunked(b"hello", trailers=b"X-Sum: 1\r\n")
    response = outcome(penstock, proxy("POST", "/x", [CHUNKED], body))
    assert response.json()["body"] == "hello" and response.json()["trailers"] == []
    assert not up.requests[0].all("trailer")


def test_collected_uploads_share_a_connection(penstock, up):
    """Large and small, one behind the other, on one connection each way."""
    up.handler = echo
    connection = penstock.connect()
    for size in (10, LARGE, 0, 65536, LARGE, 1):
        connection.send_in_background(proxy("POST", "/x", [CHUNKED], b"".join(
            random_chunks(pattern(size), random.Random(size)))))
        response = connection.read_response("POST")
        assert response.json()["body_sha256"] == pattern_sha256(size)
    assert up.connections == 1
    assert_stays(connection)


def test_pipelined_uploads_stay_apart(penstock, up):
    up.handler = echo
    connection = penstock.connect()
    connection.send(b"".join(proxy("POST", f"/{number}", [CHUNKED], chunked(b"%d" % number * 50))
                             for number in range(10)))
    for number in range(10):
        got = connection.read_response("POST").json()
        assert got["target"] == f"/{number}" and got["body"] == f"{number}" * 50


# --- Once more ------------------------------------------------------------------------------

ENDS = {"fin": closes_after_request, "reset": fixed_then_reset()}


def warm(penstock, up, second, fresh=echo):
    """Puts a connection into the pool: its second request meets `second`, a next one `fresh`."""
    up.handler = scripted.in_turn(then(answer({"first": True}), second), fresh)
    assert outcome(penstock, proxy("GET", "/first")).status == 200
    time.sleep(0.02)  # let the connection reach the pool


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("size", [100, 200_000, LARGE])
def test_a_collected_body_is_held_for_the_one_retry(penstock, up, size, end):
    """Rows 219 and 221, beyond `limits.retry_held_bytes`: the second copy is whole, too."""
    warm(penstock, up, ENDS[end])
    chunks = b"".join(random_chunks(pattern(size), random.Random(1)))
    response = send_and_read(penstock, proxy("PUT", "/second", [CHUNKED], chunks))
    assert response.status == 200, response
    assert response.json()["body_sha256"] == pattern_sha256(size)
    copies = [got for got in up.requests if got.target == "/second"]
    assert [len(got.body) for got in copies] == [size, size] and up.connections == 2
    assert penstock.access_line(response.request_id)["retries"] == 1


@pytest.mark.parametrize("end, slug", [("fin", "upstream_closed"), ("reset", "upstream_reset")])
@pytest.mark.parametrize("size", [100, LARGE])
def test_a_collected_post_is_still_sent_only_once(penstock, up, size, end, slug):
    """Row 220: that it could be sent again does not make it safe."""
    warm(penstock, up, ENDS[end])
    chunks = b"".join(random_chunks(pattern(size), random.Random(2)))
    response = send_and_read(penstock, proxy("POST", "/second", [CHUNKED], chunks))
    line = assert_fails(penstock, response, slug, begun=False)
    assert len([got for got in up.requests if got.target == "/second"]) == 1
    assert line.get("retries", 0) == 0


def test_a_retry_of_a_retry_there_is_not(penstock, up):
    warm(penstock, up, closes_after_request, fresh=closes_after_request)
    body = chunked(b"x" * 100_000)
    response = outcome(penstock, proxy("PUT", "/second", [CHUNKED], body))
    assert_fails(penstock, response, "upstream_closed", "upstream_reset", begun=False)
    assert len([got for got in up.requests if got.target == "/second"]) == 2


# --- With a coding --------------------------------------------------------------------------

def test_an_unpacked_body_has_the_length_of_what_it_was(penstock, up):
    up.handler = echo
    for size in (0, 5000, LARGE):
        up.begin_row()
        data = post("gzip", gzipped(prose(size)), "ca_unpack", "chunked")
        assert send_and_read(penstock, data).status == 200
        got = up.requests[0]
        assert got.body == prose(size) and not got.all("content-encoding")
        assert got.header("content-length") == str(size)


def test_a_broken_coding_reaches_nobody(penstock, up):
    up.handler = echo
    stream = gzipped(prose(500_000))
    for data in (stream[:-1], stream[:-8] + bytes(8), b"nothing of the kind"):
        response = send_and_read(penstock, post("gzip", data, "ca_unpack"))
        assert_error(response, 400, ("bad_encoding", "upstream_bad_encoding"))
    assert up.connections == 0


def test_a_packed_body_has_the_length_of_what_it_is(penstock, up):
    up.handler = echo
    body = prose(500_000)
    assert send_and_read(penstock, post(None, body, "ca_pack", "chunked")).status == 200
    got = up.requests[0]
    assert got.header("content-encoding") == "gzip" and got.chunks is None
    assert got.header("content-length") == str(len(got.body))
    assert gzip.decompress(got.body) == body


# --- Much of it -----------------------------------------------------------------------------

@pytest.mark.slow
def test_what_is_collected_does_not_fill_the_memory(penstock, up):
    """64 MiB, which are on the disk meanwhile and gone from it afterwards."""
    up.handler, size = bulk, 64 << 20
    before, sent = penstock.rss_kib(), Tally()
    connection = penstock.connect().send(proxy("POST", "/", [CHUNKED]))
    connection.sock.settimeout(60)
    send_pattern(connection.sock, size, "chunked", sent=sent)
    answered = connection.read_response("POST", 60 * PATIENCE).json()
    assert answered == {"count": size, "sha256": pattern_sha256(size)}
    assert penstock.rss_kib() - before < 16 << 10
    eventually(lambda: open_files(penstock) == 0, what="the file closed")


def open_files(penstock):
    """Descriptors of files that have no name any more, or a temporary one."""
    count = 0
    for name in os.listdir(f"/proc/{penstock.pid}/fd"):
        try:
            path = os.readlink(f"/proc/{penstock.pid}/fd/{name}")
        except OSError:
            continue
        count += path.endswith("(deleted)") or path.startswith("/memfd:")
    return count


def test_a_disk_that_takes_nothing_is_told(up, authority, tmp_path):
    """Row 320's answer; what fits into memory needs no disk. A file is where the directory was."""
    directory = tmp_path / "files"
    more = {}
    if up.tls:
        more["ca_file"] = str(tmp_path / "ca.pem")
        authority.cert_pem.write_to_path(more["ca_file"])
    up.handler = echo
    with Penstock({"accounts": [account(up, "ca_up", request_buffering="on", **more)],
                   "files": {"directory": str(directory)}}) as penstock:
        directory.rmdir()
        directory.touch()
        connection = penstock.connect()
        small = connection.exchange(proxy("POST", "/", [CHUNKED], chunked(b"x" * 60_000)))
        assert small.status == 200, small
        connection.send(proxy("POST", "/", [CHUNKED], chunked(b"x" * 60_000, b"y" * 60_000)))
        response = connection.read_response("POST")
        assert_error(response, 503, "spool_unavailable")
        assert response.header("retry-after") == "1"
        assert len(up.requests) == 1, "and nothing of it went up"


def test_other_requests_are_served_meanwhile(penstock, up):
    """Collecting is not waiting: a slow upload holds up nobody, and the disk not the loop."""
    up.handler = echo
    slow = [penstock.connect().send(proxy("POST", "/slow", [CHUNKED])) for _ in range(10)]
    for connection in slow:
        connection.send(b"%x\r\n%s\r\n" % (1 << 20, pattern(1 << 20)))
    times = []
    for _ in range(30):
        start = time.monotonic()
        assert outcome(penstock, proxy("GET", "/quick")).status == 200
        times.append(time.monotonic() - start)
    assert sorted(times)[15] < 0.05 * PATIENCE, times
    for connection in slow:
        connection.send(b"0\r\n\r\n")
        assert connection.read_response("POST").json()["body_length"] == 1 << 20
