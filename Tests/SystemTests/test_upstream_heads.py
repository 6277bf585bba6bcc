"""C7, rows 227 to 229 and 240 to 252: response heads that are cut short, or are not HTTP."""

import random

import pytest

import scripted
from harness import Penstock, Upstream, account, eventually
from origins import assert_fails, outcome, proxy, raw
from scripted import answer

PROTOCOL, TOO_LARGE = "upstream_protocol_error", "upstream_headers_too_large"
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [account(up, "ca_up", timeouts={"first_byte": "3s", "idle": "3s"})]
    with Penstock({"accounts": accounts}) as server:
        yield server


@pytest.fixture
def refused(penstock, up):
    """These bytes of the upstream are a 502, at once and without waiting for more."""
    def check(data, *slugs, end="stay"):
        up.handler = raw(data, end)
        response = outcome(penstock, proxy("GET", "/x"), timeout=2.5)
        line = assert_fails(penstock, response, *slugs, begun=False)
        assert up.connections == 1
        return response, line
    return check


@pytest.fixture
def passed(penstock, up):
    def check(data, method="GET", end="stay"):
        up.handler = raw(data, end)
        response = outcome(penstock, proxy(method, "/x"), timeout=2.5)
        assert response.complete and not response.header("proxy-status"), response
        return response
    return check


@pytest.mark.parametrize("data, end, slug", [
    (b"HTTP/1.1 2", "fin", "upstream_closed"),
    (b"HTTP/1.1 200 OK\r", "fin", "upstream_closed"),
    (b"H", "reset", "upstream_reset"),
    (OK, "fin", "upstream_truncated_headers"),
    (OK + b"Content-Le", "fin", "upstream_truncated_headers"),
    (OK + b"Content-Length: 2\r\n", "fin", "upstream_truncated_headers"),
    (OK + b"Content-Length: 2\r\n\r", "fin", "upstream_truncated_headers"),
    (OK + b"Content-Le", "reset", "upstream_reset"),
    (OK + b"Content-Length: 2\r\n", "reset", "upstream_reset")])
def test_a_head_that_is_cut_short(refused, data, end, slug):
    """Rows 227, 228 and 229."""
    refused(data, slug, end=end)


@pytest.mark.parametrize("fields", [
    "Content-Length: 3\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\ncOntent-length: 3",
    "Content-Length: 3\r\nContent-Length: 3", "Content-Length: 3\r\nContent-Length: 5",
    "Content-Length: 3, 3", "Content-Length: 3, 5", "Content-Length: +3", "Content-Length: -3",
    "Content-Length: 3x", "Content-Length: 0x3", "Content-Length: 3 3", "Content-Length:",
    "Content-Length: ,3", "Content-Length: 99999999999999999999",
    "Content-Length: 18446744073709551619", "Content-Length: 00000000000000000000003",
    'Content-Length: "3"', "Content-Length: 3.0", "Content-Length : 3"])
