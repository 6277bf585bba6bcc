"""C9, row 293: a compressed answer is framed anew, says nothing stale, and holds nothing back."""

import json
import queue
import random
import time
import zlib

import pytest

import scripted
from codings import (Shelf, answer_of, ask, assert_coded, assert_identity, content, decoded, fetch,
                     gzipped, prose, varies)
from harness import PATIENCE, Penstock, Upstream, account, pairs
from origins import end_tls, read_outcome
from resolution_cases import every

BODY = prose(2000)
SOON = 0.1 * PATIENCE  # the catalogue's bound for what must be readable
STEP = 3.0 * PATIENCE


@pytest.fixture(scope="module", params=["plain", "tls"])
def up(request, authority):
    context = scripted.tls_context(authority) if request.param == "tls" else None
    with Upstream(scripted.echo, tls=context) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, authority, tmp_path_factory):
    more = {}
    if up.tls:
        more["ca_file"] = str(tmp_path_factory.mktemp("ca") / "ca.pem")
        authority.cert_pem.write_to_path(more["ca_file"])
    with Penstock({"accounts": [account(up, "ca_up", **more)]}) as server:
        yield server


@pytest.fixture
def shelf(up):
    yield Shelf(up)
    up.handler = scripted.echo


SIZES = [256, 257, 16383, 16384, 16385, 65535, 65536, 65537, 262143, 262144, 262145, 1048577]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_answers_of_every_size_decode_to_the_same_bytes(penstock, shelf, framing):
    """On one connection, so that a byte too many or too few is the next answer's fault."""
    connection = penstock.connect()

    def check(size):
        body = prose(size)
        data = answer_of(body, framing, cut=random.Random(size).choice((1000, 16384, 65536)))
        response = connection.exchange(ask(shelf.put(data), "gzip"))
        assert_coded(response, body)
        assert not response.all("content-length"), "a stream's length is not known"
        assert response.header("transfer-encoding") == "chunked"

    every(SIZES, check)


def test_what_compresses_well_and_what_does_not_at_all(penstock, shelf):
    """Output a thousandth of its input, and output larger than it."""
    for body in (bytes(3 << 20), random.Random(293).randbytes(1 << 20), b"a" * 256):
        assert_coded(fetch(penstock, shelf, answer_of(body, "chunked"), "gzip"), body)


def test_an_answer_until_the_close_is_compressed_too(penstock, up):
    def sends(connection):
        connection.read_request()
        connection.send(answer_of(prose(100_000), "close"))
        end_tls(connection)

    up.handler = sends
    connection = penstock.connect().send(ask("/", "gzip"))
    assert_coded(read_outcome(connection), prose(100_000))


@pytest.mark.parametrize("given, wanted", [
    ('"a"', 'W/"a"'), ('W/"a"', 'W/"a"'), ('""', 'W/""'), ('"w/a,b"', 'W/"w/a,b"'),
    ('"caf\xe9"', 'W/"caf\xe9"')])
def test_the_entity_tag_becomes_a_weak_one(penstock, shelf, given, wanted):
    """RFC 9110 §8.8.3.3: the bytes are no longer those that the strong one stands for."""
    head, body = answer_of(BODY).split(b"\r\n\r\n", 1)
    data = head + b"\r\nETag: " + given.encode("latin-1") + b"\r\n\r\n" + body
    response = fetch(penstock, shelf, data, "gzip")
    assert_coded(response, BODY)
    assert response.header("etag") == wanted
    plain = fetch(penstock, shelf, data, "identity")
    assert_identity(plain, BODY)
    assert plain.header("etag") == given, "as the upstream said"


STALE = {"Accept-Ranges": "bytes", "Content-MD5": "Q2hlY2sgSW50ZWdyaXR5IQ==",
         "Digest": "sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
         "Content-Digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:",
         "Repr-Digest": "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"}


