"""C9: an upstream's gzip or deflate, for a client that does not take it; rows 297 to 305.

What is sound arrives plain and whole. What is broken is a 502 while nothing of the body has left,
and a visible abort afterwards: never an answer that looks whole.
"""

import random
import time
import zlib

import pytest

import scripted
from codings import (BAD, GOOD, LIMIT, PLAIN, TRUNCATED, Shelf, answer_of, ask, assert_blamed,
                     assert_broken, assert_identity, assert_not_whole, broken_deflates,
                     broken_members, deflated, fetch, gzipped, prose, raw_deflated, sound_members,
                     varies, zeros)
from harness import PATIENCE, Penstock, Upstream, account
from origins import end_tls, read_outcome
from resolution_cases import every

BODY = prose(5000)
CODINGS = {"gzip": gzipped, "x-gzip": gzipped, "deflate": deflated}
NONE_OF_IT = ["identity", "gzip;q=0, deflate;q=0, x-gzip;q=0", "br", ""]


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    with Penstock({"accounts": [account(up, "ca_up")]}) as server:
        yield server


@pytest.fixture
def shelf(up):
    yield Shelf(up)
    up.handler = scripted.echo


def coded(body, coding="gzip", framing="length", **more):
    """An answer whose body has a coding already."""
    fields = [("Content-Encoding", coding), *more.pop("headers", ())]
    return answer_of(body, framing, headers=fields, **more)


def assert_plain(response, body):
    assert_identity(response, body, vary=True)
    assert response.header("content-encoding") is None
    length = response.header("content-length")
    assert length is None or int(length) == len(body), "a stale length"


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "GZip"])
def test_who_takes_no_coding_gets_the_plain_bytes(penstock, shelf, coding, framing):
    data = coded(CODINGS[coding.lower()](BODY), coding, framing)
    every(NONE_OF_IT, lambda accept: assert_plain(fetch(penstock, shelf, data, accept), BODY))


def test_who_says_nothing_takes_no_coding(penstock, shelf):
    """As curl without --compressed; it could not read the coded bytes."""
    assert_plain(fetch(penstock, shelf, coded(GOOD)), PLAIN)


def test_raw_deflate_passes_for_deflate(penstock, shelf):
    """Row 304; also where its first byte might begin a zlib stream."""
    for body in (BODY, b"", b"a", bytes(60_000), random.Random(304).randbytes(100_000)):
        for maker in (deflated, raw_deflated):
            for framing in ("length", "chunked"):
                data = coded(maker(body), "deflate", framing)
                assert_plain(fetch(penstock, shelf, data, "identity"), body)


@pytest.mark.parametrize("accept", ["gzip", "GZIP", "gzip;q=0.1", "br, gzip", "*", "deflate, gzip"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_who_takes_gzip_gets_the_upstream_s_own(penstock, shelf, framing, accept):
    """Byte for byte: unpacked and packed again it would differ."""
    body = gzipped(BODY, 9)
    response = fetch(penstock, shelf, coded(body, "gzip", framing, headers=[("ETag", '"a"')]),
                     accept)
    assert response.complete and response.body == body
    assert response.header("content-encoding") == "gzip"
    assert response.header("etag") == '"a"', "nothing was changed"
    if framing == "length":
        assert response.header("content-length") == str(len(body))


def test_broken_gzip_is_the_client_s_business_if_it_takes_it(penstock, shelf):
    for body in (GOOD[:-3], b"no gzip at all", zeros(1 << 24)):
        response = fetch(penstock, shelf, coded(body), "gzip")
        assert response.complete and response.body == body
        assert response.header("content-encoding") == "gzip"


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "x-foo", "br, gzip", "aes128gcm"])
@pytest.mark.parametrize("accept", ["gzip", "identity", None])
def test_other_codings_pass_untouched(penstock, shelf, coding, accept):
    response = fetch(penstock, shelf, coded(BODY, coding), accept)
    assert response.complete and response.body == BODY
    assert response.header("content-encoding") == coding
    assert response.header("content-length") == str(len(BODY))


def test_the_coding_identity_is_none(penstock, shelf):
    response = fetch(penstock, shelf, coded(BODY, "identity"), "identity")
    assert_identity(response, BODY)


def test_a_coding_may_be_a_list_of_one(penstock, shelf):
    """RFC 9110 §5.6.1: empty elements are nothing."""
    response = fetch(penstock, shelf, coded(GOOD, ", gzip,"), "identity")
    assert response.complete
    assert response.body == (GOOD if response.header("content-encoding") else PLAIN)


