"""Parts and conditions are between client and upstream: both pass, and no part is transformed."""

import pytest

import scripted
from codings import (JSON, Shelf, answer_of, ask, assert_coded, deflated, fetch, gzipped, prose)
from harness import Penstock, Upstream, account
from origins import outcome, proxy
from resolution_cases import every

BODY = prose(4000)


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


CONDITIONS = [
    ("Range", "bytes=0-99"), ("Range", "bytes=0-0,-1"), ("Range", "bytes=5-"),
    ("Range", "pages=1-2"), ("If-Range", '"a"'), ("If-Range", "Mon, 23 Nov 2026 07:25:48 GMT"),
    ("If-None-Match", '"a", W/"b"'), ("If-None-Match", "*"), ("If-Match", '"a"'),
    ("If-Modified-Since", "Mon, 23 Nov 2026 07:25:48 GMT"),
    ("If-Unmodified-Since", "Mon, 23 Nov 2026 07:25:48 GMT"), ("Cache-Control", "no-cache")]


def test_ranges_and_conditions_go_up_as_they_came(penstock, up):
    def check(field):
        up.begin_row()
        for more in ([], [("Accept-Encoding", "gzip")]):
            assert outcome(penstock, proxy("GET", "/x", [field, *more])).status == 200
        assert [got.all(field[0]) for got in up.requests] == [[field[1]]] * 2

    every(CONDITIONS, check)


@pytest.mark.parametrize("kind", [JSON, "text/plain", "multipart/byteranges; boundary=x",
                                  "application/octet-stream"])
@pytest.mark.parametrize("accept", ["gzip", "identity", None])
def test_a_part_passes_byte_for_byte(penstock, shelf, accept, kind):
    """Coded or not, in either framing: its offsets are the upstream's."""
    fields = [("Content-Range", "bytes 100-4099/9000"), ("ETag", '"a"'),
              ("Accept-Ranges", "bytes"), ("Content-MD5", "x")]

    def check(case):
        coding, body, framing = case
        more = [("Content-Encoding", coding)] if coding else []
        data = answer_of(body, framing, "206 Partial Content", kind, fields + more)
        response = fetch(penstock, shelf, data, accept, headers=[("Range", "bytes=100-4099")])
        assert response.status == 206 and response.complete and response.body == body
        assert response.header("content-encoding") == coding
        assert [(name, response.header(name)) for name, _ in fields] == fields

    every([(coding, body, framing) for framing in ("length", "chunked")
           for coding, body in ((None, BODY), ("gzip", gzipped(BODY)), ("deflate", deflated(BODY)),
                                ("gzip", gzipped(BODY)[10:2000]), ("br", BODY))], check)


def test_an_unsatisfiable_range_is_the_upstream_s_to_refuse(penstock, shelf):
    data = answer_of(b"", status="416 Range Not Satisfiable",
                     headers=[("Content-Range", "bytes */9000")])
    response = fetch(penstock, shelf, data, "gzip", headers=[("Range", "bytes=99999-")])
    assert response.status == 416 and response.complete
    assert response.header("content-range") == "bytes */9000"


def test_a_whole_answer_to_a_range_is_a_whole_one(penstock, shelf):
    """The upstream ignored it, as it may; then there are no offsets to spoil."""
    response = fetch(penstock, shelf, answer_of(BODY), "gzip", headers=[("Range", "bytes=0-9")])
    assert_coded(response, BODY)


@pytest.mark.parametrize("fields", [
    [("ETag", '"a"'), ("Vary", "Accept")], [("ETag", 'W/"a"'), ("Content-Length", "4000")],
    [("Content-Encoding", "gzip"), ("Content-Type", JSON)]])
@pytest.mark.parametrize("accept", ["gzip", "identity"])
def test_a_304_has_no_body_whatever_its_fields_say(penstock, shelf, accept, fields):
    """Row 253; the next answer on the connection is the next."""
    head = "HTTP/1.1 304 Not Modified\r\n" + "".join(f"{name}: {value}\r\n"
                                                     for name, value in fields) + "\r\n"
    connection = penstock.connect()
    conditions = [("If-None-Match", '"a"')]
    response = connection.exchange(ask(shelf.put(head.encode()), accept, headers=conditions))
    assert response.status == 304 and not response.all("transfer-encoding")
    assert response.header("etag") in (None, '"a"', 'W/"a"')
    follower = connection.exchange(ask(shelf.put(answer_of(BODY)), "identity"))
    assert follower.body == BODY


@pytest.mark.parametrize("data", [
    b"HTTP/1.1 205 Reset Content\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 205 Reset Content\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\n"])
@pytest.mark.parametrize("accept", ["gzip", "identity"])
def test_answers_that_reset_or_say_nothing_have_no_body(penstock, shelf, accept, data):
    """Row 254: no empty gzip stream, and no missing one."""
    connection = penstock.connect()
    response = connection.exchange(ask(shelf.put(data), accept))
    assert response.status in (204, 205) and response.body == b""
    assert connection.exchange(ask(shelf.put(answer_of(BODY)), "identity")).body == BODY


@pytest.mark.parametrize("coding", [None, "gzip", "deflate"])
@pytest.mark.parametrize("accept", ["gzip", "identity", None])
@pytest.mark.parametrize("framing", ["Content-Length: 4000", "Transfer-Encoding: chunked", ""])
def test_head_brings_fields_and_nothing_else(penstock, up, shelf, framing, accept, coding):
    """Row 253: no coder is waiting for bytes that do not come."""
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {JSON}", 'ETag: "a"']
    lines += [framing] if framing else []
    lines += [f"Content-Encoding: {coding}"] if coding else []
    data = ("\r\n".join(lines) + "\r\n\r\n").encode()
    connection = penstock.connect()
    response = connection.exchange(ask(shelf.put(data), accept, "HEAD"))
    assert response.status == 200 and response.complete
    assert response.header("content-encoding") in (coding, None)
    assert response.header("content-length") in ("4000", None)
    assert response.header("etag") in ('"a"', 'W/"a"')
    assert connection.exchange(ask(shelf.put(answer_of(BODY)), "identity")).body == BODY
