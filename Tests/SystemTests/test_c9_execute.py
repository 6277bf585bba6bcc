"""C9, rows 294 to 303, at the execute endpoint: the envelope comes in a content coding."""

import json
import random
import struct
import time
import zlib

import pytest

from codings import (BAD, LIMIT, broken_deflates, broken_members, deflated, gzip_member, gzipped,
                     post_execute, prose, raw_deflated, send_and_read, zeros)
from harness import PATIENCE, Penstock, account, assert_error, assert_keeps_its_word
from resolution_cases import echoed, every

MAX = 1 << 20
ENVELOPE = {"endpoint": "/x", "method": "POST", "connected_account_id": "ca_echo",
            "body": {"a": [1, 2.50], "text": prose(3000).decode()}}
PLAIN = json.dumps(ENVELOPE).encode()
SENT = json.dumps(ENVELOPE["body"]).encode()


@pytest.fixture(scope="module")
def penstock(upstream):
    config = {"accounts": [account(upstream)], "limits": {"execute_body_bytes": "1MiB"}}
    with Penstock(config) as server:
        yield server


def assert_refused(penstock, upstream, data, status, slugs):
    """Nothing of it reaches the upstream (U=0), and a client does not try it again."""
    connection = penstock.connect()
    connection.send_in_background(data)
    response = connection.read_response("POST")
    assert_error(response, status, slugs)
    assert response.header("x-should-retry") == "false", response
    connection.close()
    assert upstream.connections == 0
    return response


CODED = [("gzip", gzipped), ("x-gzip", gzipped), ("GZIP", gzipped), ("deflate", deflated),
         ("Deflate", deflated), ("deflate", raw_deflated), ("identity", bytes), ("", bytes)]


def test_an_envelope_in_a_coding_is_unpacked_and_read(penstock, upstream):
    """Row 294."""
    def check(case):
        coding, maker = case
        upstream.begin_row()
        described = echoed(send_and_read(penstock, post_execute(maker(PLAIN), coding)))
        assert described["body_length"] == len(SENT)
        assert upstream.requests[0].body == SENT
        assert not upstream.requests[0].all("content-encoding")

    every(CODED, check)


@pytest.mark.parametrize("coding, maker", [("gzip", gzipped), ("deflate", deflated)])
def test_a_coded_envelope_may_come_in_chunks_and_bytes(penstock, upstream, coding, maker):
    stream = maker(PLAIN)
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in stream) + b"0\r\n\r\n"
    data = post_execute(chunks, coding, [("Transfer-Encoding", "chunked")])
    assert echoed(send_and_read(penstock, data))["body_length"] == len(SENT)
    connection = penstock.connect()
    connection.send_slowly(post_execute(stream, coding), 0)
    assert echoed(connection.read_response("POST"))["body_length"] == len(SENT)


def test_coded_envelopes_on_one_connection_do_not_mix(penstock, upstream):
    connection = penstock.connect()
    for number in range(30):
        envelope = {**ENVELOPE, "body": {"number": number}}
        text = json.dumps(envelope).encode()
        coding, maker = CODED[number % len(CODED)]
        got = echoed(connection.exchange(post_execute(maker(text), coding)))
        assert json.loads(got["body"]) == {"number": number}


def test_members_are_one_envelope(penstock, upstream):
    """Row 301."""
    for parts in (2, 3, 7):
        step = len(PLAIN) // parts + 1
        stream = b"".join(gzipped(PLAIN[at:at + step]) for at in range(0, len(PLAIN), step))
        got = echoed(send_and_read(penstock, post_execute(stream, "gzip")))
        assert got["body_length"] == len(SENT)


def test_the_limit_is_that_of_the_unpacked_envelope(penstock, upstream):
    """Row 294: its last byte included."""
    frame = len(json.dumps({**ENVELOPE, "body": ""}).encode())
    for extra in (0, 1):
        body = prose(MAX - frame + extra).decode()
        text = json.dumps({**ENVELOPE, "body": body}).encode()
        assert len(text) == MAX + extra
        for coding, maker in (("gzip", gzipped), ("deflate", deflated)):
            upstream.begin_row()
            data = post_execute(maker(text), coding)
            if not extra:
                got = echoed(send_and_read(penstock, data))
                assert got["body_length"] == len(body) + 2
            else:
                assert_refused(penstock, upstream, data, 413, ("body_too_large", *LIMIT))


@pytest.mark.parametrize("coding", [
    "br", "zstd", "gzip, gzip", "gzip,deflate", "x-foo", "compress", "identity, br", "gzip2",
    "aes128gcm"])
def test_any_other_coding_is_not_supported(penstock, upstream, coding):
    """Row 295; RFC 9110 §15.5.16: the answer says which are."""
    response = assert_refused(penstock, upstream, post_execute(gzipped(PLAIN), coding), 415,
                              "unsupported_encoding")
    listed = [name.strip() for line in response.all("accept-encoding") for name in line.split(",")]
    assert sorted(listed) == ["deflate", "gzip"], response