def test_fields_that_speak_of_the_coded_bytes_are_gone(penstock, shelf):
    stale = ["Accept-Ranges", "Content-MD5", "Digest", "Content-Digest", "Repr-Digest"]
    data = coded(GOOD, headers=[(name, "x") for name in stale]
                 + [("ETag", '"a"'), ("Vary", "Origin"), ("X-Kept", "1")])
    response = fetch(penstock, shelf, data, "identity")
    assert_plain(response, PLAIN)
    assert not [name for name in stale if response.all(name)]
    assert response.header("etag") == 'W/"a"' and response.header("x-kept") == "1"
    assert "origin" in " ".join(response.all("vary")).lower()


@pytest.mark.parametrize("size", [0, 1, 16383, 16384, 16385, 65535, 65536, 65537, 131072, 262144,
                                  262145, 1048576, 5_000_000])
def test_bodies_of_every_size_are_unpacked(penstock, shelf, size):
    """Row 305: output that fills a buffer exactly is no end and no endless loop."""
    body = prose(size)
    for framing in ("length", "chunked"):
        for level in (0, 1, 9):
            data = coded(gzipped(body, level), "gzip", framing, cut=1000)
            assert_plain(fetch(penstock, shelf, data, "identity"), body)


def test_a_client_of_http_1_0_gets_plain_bytes_until_the_close(penstock, shelf):
    response = fetch(penstock, shelf, coded(GOOD, framing="chunked"), version="HTTP/1.0")
    assert_plain(response, PLAIN)
    assert not response.all("transfer-encoding")


def test_an_answer_until_the_close_is_unpacked_too(penstock, up):
    def sends(connection):
        connection.read_request()
        connection.send(coded(GOOD, framing="close"))
        end_tls(connection)

    up.handler = sends
    connection = penstock.connect().send(ask("/", "identity"))
    assert_plain(read_outcome(connection), PLAIN)


def test_the_unpacked_connection_serves_on(penstock, shelf, up):
    """What stands behind the last member belongs to nobody else."""
    connection = penstock.connect()
    for number in range(20):
        coding = list(CODINGS)[number % 3]
        data = coded(CODINGS[coding](BODY), coding, ("length", "chunked")[number % 2])
        assert_plain(connection.exchange(ask(shelf.put(data), "identity")), BODY)
    assert up.connections == 1


@pytest.mark.parametrize("what", sound_members())
def test_unusual_gzip_is_unpacked(penstock, shelf, what):
    """Rows 300 and 301: whole, and a byte at a time."""
    stream, body = sound_members()[what]
    assert_plain(fetch(penstock, shelf, coded(stream), "identity"), body)

    def slowly(connection, _):
        head = coded(stream)[:-len(stream)]
        connection.send(head)
        for at in range(0, min(len(stream), 200)):
            connection.send(stream[at:at + 1])
        connection.send(stream[200:])

    assert_plain(fetch(penstock, shelf, slowly, "identity"), body)


def test_an_extra_field_of_64_kib_is_read_or_refused(penstock, shelf):
    """Row 300; `limits.gzip_header_bytes` is 64 KiB, and this is a little more."""
    stream = b"\x1f\x8b\x08\x04" + bytes(6) + b"\xff\xff" + b"e" * 65535 + GOOD[10:]
    response = fetch(penstock, shelf, coded(stream), "identity")
    if response.status == 200:
        assert_plain(response, PLAIN)
    else:
        assert_broken(penstock, response, BAD, begun=False)


def test_only_one_layer_is_taken_off(penstock, shelf):
    """Row 298: what is in the gzip is the upstream's body, gzip or not."""
    assert_plain(fetch(penstock, shelf, coded(gzipped(GOOD)), "identity"), GOOD)


def test_two_codings_are_not_taken_for_one(penstock, shelf):
    """Row 298: left alone, or with the outer one off and the inner one named."""
    twice = gzipped(GOOD)
    response = fetch(penstock, shelf, coded(twice, "gzip, gzip"), "identity")
    assert response.complete
    left = [name.strip() for line in response.all("content-encoding") for name in line.split(",")]
    assert (left, response.body) in [(["gzip", "gzip"], twice), (["gzip"], GOOD)]


