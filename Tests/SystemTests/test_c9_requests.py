"""C9 upwards: request bodies unpacked or packed for the accounts that ask for it, rows 294 to 303.

`request_decompression: true` takes gzip and deflate off, `request_compression: gzip` puts gzip on;
without either a body passes byte for byte, whatever its coding.
"""

import gzip
import hashlib
import json
import random
import time
import zlib

import pytest

import scripted
from codings import (BAD, GOOD, JSON, LIMIT, PLAIN, assert_blamed, broken_deflates, broken_members,
                     deflated, gzipped, post, prose, raw_deflated, send_and_read, sound_members,
                     zeros)
from harness import (KEY, PATIENCE, Penstock, Upstream, account, assert_error,
                     assert_keeps_its_word, eventually, request)
from resolution_cases import every

BODY = prose(5000)
FRAMINGS = ["length", "chunked"]


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [account(up, "ca_up"),
                account(up, "ca_unpack", request_decompression=True),
                account(up, "ca_pack", request_compression="gzip")]
    with Penstock({"accounts": accounts}) as server:
        yield server


def upload(penstock, up, data):
    """One good upload; the request as the upstream got it."""
    up.begin_row()
    response = send_and_read(penstock, data)
    assert response.status == 200, response
    assert len(up.requests) == 1 and up.requests[0].complete
    return up.requests[0]


def assert_arrived_plain(got, body):
    """The body without its coding, framed by its own length or in chunks."""
    assert got.body == body
    assert not got.all("content-encoding"), got
    if got.chunks is None:
        assert got.header("content-length") == str(len(body))


def assert_refused(penstock, up, data, status, slugs):
    """Refused, and the upstream has no complete request, if it has one at all."""
    response = refusal(penstock, up, data, status, slugs)
    assert_blamed(penstock, [response], slugs, "downstream:")


def refusal(penstock, up, data, status, slugs):
    up.begin_row()
    response = send_and_read(penstock, data)
    assert_error(response, status, slugs)
    time.sleep(0.02)
    assert not [got for got in up.requests if got.complete], "a whole request went up"
    return response


def every_refused(penstock, up, cases, slugs=BAD):
    """A row of requests that are refused with 400, and afterwards what the log says of them."""
    responses = []
    every(cases, lambda data: responses.append(refusal(penstock, up, data, 400, slugs)))
    assert_blamed(penstock, responses, slugs, "downstream:")


# --- Unpacked -------------------------------------------------------------------------------

CODED = [("gzip", gzipped), ("x-gzip", gzipped), ("GZIP", gzipped), ("deflate", deflated),
         ("deflate", raw_deflated)]


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_coded_body_arrives_unpacked(penstock, up, framing):
    """Row 294, on the streaming route."""
    def check(case):
        coding, maker = case
        data = post(coding, maker(BODY), "ca_unpack", framing)
        assert_arrived_plain(upload(penstock, up, data), BODY)

    every(CODED, check)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 65536, 65537, 1 << 20, 5_000_000])
def test_bodies_of_every_size_are_unpacked(penstock, up, size, framing):
    body = prose(size)
    got = upload(penstock, up, post("gzip", gzipped(body), "ca_unpack", framing))
    assert_arrived_plain(got, body)


@pytest.mark.parametrize("what", sound_members())
def test_unusual_gzip_is_unpacked(penstock, up, what):
    stream, body = sound_members()[what]
    assert_arrived_plain(upload(penstock, up, post("gzip", stream, "ca_unpack")), body)


def test_an_upload_byte_by_byte_is_unpacked(penstock, up):
    connection = penstock.connect()
    connection.send_slowly(post("gzip", gzipped(BODY[:500]), "ca_unpack", "chunked"), 0)
    assert connection.read_response("POST").status == 200
    assert_arrived_plain(up.requests[0], BODY[:500])


def test_other_codings_and_plain_bodies_pass(penstock, up):
    for coding in ("br", "zstd", "gzip, br", "br, gzip", "x-foo", None):
        got = upload(penstock, up, post(coding, GOOD, "ca_unpack"))
        assert got.body == GOOD and got.header("content-length") == str(len(GOOD))
        assert got.header("content-encoding") == coding


def test_identity_is_no_coding(penstock, up):
    got = upload(penstock, up, post("identity", BODY, "ca_unpack"))
    assert got.body == BODY and got.header("content-encoding") in (None, "identity")