def test_a_length_in_doubt(refused, fields):
    """Row 240."""
    refused(OK + fields.encode() + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n", PROTOCOL)


@pytest.mark.parametrize("fields", [
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: foo", "Transfer-Encoding: xchunked",
    "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip",
    "Transfer-Encoding: identity", "Transfer-Encoding:", "Transfer-Encoding: chunked;q=1",
    "Transfer-Encoding: \"chunked\"", "Transfer-Encoding: ,chunked", "Transfer-Encoding : chunked",
    "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"])
def test_a_transfer_coding_in_doubt(refused, fields):
    """Row 241."""
    refused(OK + fields.encode() + b"\r\n\r\n3\r\nabc\r\n0\r\n\r\n", PROTOCOL)


BANNERS = [
    b"<html><body>hello from 1991</body></html>\n",
    b"SSH-2.0-OpenSSH_9.6 banner-marker\r\n",
    b"220 mail.example banner-marker ESMTP\r\n",
    b"-ERR banner-marker unknown command 'GET'\r\n",
    b"* OK banner-marker IMAP4rev1\r\n",
    b"\x15\x03\x03\x00\x02\x02\x28",
    b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80\x00\x04\x00\x01\x00\x00",
    b"\r\nHTTP/1.1 200 OK\r\n\r\n",
    b"\nHTTP/1.1 200 OK\n\n",
    b" HTTP/1.1 200 OK\r\n\r\n",
    b"ICY 200 OK\r\n\r\n",
    b"http/1.1 200 OK\r\n\r\n",
    random.Random(242).randbytes(3000) + b"\n",
]


@pytest.mark.parametrize("banner", BANNERS, ids=lambda banner: repr(banner[:12]))
def test_what_is_not_http_is_refused_and_never_shown(refused, banner):
    """Row 242."""
    response, _ = refused(banner, PROTOCOL)
    assert b"marker" not in response.body and b"1991" not in response.body


@pytest.mark.parametrize("banner", BANNERS[:4], ids=lambda banner: repr(banner[:12]))
def test_a_banner_before_the_request_is_refused_too(penstock, up, banner):
    up.handler = scripted.speaks_first(banner)
    response = outcome(penstock, proxy("GET"))
    assert_fails(penstock, response, PROTOCOL, "upstream_unsolicited", "upstream_closed",
                 begun=False)
    assert b"marker" not in response.body


@pytest.mark.parametrize("line", [
    "HTTP/9.9 200 OK", "HTTP/2.0 200 OK", "HTTP/1 200 OK", "HTTP/1.10 200 OK", "HTTP/01.1 200 OK",
    "HTTP/1.1 99 Low", "HTTP/1.1 000 None", "HTTP/1.1 1000 High", "HTTP/1.1 2xx OK",
    "HTTP/1.1 200X", "HTTP/1.1 200OK", "HTTP/1.1  200 OK", "HTTP/1.1\t200 OK", "HTTP/1.1200 OK",
    "HTTP/1.1 20 OK", "HTTP/1.1 +20 OK", "HTTP/1.1 200.0 OK", "HTTP/1.1", "HTTP/1.1 "])
def test_a_status_line_that_is_none(refused, line):
    """Row 243."""
    refused(line.encode() + b"\r\nContent-Length: 0\r\n\r\n", PROTOCOL)


@pytest.mark.parametrize("status", [600, 666, 700, 999])
def test_a_status_outside_the_classes(refused, status):
    """Row 244."""
    refused(answer(b"x", status, "Odd"), PROTOCOL)


@pytest.mark.parametrize("status", [200, 201, 226, 300, 307, 399, 400, 418, 451, 500, 511, 599])
def test_every_other_status_passes(passed, status):
    response = passed(answer(b"body", status, "Whatever"))
    assert (response.status, response.body) == (status, b"body")


@pytest.mark.parametrize("rest", [b"", b" ", b" OK", b" " + b"r" * 8192, b" caf\xe9", b" a\tb"],
                         ids=lambda rest: repr(rest[:8]))
def test_a_reason_phrase_may_be_missing_or_long(passed, rest):
    """Row 245. RFC 9112 §4 wants the space; servers that leave it out are many."""
    response = passed(b"HTTP/1.1 200" + rest + b"\r\nContent-Length: 2\r\n\r\nok")
    assert (response.status, response.body) == (200, b"ok")


@pytest.mark.parametrize("control", [b"\x00", b"\x01", b"\x0b", b"\x1b[31m", b"\x7f", b"a\rb"])
def test_a_reason_phrase_with_a_control_is_refused(refused, control):
    """Row 245."""
    refused(b"HTTP/1.1 200 O" + control + b"K\r\nContent-Length: 0\r\n\r\n", PROTOCOL)


@pytest.mark.parametrize("line", [
    b"X: a\x00b", b"X\x00: a", b"NoColon", b": value", b"", b" X: folded", b"\tX: folded",
    b"X: a\r\n folded", b"X: a\r\n\tfolded", b"Name : v", b"Na me: v", b"Na\x01me: v",
    b"Na\x80me: v", b"X: a\rb", b"X: a\rSet-Cookie: b", b"X: a\nY: b", b"X: a\x01b", b"X: a\x7fb",
    b"X: a\x0bb", b"X(): v", b"X@: v", b"\rX: y"])
def test_a_field_line_that_is_none(refused, line):
    """Rows 246 and 247. An empty line ends the head, so there the case is what follows it."""
    end = b"\r\nContent-Length: 0\r\n\r\n"
    refused(OK + line + end if line else OK + b"Content-Length: 0\r\n\n", PROTOCOL)


def test_a_head_of_bare_line_feeds_is_refused(refused):
    refused(b"HTTP/1.1 200 OK\nContent-Length: 0\n\n", PROTOCOL)


@pytest.mark.parametrize("value", [b"a\tb", b"\xe9\xff", b"", b"  padded \t", b"a:b,c;d=\"e\""])
def test_odd_values_pass_unchanged(passed, value):
    response = passed(OK + b"X-Odd:" + value + b"\r\nContent-Length: 0\r\n\r\n")
    assert response.header("x-odd") == value.strip(b" \t").decode("latin-1")


def with_fields(count, size=1):
    """A response with that many fields, its Content-Length among them."""
    lines = b"".join(b"x-%d: %s\r\n" % (number, b"v" * size) for number in range(count - 1))
    return OK + lines + b"Content-Length: 0\r\n\r\n"


@pytest.mark.parametrize("size", [99 << 10, 110 << 10, 400 << 10])
def test_one_field_over_the_limit(refused, size):
    """Row 248; `limits.upstream_header_bytes` is 64 KiB."""
    refused(OK + b"X-Large: " + b"v" * size + b"\r\nContent-Length: 0\r\n\r\n", TOO_LARGE)


def test_many_fields_over_the_limit(refused):
    """Row 248."""
    refused(with_fields(200, 2048), TOO_LARGE)


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 ", OK, OK + b"X: "])
def test_a_line_that_never_ends_is_refused_at_the_limit(refused, start):
    """Row 248: not after five megabytes, and not at the timeout."""
    slugs = (TOO_LARGE,) if start else (TOO_LARGE, PROTOCOL)
    refused(start + b"v" * 5_000_000, *slugs)


def test_a_head_within_the_limit_passes(passed):
    response = passed(OK + b"X-Large: " + b"v" * (60 << 10) + b"\r\nContent-Length: 0\r\n\r\n")
    assert len(response.header("x-large")) == 60 << 10


def test_256_fields_pass(passed):
    """Row 249; `limits.upstream_headers` is 256."""
    assert passed(with_fields(256)).header("x-254") == "v"


@pytest.mark.parametrize("count", [257, 10_000])
def test_more_than_256_fields_are_refused(refused, count):
    """Row 249."""
    refused(with_fields(count), TOO_LARGE)


def test_repeated_fields_keep_their_order(passed):
    """Row 274 within the limits: Set-Cookie is never joined."""
    lines = b"".join(b"Set-Cookie: c%d=v\r\n" % number for number in range(100))
    response = passed(OK + lines + b"Content-Length: 0\r\n\r\n")
    assert response.all("set-cookie") == [f"c{number}=v" for number in range(100)]


@pytest.mark.parametrize("name, size", [(b"Set-Cookie", 1000), (b"Location", 1)])
def test_a_flood_of_cookies_or_a_huge_location_is_too_large(refused, name, size):
    """Row 274."""
    value = b"https://a.example/" + b"x" * (100_000 // size)
    refused(OK + (name + b": " + value + b"\r\n") * size + b"Content-Length: 0\r\n\r\n", TOO_LARGE)


@pytest.mark.parametrize("interim", [
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n" * 5,
    b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 30,
    b"HTTP/1.1 102 Processing\r\n\r\n" * 32])
def test_interim_answers_are_not_forwarded(passed, interim):
    """Row 250."""
    response = passed(interim + answer(b"final"))
    assert (response.status, response.body, response.interim) == (200, b"final", [])
    assert not response.header("link")


@pytest.mark.parametrize("count", [33, 20_000])
def test_a_flood_of_interim_answers_is_refused(refused, count):
    """Row 251; `limits.upstream_interim_responses` is 32."""
    refused(b"HTTP/1.1 103 Early Hints\r\n\r\n" * count + answer(b"final"), PROTOCOL)


@pytest.mark.parametrize("fields", [b"", b"Connection: upgrade\r\nUpgrade: websocket\r\n"])
def test_a_switch_of_protocols_that_nobody_asked_for(refused, up, fields):
    """Row 252."""
    refused(b"HTTP/1.1 101 Switching Protocols\r\n" + fields + b"\r\n",
            "upstream_unexpected_upgrade")
    eventually(lambda: up.accepted[0].ended, what="the end of that connection")


@pytest.mark.parametrize("head", [
    b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"])
def test_chunked_from_http_1_0_is_in_doubt(refused, head):
    """RFC 9112 §6.1: a Transfer-Encoding in an HTTP/1.0 message is faulty framing."""
    refused(head, PROTOCOL)