def test_zeros_behind_the_end_are_padding_or_a_fault(penstock, shelf):
    """Row 302."""
    response = fetch(penstock, shelf, coded(GOOD + bytes(512)), "identity")
    if response.status == 200 and response.complete:
        assert_plain(response, PLAIN)
    else:
        assert_broken(penstock, response, BAD)


# --- Broken ---------------------------------------------------------------------------------

def begun(whole, first, gap=0.05):
    """Sends `first` bytes of the body, and the rest when they have been read."""
    def handler(connection, _):
        head, body = whole.split(b"\r\n\r\n", 1)
        connection.send(head + b"\r\n\r\n" + body[:first])
        time.sleep(gap)
        connection.send(body[first:])
    return handler


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("what", broken_members())
def test_broken_gzip_never_looks_whole(penstock, shelf, what, framing):
    """Rows 300 to 302."""
    slugs = (*TRUNCATED, *LIMIT) if "members" in what else TRUNCATED
    data = coded(broken_members()[what], "gzip", framing)
    for version in ("HTTP/1.1", "HTTP/1.0"):
        response = fetch(penstock, shelf, data, "identity", version=version)
        assert_broken(penstock, response, slugs)
        assert len(response.body) <= 2 * len(PLAIN) or response.status == 502


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("what", broken_deflates())
def test_broken_deflate_never_looks_whole(penstock, shelf, what, framing):
    data = coded(broken_deflates()[what], "deflate", framing)
    assert_broken(penstock, fetch(penstock, shelf, data, "identity"), TRUNCATED)


@pytest.mark.parametrize("what", ["magic", "no gzip at all", "method 7", "reserved bit 5",
                                  "reserved bit 6", "reserved bit 7"])
def test_a_broken_header_is_an_error_answer(penstock, shelf, what):
    """Row 300: nothing of a body can have left yet."""
    data = coded(broken_members()[what])
    assert_broken(penstock, fetch(penstock, shelf, data, "identity"), TRUNCATED, begun=False)


@pytest.mark.parametrize("what", ["name without an end", "comment without an end"])
def test_an_endless_header_is_never_a_whole_answer(penstock, shelf, what):
    """Row 300: where it came in more than one read the answer's head has left before the fault."""
    data = coded(broken_members()[what])
    assert_broken(penstock, fetch(penstock, shelf, data, "identity"), TRUNCATED)


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/1.0"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_what_breaks_after_it_has_begun_is_aborted(penstock, shelf, framing, version):
    """The plain bytes before the fault arrive, or some of them; then no last chunk."""
    body = prose(300_000)
    stream = bytearray(gzipped(body))
    stream[-5] ^= 0xFF
    data = coded(bytes(stream), "gzip", framing, cut=100_000)
    response = fetch(penstock, shelf, begun(data, 100_000), "identity", version=version)
    assert response.status == 200 and not response.complete
    assert response.body == body[:len(response.body)]
    assert_broken(penstock, response, BAD)


def test_gzip_cut_at_every_offset_never_looks_whole(penstock, shelf):
    """Row 299: the framing is in order each time, so only the coding tells."""
    small = gzipped(prose(60))
    responses = [fetch(penstock, shelf, coded(small[:cut]), "identity")
                 for cut in range(1, len(small))]
    for response in responses:
        assert_not_whole(response, TRUNCATED)
    assert_blamed(penstock, responses, TRUNCATED)
    response = fetch(penstock, shelf, coded(b""), "identity")
    assert response.status == 502 or response.body == b"", "an empty body may count as none"


def test_large_gzip_cut_anywhere_never_looks_whole(penstock, shelf):
    """Row 299, and row 264 beside it: every end of the connection with every end of the coding."""
    body = prose(200_000)
    stream = gzipped(body)
    choose = random.Random(299)
    cuts = [1, 9, 10, 11, len(stream) - 9, len(stream) - 8, len(stream) - 4, len(stream) - 1]
    cuts += [choose.randrange(1, len(stream)) for _ in range(20)]

    responses = []

    def check(cut):
        response = fetch(penstock, shelf, coded(stream[:cut], "gzip", "chunked"), "identity")
        responses.append(response)
        assert_not_whole(response, TRUNCATED)
        assert response.status == 502 or response.body == body[:len(response.body)]

    every(cuts, check)
    assert_blamed(penstock, responses, TRUNCATED)


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("cut", [1, 10, 30_000, -8, -1])
def test_gzip_that_the_connection_cuts_never_looks_whole(penstock, up, cut, framing):
    """Until the close that is the only sign of it (row 264)."""
    stream = gzipped(prose(200_000))
    end = len(stream) - cut if cut > 0 else -cut  # how many bytes never come

    def sends(connection):
        connection.read_request()
        data = coded(stream, "gzip", framing, cut=len(stream))
        connection.send(data[:len(data) - end])

    up.handler = sends
    connection = penstock.connect().send(ask("/", "identity"))
    response = read_outcome(connection)
    assert_broken(penstock, response, TRUNCATED)