def test_only_one_layer_is_taken_off(penstock, up):
    """Row 298."""
    got = upload(penstock, up, post("gzip", gzipped(GOOD), "ca_unpack"))
    assert_arrived_plain(got, GOOD)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_an_unpacked_request_s_connection_serves_on(penstock, up, framing):
    connection = penstock.connect()
    for _ in range(10):
        data = post("gzip", GOOD, "ca_unpack", framing)
        assert connection.exchange(data).json()["body_length"] == len(PLAIN)
    assert up.connections == 1


@pytest.mark.parametrize("framing", FRAMINGS)
def test_broken_gzip_is_a_bad_request(penstock, up, framing):
    """Rows 300 to 302."""
    members = broken_members()
    many = post("gzip", members.pop("1,025 members"), "ca_unpack", framing)
    assert_refused(penstock, up, many, (400, 413), (*BAD, *LIMIT))
    every_refused(penstock, up, [post("gzip", stream, "ca_unpack", framing)
                                 for stream in members.values()])


@pytest.mark.parametrize("framing", FRAMINGS)
def test_broken_deflate_is_a_bad_request(penstock, up, framing):
    every_refused(penstock, up, [post("deflate", stream, "ca_unpack", framing)
                                 for stream in broken_deflates().values()])


@pytest.mark.parametrize("framing", FRAMINGS)
def test_truncated_gzip_is_a_bad_request(penstock, up, framing):
    """Row 299: at every offset of a small one, anywhere in a large one."""
    small, large, choose = gzipped(prose(30)), gzipped(prose(100_000)), random.Random(299)
    streams = [small[:cut] for cut in range(1, len(small))]
    streams += [large[:choose.randrange(1, len(large))] for _ in range(10)]
    every_refused(penstock, up, [post("gzip", stream, "ca_unpack", framing)
                                 for stream in streams])


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_bomb_is_refused(penstock, up, framing):
    """Row 296, on the streaming route."""
    before = penstock.rss_kib()
    data = post("gzip", zeros(256 << 20), "ca_unpack", framing)
    start = time.monotonic()
    assert_refused(penstock, up, data, 413, LIMIT)
    assert time.monotonic() - start < 1.0 * PATIENCE
    assert penstock.rss_kib() - before < 4096
    assert len(up.received) < 1 << 20


def test_floods_of_members_are_refused(penstock, up):
    """Row 303."""
    for stream in (gzipped(b"") * 50_000, zeros(32 << 20, member=60_000)):
        assert_refused(penstock, up, post("gzip", stream, "ca_unpack"), (400, 413),
                       (*BAD, *LIMIT))


def test_a_refusal_says_whether_the_connection_stays(penstock, up):
    """The framing is in order, so the rest of the body can be read; or it closes and says so."""
    stream = broken_members()["crc"]
    connection = penstock.connect()
    response = connection.exchange(post("gzip", stream, "ca_unpack"))
    assert_error(response, 400, BAD)
    assert_keeps_its_word(connection, response)


# --- Neither --------------------------------------------------------------------------------

@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip", "x-foo"])
def test_without_the_option_a_coded_body_passes(penstock, up, coding, framing):
    """Good, broken or a bomb: it is for the upstream to say."""
    for body in (GOOD, GOOD[:-3], b"nothing of the kind", zeros(1 << 24)):
        got = upload(penstock, up, post(coding, body, framing=framing))
        assert got.body == body and got.header("content-encoding") == coding
        if framing == "length":
            assert got.header("content-length") == str(len(body))
        else:
            assert got.chunks is not None


# --- Packed ---------------------------------------------------------------------------------

def assert_arrived_packed(got, body):
    assert got.header("content-encoding") == "gzip", got
    assert gzip.decompress(got.body) == body
    if got.chunks is None:
        assert got.header("content-length") == str(len(got.body))


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("size", [256, 16384, 65537, 1 << 20, 3_000_000])
def test_a_plain_body_arrives_packed(penstock, up, size, framing):
    body = prose(size)
    got = upload(penstock, up, post(None, body, "ca_pack", framing))
    assert_arrived_packed(got, body)
    assert got.chunks is not None, "its length is not known when the head leaves"
    assert got.header("content-type") == JSON


def test_a_request_without_a_body_stays_as_it_is(penstock, up):
    for method in ("GET", "DELETE", "HEAD", "OPTIONS"):
        up.begin_row()
        connection = penstock.connect()
        connection.exchange(request(method, "/proxy/ca_pack/x", [("x-api-key", KEY)]))
        got = up.requests[0]
        assert not got.all("content-encoding") and not got.all("transfer-encoding")
    got = upload(penstock, up, post(None, b"", "ca_pack"))
    assert got.body == b"" and got.header("content-length") == "0"
    assert not got.all("content-encoding")


