"""C9, rows 291 and 292: which answers are compressed, and for whom."""

import pytest

from codings import (JSON, Shelf, answer_of, ask, assert_coded, assert_identity, content, fetch,
                     gzipped, prose, varies)
from harness import Penstock, Upstream, account
from resolution_cases import every
from scripted import echo

BODY = prose(2000)


@pytest.fixture(scope="module")
def up():
    with Upstream(echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    with Penstock({"accounts": [account(up, "ca_up")]}) as server:
        yield server


@pytest.fixture
def shelf(up):
    yield Shelf(up)
    up.handler = echo


TAKE = [
    "gzip", "GZIP", "Gzip", "gzip;q=1", "gzip;q=1.0", "gzip;q=1.000", "gzip;q=0.001", "gzip;q=0.5",
    "gzip ; q=0.5", "gzip;Q=0.5", "gzip, deflate", "deflate, gzip", "br, gzip", "gzip, br, zstd",
    "br;q=1.0, gzip;q=0.8, *;q=0.1", ", gzip", "gzip,", ",, gzip ,,", "deflate;q=0,gzip",
    "gzip, identity;q=0", "*;q=0, gzip", "gzip,*;q=0", "*"]

REFUSE = [
    None, "", "identity", "gzip;q=0", "gzip;q=0.0", "gzip;q=0.000", "*;q=0", "identity;q=0", "br",
    "zstd, br", "gzip;q=0, *", "*, gzip;q=0", "identity, *;q=0", "gzipped", "xgzip", "gzip2"]

# RFC 9110 §12.4.2: a weight is 0 or 1 and up to three digits, and nothing else.
MALFORMED = ["gzip;q=1.5", "gzip;q=2", "gzip;q=-1", "gzip;q=", "gzip;q", "gzip;q=abc", "gzip;q=.5",
             "gzip;q=1.001", "gzip;q=0.1234", "gzip;q=0x1", "gzip;q=1e0", "gzip;q=\"1\"",
             "gzip;q=1.5, br", "br, gzip;q=1.5"]

# Compressing and not compressing are both what the field allows.
EITHER = ["x-gzip", "deflate", "*;q=0.5", "gzip;q=0.5, identity", "identity;q=0.5, *",
          "gzip;q=0, gzip", "gzip;q=1;q=0", "gzip q=1", "gzip;level=9"]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_who_takes_gzip_gets_gzip(penstock, shelf, framing):
    """Row 291."""
    data = answer_of(BODY, framing)
    every(TAKE, lambda accept: assert_coded(fetch(penstock, shelf, data, accept), BODY))


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_who_does_not_take_it_gets_the_bytes(penstock, shelf, framing):
    """Row 291; Vary all the same, for a cache serves others."""
    data = answer_of(BODY, framing)
    every(REFUSE, lambda accept: assert_identity(
        fetch(penstock, shelf, data, accept), BODY, vary=True))


def test_an_uncompressed_answer_keeps_its_length(penstock, shelf):
    for accept in (None, "br", "gzip;q=0"):
        response = fetch(penstock, shelf, answer_of(BODY), accept)
        assert response.header("content-length") == str(len(BODY)), response


def test_a_malformed_weight_means_identity(penstock, shelf):
    """Row 291."""
    every(MALFORMED, lambda accept: assert_identity(
        fetch(penstock, shelf, answer_of(BODY), accept), BODY, vary=True))


def test_whatever_is_chosen_reads_back(penstock, shelf):
    """Row 291; the coding that the answer names is the one that it has."""
    def check(accept):
        response = fetch(penstock, shelf, answer_of(BODY), accept)
        assert response.status == 200 and response.complete
        assert content(response) == BODY and varies(response)

    every(EITHER, check)


def test_a_list_of_8_kib_is_read_to_its_end(penstock, shelf):
    """Row 291; `limits.header_value_bytes` is 8 KiB."""
    names = ", ".join(f"x{number}" for number in range(1200))[:8100].rsplit(",", 1)[0]
    data = answer_of(BODY)
    assert_identity(fetch(penstock, shelf, data, names), BODY, vary=True)
    assert_coded(fetch(penstock, shelf, data, names + ", gzip"), BODY)
    assert_identity(fetch(penstock, shelf, data, names + ", gzip;q=0"), BODY, vary=True)
    assert content(fetch(penstock, shelf, data, ", " * 4000 + "gzip")) == BODY


def test_several_lines_are_one_list(penstock, shelf):
    """RFC 9110 §5.3."""
    data = answer_of(BODY)
    assert_coded(fetch(penstock, shelf, data, ["br", "gzip"]), BODY)
    assert_coded(fetch(penstock, shelf, data, ["gzip", "br"]), BODY)
    assert_identity(fetch(penstock, shelf, data, ["br", "zstd"]), BODY, vary=True)
    assert_identity(fetch(penstock, shelf, data, ["*", "gzip;q=0"]), BODY, vary=True)


def test_the_field_goes_up_as_it_came(penstock, up):
    """The upstream may compress for itself, and knows what the client takes."""
    for accept in ("gzip;q=0.5, br", "identity", "*;q=0", ""):
        up.begin_row()
        penstock.connect().exchange(ask("/x", accept))
        assert up.requests[0].all("accept-encoding") == [accept]


@pytest.mark.parametrize("given, wanted", [
    ([], {"accept-encoding"}), (["Origin"], {"origin", "accept-encoding"}),
    (["Origin, Accept"], {"origin", "accept", "accept-encoding"}),
    (["Origin", "Cookie"], {"origin", "cookie", "accept-encoding"}),
    (["accept-encoding"], {"accept-encoding"}), (["Accept-Encoding, Origin"],
                                                 {"accept-encoding", "origin"})])
def test_vary_keeps_what_the_upstream_said(penstock, shelf, given, wanted):
    data = answer_of(BODY, headers=[("Vary", line) for line in given])
    for accept in ("gzip", None):
        response = fetch(penstock, shelf, data, accept)
        assert varies(response)
        names = {name.strip().lower() for line in response.all("vary") for name in line.split(",")}
        assert names == wanted


def test_vary_of_everything_says_it_all(penstock, shelf):
    response = fetch(penstock, shelf, answer_of(BODY, headers=[("Vary", "*")]), "gzip")
    assert varies(response) and response.complete and content(response) == BODY


# --- Row 292 --------------------------------------------------------------------------------

COMPRESSIBLE = [
    JSON, "application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json",
    "application/vnd.api+json;v=1", "text/plain", "text/html; charset=utf-8", "text/css",
    "text/csv", "text/javascript", "application/javascript", "application/xml", "text/xml",
    "application/atom+xml", "image/svg+xml"]

OTHER = [
    "image/png", "image/jpeg", "image/webp", "application/octet-stream", "application/zip",
    "application/gzip", "video/mp4", "audio/ogg", "font/woff2", "application/pdf",
    "multipart/form-data; boundary=text/plain", "application/jsonish", "x-text/plain",
    "text/event-stream", "text/event-stream; charset=utf-8", "Text/Event-Stream",
    "application/x-test; note=\"application/json\"", "", None]


def test_text_and_its_like_are_compressed(penstock, shelf):
    every(COMPRESSIBLE, lambda kind: assert_coded(
        fetch(penstock, shelf, answer_of(BODY, content_type=kind), "gzip"), BODY))


def test_nothing_else_is(penstock, shelf):
    """Row 292; Vary would only spoil caches there."""
    def check(kind):
        response = fetch(penstock, shelf, answer_of(BODY, content_type=kind), "gzip")
        assert_identity(response, BODY, vary=False)
        assert response.header("content-length") == str(len(BODY))

    every(OTHER, check)


@pytest.mark.parametrize("size", [0, 1, 100, 255, 256, 257, 1000])
def test_small_answers_are_left_alone(penstock, shelf, size):
    """Row 292: 256 bytes are worth it."""
    body = b"a" * size
    response = fetch(penstock, shelf, answer_of(body), "gzip")
    if size < 256:
        assert_identity(response, body)
        assert response.header("content-length") == str(size)
    else:
        assert_coded(response, body)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "x-foo", "gzip, br"])