def test_a_bomb_is_stopped_early(penstock, shelf):
    """Row 297: at a hundred bytes for each one, once 64 KiB are out."""
    before, data = penstock.rss_kib(), coded(zeros(256 << 20))
    for version in ("HTTP/1.1", "HTTP/1.0"):
        start = time.monotonic()
        response = fetch(penstock, shelf, data, "identity", version=version)
        assert_broken(penstock, response, LIMIT)
        assert response.status == 502 or len(response.body) < 1 << 20
        assert time.monotonic() - start < 1.0 * PATIENCE
    assert penstock.rss_kib() - before < 4096


def test_a_bomb_of_many_members_is_one(penstock, shelf):
    """Rows 297 and 303: each member alone would stay below the 64 KiB."""
    data = coded(zeros(32 << 20, member=60_000))
    assert_broken(penstock, fetch(penstock, shelf, data, "identity"), (*LIMIT, *BAD))


def test_a_flood_of_empty_members_is_stopped(penstock, shelf):
    """Row 303."""
    data = coded(gzipped(b"") * 100_000)
    response = fetch(penstock, shelf, data, "identity")
    assert_broken(penstock, response, (*BAD, *LIMIT))
    assert response.status == 502 or response.body == b""


def test_a_bomb_behind_an_honest_start_is_aborted(penstock, shelf):
    """The ratio is that of the whole: thirty thousand bytes buy three millions."""
    honest = gzipped(prose(60_000))
    data = coded(honest + zeros(256 << 20), "gzip", "chunked")
    response = fetch(penstock, shelf, begun(data, 20_000), "identity")
    assert response.status == 200 and not response.complete
    assert_broken(penstock, response, LIMIT)
    assert len(response.body) < 8 << 20


def test_the_limits_are_the_operator_s(up, shelf):
    config = {"accounts": [account(up, "ca_up")],
              "limits": {"decompression_ratio": 5, "decompression_ratio_after_bytes": "4KiB",
                         "gzip_members": 3, "gzip_header_bytes": "1KiB"}}
    with Penstock(config) as strict:
        def get(stream):
            return fetch(strict, shelf, coded(stream), "identity")

        assert_plain(get(GOOD), PLAIN)
        assert_plain(get(gzipped(bytes(4000))), bytes(4000))
        assert_broken(strict, get(gzipped(bytes(200_000))), LIMIT)
        assert_plain(get(gzipped(b"x") * 3), b"xxx")
        assert_broken(strict, get(gzipped(b"x") * 4), (*BAD, *LIMIT))
        name = GOOD[:3] + b"\x08" + GOOD[4:10] + b"n" * 2000 + b"\0" + GOOD[10:]
        assert_broken(strict, get(name), BAD, begun=False)
        assert_plain(get(name.replace(b"n" * 1500, b"")), PLAIN)


def test_the_connection_of_a_broken_answer_serves_nobody_else(penstock, shelf):
    """Its rest is on its way still."""
    data = coded(zeros(64 << 20), "gzip", "chunked")
    for _ in range(5):
        assert_broken(penstock, fetch(penstock, shelf, data, "identity"), LIMIT)
        assert_plain(fetch(penstock, shelf, coded(GOOD), "identity"), PLAIN)


def test_flushes_and_empty_blocks_are_no_end(penstock, shelf):
    """Row 305: input from which nothing comes for long."""
    coder, stream = zlib.compressobj(wbits=31), b""
    for number in range(300):
        stream += coder.compress(b"%d\n" % number) + coder.flush(zlib.Z_FULL_FLUSH)
        stream += b"\x00\x00\x00\xff\xff" * 3
    stream += coder.flush()
    body = b"".join(b"%d\n" % number for number in range(300))
    data = coded(stream, "gzip", "chunked", cut=7)
    response = fetch(penstock, shelf, data, "identity")
    assert_plain(response, body)
    assert varies(response)