@pytest.mark.parametrize("size", [1, 10, 255])
def test_a_small_body_may_be_packed_or_not(penstock, up, size):
    got = upload(penstock, up, post(None, prose(size), "ca_pack"))
    if got.all("content-encoding"):
        assert_arrived_packed(got, prose(size))
    else:
        assert_arrived_plain(got, prose(size))


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "x-foo"])
def test_a_body_that_is_coded_already_is_not_packed(penstock, up, coding):
    for framing in FRAMINGS:
        got = upload(penstock, up, post(coding, GOOD, "ca_pack", framing))
        assert got.body == GOOD and got.header("content-encoding") == coding


def test_fields_that_speak_of_the_plain_bytes_do_not_go_up(penstock, up):
    stale = [("Content-MD5", "x"), ("Digest", "x"), ("Content-Digest", "x")]
    for coding, body, name in ((None, BODY, "ca_pack"), ("gzip", gzipped(BODY), "ca_unpack")):
        got = upload(penstock, up, post(coding, body, name, headers=[*stale, ("X-Kept", "1")]))
        assert got.header("x-kept") == "1"
        assert not [each for each, _ in stale if got.all(each)]


def test_a_piece_of_an_upload_is_readable_before_the_next(penstock, up):
    """An upload that pauses is no reason to keep what has come of it, packed or unpacked."""
    coder = zlib.compressobj(wbits=31)
    pieces = {"ca_pack": lambda line: line,
              "ca_unpack": lambda line: coder.compress(line) + coder.flush(zlib.Z_SYNC_FLUSH)}
    for name, coded in pieces.items():
        up.begin_row()
        fields = [("x-api-key", KEY), ("Transfer-Encoding", "chunked"), ("Content-Type", JSON)]
        if name == "ca_unpack":
            fields.append(("Content-Encoding", "gzip"))
        connection = penstock.connect()
        connection.send(request("POST", f"/proxy/{name}/x", fields))
        for number in range(3):
            data = coded(b'{"line": %d}\n' % number)
            connection.send(b"%x\r\n%s\r\n" % (len(data), data))
            wanted = b'{"line": %d}\n' % number

            def has_come():
                body = bytes(up.received).split(b"\r\n\r\n", 1)[-1]
                return wanted in (body if name == "ca_unpack" else unpacked_so_far(body))

            eventually(has_come, 1.0, f"line {number} through {name}")
        connection.close()


def unpacked_so_far(chunks):
    """What can be read of a chunked gzip stream that has not ended."""
    decoder, plain = zlib.decompressobj(31), b""
    while b"\r\n" in chunks:
        size, chunks = chunks.split(b"\r\n", 1)
        count = int(size, 16)
        if not count or len(chunks) < count + 2:
            break
        plain += decoder.decompress(chunks[:count])
        chunks = chunks[count + 2:]
    return plain


@pytest.mark.parametrize("name, coding", [("ca_pack", None), ("ca_unpack", "gzip")])
@pytest.mark.parametrize("how", ["reset", "fin"])
def test_an_upload_that_its_client_leaves_never_arrives_whole(penstock, up, name, coding, how):
    """Row 277 with a coder in between."""
    body = prose(200_000)
    data = post(coding, gzipped(body) if coding else body, name, "chunked")
    connection = penstock.connect()
    connection.send(data[:len(data) // 2])
    eventually(lambda: up.requests, what="the head upstream")
    connection.reset() if how == "reset" else connection.close()
    eventually(lambda: all(each.ended for each in up.accepted), what="the end upstream")
    assert not up.requests[0].complete


def test_the_answer_s_coding_is_another_matter(penstock, up):
    """Both directions of one exchange have a coder."""
    body = prose(30_000)
    for name, coding, sent in (("ca_pack", None, body), ("ca_unpack", "gzip", gzipped(body))):
        connection = penstock.connect()
        data = post(coding, sent, name, headers=[("Accept-Encoding", "gzip")])
        response = connection.exchange(data)
        described = json.loads(gzip.decompress(response.body))
        if name == "ca_unpack":
            assert described["body_sha256"] == hashlib.sha256(body).hexdigest()
        else:
            assert described["body_length"] < len(body)