def test_two_lines_are_two_codings(penstock, upstream):
    """Row 295."""
    fields = [("Content-Encoding", "gzip"), ("Content-Encoding", "gzip")]
    data = post_execute(gzipped(gzipped(PLAIN)), headers=fields)
    assert_refused(penstock, upstream, data, 415, "unsupported_encoding")


def test_other_answers_do_not_speak_of_codings(penstock):
    response = send_and_read(penstock, post_execute(b"{}"))
    assert response.status == 400 and not response.all("accept-encoding")


def test_a_bomb_is_refused(penstock, upstream):
    """Row 296: a mebibyte that would be a gibibyte, and the same in `deflate`."""
    bombs = [("gzip", zeros(256 << 20) * 4), ("deflate", zlib.compress(bytes(64 << 20), 9))]
    assert all(len(stream) < MAX for _, stream in bombs)
    before, start = penstock.rss_kib(), time.monotonic()
    for coding, stream in bombs:
        assert_refused(penstock, upstream, post_execute(stream, coding), 413, LIMIT)
    assert time.monotonic() - start < 1.0 * PATIENCE
    assert penstock.rss_kib() - before < 4096


def test_a_bomb_within_an_envelope_is_refused(penstock, upstream):
    """Row 296: the ratio counts although the whole would fit."""
    text = json.dumps({**ENVELOPE, "body": " " * 900_000}).encode()
    stream = gzipped(text, 9)
    assert len(text) < MAX and len(text) / len(stream) > 150
    assert_refused(penstock, upstream, post_execute(stream, "gzip"), 413, LIMIT)


def test_floods_of_members_are_refused(penstock, upstream):
    """Rows 301 and 303."""
    for stream in (gzipped(b"") * 40_000, gzipped(b" ") * 1025 + gzipped(PLAIN)):
        assert_refused(penstock, upstream, post_execute(stream, "gzip"), (400, 413),
                       (*BAD, *LIMIT))


def test_truncated_gzip_is_a_bad_request(penstock, upstream):
    """Row 299: at every byte, also behind the last brace, where the envelope is already whole."""
    small = json.dumps({**ENVELOPE, "body": 1}).encode()
    for maker, coding in ((gzipped, "gzip"), (deflated, "deflate"), (raw_deflated, "deflate")):
        stream = maker(small)
        every(range(1, len(stream)), lambda cut: assert_refused(
            penstock, upstream, post_execute(stream[:cut], coding), 400, BAD))


def test_large_gzip_cut_anywhere_is_a_bad_request(penstock, upstream):
    text = json.dumps({**ENVELOPE, "body": prose(300_000).decode()}).encode()
    stream, choose = gzipped(text), random.Random(299)
    cuts = [len(stream) - 1, len(stream) - 8, len(stream) - 9]
    cuts += [choose.randrange(1, len(stream)) for _ in range(10)]
    every(cuts, lambda cut: assert_refused(
        penstock, upstream, post_execute(stream[:cut], "gzip"), 400, BAD))


def test_broken_codings_are_bad_requests(penstock, upstream):
    """Rows 300 and 302; what is in the envelope does not matter any more."""
    def check(case):
        coding, what, stream = case
        limits = LIMIT if "members" in what else ()
        if len(stream) > MAX:
            limits = ("body_too_large",)  # its length alone, which the head says
        assert_refused(penstock, upstream, post_execute(stream, coding),
                       (400, 413) if limits else 400, (*BAD, *limits))

    every([("gzip", *each) for each in broken_members().items()]
          + [("deflate", *each) for each in broken_deflates().items()], check)


def test_a_sound_envelope_in_a_broken_coding_is_refused(penstock, upstream):
    """Rows 300 and 302, where every byte of the envelope is there and right."""
    good = gzipped(PLAIN)
    crc, size = struct.unpack("<II", good[-8:])
    for stream in (good[:-8] + struct.pack("<II", crc ^ 1, size),
                   good[:-8] + struct.pack("<II", crc, size + 1), good + b"garbage",
                   good[:-8], gzip_member(PLAIN, flags=0x20), good + good[:20]):
        assert_refused(penstock, upstream, post_execute(stream, "gzip"), 400, BAD)


def test_only_one_layer_is_taken_off(penstock, upstream):
    """Row 298: gzip is no JSON."""
    data = post_execute(gzipped(gzipped(PLAIN)), "gzip")
    assert_refused(penstock, upstream, data, 400, "invalid_json")


def test_an_empty_body_in_a_coding_is_a_bad_request(penstock, upstream):
    for stream in (b"", gzipped(b"")):
        response = send_and_read(penstock, post_execute(
            stream, "gzip", [] if stream else [("Content-Length", "0")]))
        assert_error(response, 400)
    assert upstream.connections == 0


def test_a_refusal_says_whether_the_connection_stays(penstock, upstream):
    for stream, coding in ((gzipped(PLAIN)[:-1], "gzip"), (PLAIN, "br"), (zeros(1 << 22), "gzip")):
        connection = penstock.connect()
        response = connection.exchange(post_execute(stream, coding))
        assert response.status in (400, 413, 415)
        assert_keeps_its_word(connection, response)