def test_what_is_coded_already_is_not_coded_again(penstock, shelf, coding):
    """Row 292; the client takes all of them."""
    body = gzipped(BODY)
    data = answer_of(body, headers=[("Content-Encoding", coding)])
    response = fetch(penstock, shelf, data, "gzip, deflate, br, zstd, x-foo")
    assert response.complete and response.body == body
    assert response.header("content-encoding") == coding
    assert response.header("content-length") == str(len(body))


@pytest.mark.parametrize("line", [
    "no-transform", "No-Transform", "max-age=60, no-transform", "no-transform,private"])
def test_no_transform_is_obeyed(penstock, shelf, line):
    """Row 292; RFC 9110 §7.7."""
    data = answer_of(BODY, headers=[("Cache-Control", line), ("ETag", '"a"')])
    response = fetch(penstock, shelf, data, "gzip")
    assert_identity(response, BODY)
    assert response.header("etag") == '"a"'
    coded = gzipped(BODY)
    data = answer_of(coded, headers=[("Cache-Control", line), ("Content-Encoding", "gzip")])
    response = fetch(penstock, shelf, data, "identity")
    assert response.complete and response.body == coded
    assert response.header("content-encoding") == "gzip"


def test_other_cache_directives_are_none_of_its_business(penstock, shelf):
    for line in ("no-cache", "max-age=1", "x-no-transform", "private=\"no-transformer\""):
        data = answer_of(BODY, headers=[("Cache-Control", line)])
        assert_coded(fetch(penstock, shelf, data, "gzip"), BODY)


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_answers_without_a_body_stay_without(penstock, shelf, status):
    """Row 292."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nETag: \"a\"\r\n\r\n".encode()
    response = fetch(penstock, shelf, head, "gzip")
    assert response.status == int(status[:3]) and response.complete
    assert not response.all("content-encoding") and not response.all("transfer-encoding")


def test_head_is_answered_without_a_coding(penstock, shelf, up):
    """Row 292. Nothing of a body comes, and the connection serves on."""
    head = answer_of(BODY)[:-len(BODY)]
    connection = penstock.connect()
    response = connection.exchange(ask(shelf.put(head), "gzip", "HEAD"))
    assert response.status == 200 and not response.all("content-encoding")
    assert response.header("content-length") in (None, str(len(BODY)))
    assert_coded(connection.exchange(ask(shelf.put(answer_of(BODY)), "gzip")), BODY)


def test_a_part_is_never_transformed(penstock, shelf):
    """Row 292: the offsets of a 206 are those of the upstream's bytes, either way."""
    fields = [("Content-Range", "bytes 0-1999/9000"), ("ETag", '"a"'), ("Accept-Ranges", "bytes")]
    for coding, body, accept in ((None, BODY, "gzip"), ("gzip", gzipped(BODY), "identity"),
                                 ("gzip", gzipped(BODY)[:500], "identity")):
        more = [("Content-Encoding", coding)] if coding else []
        data = answer_of(body, status="206 Partial Content", headers=fields + more)
        response = fetch(penstock, shelf, data, accept, headers=[("Range", "bytes=0-1999")])
        assert response.status == 206 and response.complete and response.body == body
        assert response.header("content-encoding") == coding
        assert response.header("content-length") == str(len(body))
        assert [(name, response.header(name)) for name, _ in fields] == fields


@pytest.mark.parametrize("status", ["201 Created", "400 Bad Request", "404 Not Found",
                                    "500 Internal Server Error"])
def test_errors_and_other_whole_answers_are_compressed_too(penstock, shelf, status):
    response = fetch(penstock, shelf, answer_of(BODY, status=status), "gzip")
    assert response.status == int(status[:3]) and response.complete
    assert response.header("content-encoding") == "gzip" and content(response) == BODY