def test_fields_that_speak_of_the_uncoded_bytes_are_gone(penstock, shelf):
    """Row 293; they stay where the body stays."""
    data = answer_of(BODY, headers=[*pairs(STALE), ("X-Kept", "1"),
                                    ("Last-Modified", "Mon, 23 Nov 2026 07:25:48 GMT"),
                                    ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")])
    response = fetch(penstock, shelf, data, "gzip")
    assert_coded(response, BODY)
    assert not [name for name in STALE if response.all(name)]
    assert response.header("x-kept") == "1" and response.all("set-cookie") == ["a=b", "c=d"]
    assert response.header("last-modified")
    plain = fetch(penstock, shelf, data, "identity")
    assert [(name, plain.header(name)) for name in STALE] == pairs(STALE)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_client_of_http_1_0_reads_until_the_close(penstock, shelf, framing):
    """It knows no chunks, so the end of the connection is the end of the body."""
    for body in (BODY, prose(300_000)):
        response = fetch(penstock, shelf, answer_of(body, framing), "gzip", version="HTTP/1.0")
        assert_coded(response, body)
        assert not response.all("transfer-encoding") and not response.all("content-length")


def test_a_broken_off_answer_is_no_whole_one_when_compressed(penstock, shelf):
    """Neither to HTTP/1.1 nor to HTTP/1.0, and the gzip stream has no trailer."""
    def cut(framing):
        def handler(connection, _):
            data = answer_of(prose(100_000), framing)
            connection.send(data[:50_000])
            time.sleep(0.05)
            connection.close()
        return handler

    for version in ("HTTP/1.1", "HTTP/1.0"):
        for framing in ("length", "chunked"):
            response = fetch(penstock, shelf, cut(framing), "gzip", version=version)
            assert response.status == 200 and not response.complete
            assert response.header("content-encoding") == "gzip"
            assert penstock.access_line(response.request_id)["error"] == "upstream_truncated"
            with pytest.raises(AssertionError):
                content(response)


def test_trailers_pass_behind_a_compressed_body(penstock, shelf):
    data = answer_of(BODY, "chunked")[:-2] + b"X-Sum: 1\r\n\r\n"
    fields = [("TE", "trailers"), ("Connection", "TE")]
    connection = penstock.connect()
    connection.send(ask(shelf.put(data), "gzip", headers=fields))
    response = connection.read_response()
    assert_coded(response, BODY)
    assert response.trailers in ([("x-sum", "1")], [])


def test_the_log_counts_what_went_over_the_wire(penstock, shelf):
    response = fetch(penstock, shelf, answer_of(bytes(1 << 20)), "gzip")
    line = penstock.access_line(response.request_id)
    assert "error" not in line and line["status"] == 200
    assert len(response.body) < line["bytes_sent"] < len(response.body) + 4096, line


# --- Nothing is held back -------------------------------------------------------------------

class Reading:
    """Decompresses a compressed answer as it comes, whatever its chunks are."""

    def __init__(self, connection, response):
        self.connection, self.response = connection, response
        self.chunked = bool(response.all("transfer-encoding"))
        self.decoder, self.plain = zlib.decompressobj(31), b""

    def more(self, deadline):
        connection = self.connection
        if self.chunked:
            size = int(connection.line(deadline), 16)
            data = connection.take(size, deadline)
            assert connection.take(2, deadline) == b"\r\n" or not size
            self.plain += self.decoder.decompress(data)
            return bool(size)
        if not connection.buffer and not connection.fill(deadline):
            return False
        self.plain += self.decoder.decompress(connection.take(len(connection.buffer), deadline))
        return True

    def until(self, count, deadline):
        while len(self.plain) < count:
            assert self.more(deadline), "ended early"


HEADS = {
    "chunked": b"Transfer-Encoding: chunked\r\n", "length": b"Content-Length: 100000\r\n",
    "close": b""}


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("framing", HEADS)
def test_a_line_and_then_silence_is_readable_at_once(penstock, up, framing, version):
    """Twenty lines, each sent when the client has decompressed the one before."""
    seen, sent_at = queue.Queue(), []

    def lines(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + HEADS[framing]
                        + b"\r\n")
        for number in range(20):
            line = b"line %04d\n" % number
            sent_at.append(time.monotonic())
            connection.send(b"a\r\n%s\r\n" % line if framing == "chunked" else line)
            seen.get(timeout=STEP)
        if framing == "chunked":
            connection.send(b"0\r\n\r\n")
        elif framing == "length":
            connection.send(bytes(100_000 - 200))
        end_tls(connection)

    up.handler = lines
    connection = penstock.connect().send(ask("/", "gzip", version=version))
    response = connection.read_head(STEP)
    assert response.header("content-encoding") == "gzip" and varies(response)
    reading, took = Reading(connection, response), []
    for number in range(20):
        reading.until(10 * (number + 1), time.monotonic() + STEP)
        took.append(time.monotonic() - sent_at[number])
        assert reading.plain[10 * number:] == b"line %04d\n" % number
        seen.put(number)
    assert max(took) < SOON, f"held back: {[round(each, 3) for each in took]}"
    while reading.more(time.monotonic() + STEP):
        pass
    assert reading.decoder.eof and not reading.decoder.unused_data
    assert len(reading.plain) == (100_000 if framing == "length" else 200)


def test_a_piece_larger_than_every_buffer_is_readable_to_its_last_byte(penstock, up):
    """What a flush leaves in the coder would be the end of a JSON document here."""
    seen = queue.Queue()
    piece = json.dumps({"text": prose(300_000).decode()}).encode() + b"\n"

    def pieces(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(3):
            connection.send(b"%x\r\n%s\r\n" % (len(piece), piece))
            seen.get(timeout=STEP)
        connection.send(b"0\r\n\r\n")

    up.handler = pieces
    connection = penstock.connect().send(ask("/", "gzip"))
    reading = Reading(connection, connection.read_head(STEP))
    for number in range(3):
        reading.until(len(piece) * (number + 1), time.monotonic() + STEP)
        assert reading.plain[len(piece) * number:] == piece
        seen.put(number)
    while reading.more(time.monotonic() + STEP):
        pass
    assert reading.decoder.eof


@pytest.mark.parametrize("coding", [None, "gzip"])
def test_unpacked_answers_are_not_held_back_either(penstock, up, coding):
    """The upstream flushes gzip line by line; a client that takes none, or takes it, reads each."""
    seen, coder = queue.Queue(), zlib.compressobj(wbits=31)

    def lines(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")
        for number in range(10):
            data = coder.compress(b"line %04d\n" % number) + coder.flush(zlib.Z_SYNC_FLUSH)
            connection.send(b"%x\r\n%s\r\n" % (len(data), data))
            seen.get(timeout=STEP)
        data = coder.flush()
        connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))

    up.handler = lines
    connection = penstock.connect().send(ask("/", coding or "identity"))
    response = connection.read_head(STEP)
    assert response.header("content-encoding") == coding
    reading = Reading(connection, response)
    if not coding:
        reading.decoder = Plain()
    for number in range(10):
        start = time.monotonic()
        reading.until(10 * (number + 1), start + STEP)
        assert time.monotonic() - start < SOON
        seen.put(number)
    assert not reading.plain[100:]


class Plain:
    """No coding, read as if it were one."""

    def decompress(self, data):
        return data


def test_a_compressed_stream_that_its_client_leaves_ends_upstream(penstock, up):
    """Row 278 with a coder in between."""
    ended = queue.Queue()

    def floods(connection):
        connection.read_request()
        piece = b"10000\r\n" + prose(65536) + b"\r\n"
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                connection.send(piece)
        except OSError:
            ended.put(time.monotonic())

    up.handler = floods
    connection = penstock.connect().send(ask("/", "gzip"))
    assert connection.read_head().status == 200
    connection.take(100_000, time.monotonic() + STEP)
    left_at = time.monotonic()
    connection.reset()
    assert ended.get(timeout=5) - left_at < SOON + 0.1


@pytest.mark.slow
def test_a_slow_reader_of_a_compressed_stream_slows_its_upstream_down(penstock, up):
    """What waits for it is bounded, coded or not; rows 281 and 293."""
    sent = [0]

    def floods(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
        body = prose(1 << 20)
        try:
            while True:
                for at in range(0, len(body), 65536):
                    connection.send(body[at:at + 65536])
                    sent[0] += 65536
        except OSError:
            pass

    up.handler = floods
    before = penstock.rss_kib()
    connection = penstock.connect(receive_buffer=65536).send(ask("/", "gzip"))
    assert connection.read_head(STEP).status == 200
    time.sleep(1.0)
    at_one = sent[0]
    time.sleep(1.0)
    assert sent[0] - at_one < 1 << 20, "still reading for a client that does not"
    assert penstock.rss_kib() - before < 8192
    connection.reset()


def test_these_tests_notice_a_missing_end():
    for data in (gzipped(BODY)[:-1], gzipped(BODY) + b"\0", b""):
        with pytest.raises(AssertionError):
            decoded("gzip", data)
