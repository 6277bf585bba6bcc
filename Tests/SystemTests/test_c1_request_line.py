"""C1, rows 1 to 27: the request line, client to proxy."""

import time

import pytest

from harness import (KEY, assert_closed, assert_error, assert_keeps_its_word,
                     assert_stays, named, request)

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: p\r\n\r\n"


def get(line=b"GET /healthz HTTP/1.1", *fields):
    """A request of raw lines; Host comes first, so that each of `fields` follows a good one."""
    return b"\r\n".join((line, b"Host: p") + fields) + b"\r\n\r\n"


def test_row_001_plain_get(penstock):
    connection = penstock.connect()
    assert connection.exchange(HEALTH).status == 200
    assert_stays(connection)


def test_row_002_byte_by_byte(penstock):
    connection = penstock.connect()
    connection.send_slowly(HEALTH[:-1], 0.02)
    assert connection.is_quiet(0.02)
    assert connection.exchange(HEALTH[-1:], "GET").status == 200
    assert_stays(connection)


def test_row_002_each_prefix_held(penstock):
    connections = [penstock.connect() for _ in range(1, len(HEALTH))]
    for length, connection in enumerate(connections, 1):
        connection.send(HEALTH[:length])
    time.sleep(0.5)
    for length, connection in enumerate(connections, 1):
        assert connection.is_quiet(0), f"a byte after {HEALTH[:length]!r}"
        assert connection.exchange(HEALTH[length:], "GET").status == 200
        assert_stays(connection)


def test_row_003_pipelined_51(penstock):
    ids = [f"row3-{number}" for number in range(51)]
    connection = penstock.connect()
    connection.send(b"".join(request("GET", "/healthz", {"x-request-id": id}) for id in ids))
    answers = [connection.read_response() for _ in ids]
    assert [(answer.status, answer.request_id) for answer in answers] == [(200, id) for id in ids]
    assert_stays(connection)


def test_row_004_no_request(penstock):
    before = len(penstock.log_lines())
    penstock.connect().close()
    # Its access line comes after whatever the silent connection may have left.
    marker = penstock.connect().exchange(request("GET", "/healthz", {"x-request-id": "row4-end"}))
    penstock.access_line(marker.request_id)
    later = penstock.log_lines()[before:]
    ids = [answer.request_id for _, answer in penstock.ledger]
    stray = [line for line in later
             if line.get("level") not in ("debug", "trace") and line.get("request_id") not in ids]
    assert stray == []


@pytest.mark.parametrize("count", [1, 2])
def test_row_005_leading_crlf(penstock, count):
    connection = penstock.connect()
    assert connection.exchange(b"\r\n" * count + HEALTH, "GET").status == 200
    assert_stays(connection)


def test_row_006_a_thousand_crlf(refused):
    refused(b"\r\n" * 1000)


def test_row_006_third_crlf(refused):
    refused(b"\r\n" * 3)


@pytest.mark.parametrize("data", named([
    b"GET /healthz HTTP/1.1\nHost: p\n\n",
    b"GET /healthz HTTP/1.1\nHost: p\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: p\r\n\n",
]))
def test_row_007_lf_only(refused, data):
    refused(data)


@pytest.mark.parametrize("data", named([
    b"GET /healthz HTTP/1.1\r\nHost: p\nX: y\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: p\r\nX: y\n\r\n",
    b"GET / HTTP/1.1\rHost: p\r\r",
    b"GET /healthz HTTP/1.1\r\nHost: p\rX: y\r\n\r\n",
]))
def test_row_008_line_ends(refused, data):
    refused(data)


@pytest.mark.parametrize("line", named([
    b"GET  /healthz HTTP/1.1", b"GET /healthz  HTTP/1.1", b"GET /healthz HTTP/1.1 ",
    b" GET /healthz HTTP/1.1",
]))
def test_row_009_spaces(refused, line):
    refused(get(line))


@pytest.mark.parametrize("line", named([
    b"GET\t/healthz\tHTTP/1.1", b"GET\t/healthz HTTP/1.1", b"GET /healthz\tHTTP/1.1",
    b"GET\x0b/healthz HTTP/1.1",
]))
def test_row_010_tabs(refused, line):
    refused(get(line))


def test_row_011_space_in_target(refused):
    refused(get(b"GET /pa th HTTP/1.1"))


@pytest.mark.parametrize("data", named([
    get(b"GET HTTP/1.1"), get(b" / HTTP/1.1"), b"GET\r\n\r\n", get(b"/ HTTP/1.1"),
]))
def test_row_012_missing_part(refused, data):
    refused(data)


@pytest.mark.parametrize("data", named([b"GET /\r\n", b"GET / \r\n\r\n", b"GET /healthz\r\n"]))
def test_row_013_http_0_9(refused, data):
    refused(data)


@pytest.mark.parametrize("version", ["HTTP/9.9", "HTTP/2.0", "HTTP/1.2", "HTTP/0.9", "HTTP/3.0"])
def test_row_014_versions(refused, version):
    refused(request("GET", "/healthz", version=version), 505, "http_version_not_supported")


@pytest.mark.parametrize("version", [
    "HTTP/1", "HTTP/01.1", "HTTP/1.10", "HTTP/ 1.1", "http/1.1", "HTTP/1.1x", "HTTP/4294967297.1",
    "HTTP/1.", "HTTP/.1", "HTTP1.1", "HTTP/1,1", "HTTPS/1.1", "XTTP/1.1",
])
def test_row_015_version_syntax(refused, version):
    refused(request("GET", "/healthz", version=version))


def test_row_016_http2_preface(refused):
    refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505),
            ("malformed_request", "http_version_not_supported"))


@pytest.mark.parametrize("method", ["get", "Get", "BREW", "A" * 32])
def test_row_017_unknown_method(penstock, method):
    connection = penstock.connect()
    response = connection.exchange(request(method, "/healthz"))
    assert_error(response, (405, 501), ("method_not_allowed", "not_implemented"))
    assert_keeps_its_word(connection, response)


@pytest.mark.parametrize("method", named([
    b"G@T", b"GE(T", b'G"T', b"\x00", b"G\x00T", b"GET\x80", b"\xffGET", b"G{T", b"G/T",
]))
def test_row_017_method_not_a_token(refused, method):
    refused(get(method + b" / HTTP/1.1"))


def test_row_018_method_of_64(refused):
    refused(request("A" * 64, "/healthz"), 501, "not_implemented")


def test_row_018_method_of_33(refused):
    refused(request("A" * 33, "/proxy/ca_echo/x", {"x-api-key": KEY}), 501, "not_implemented")


def test_row_018_method_of_8192(refused):
    refused(request("A" * 8192, "/healthz"), (400, 501), ("malformed_request", "not_implemented"))


@pytest.mark.parametrize("method, target", [
    ("CONNECT", "a:443"), ("TRACE", "/"), ("TRACK", "/"), ("TRACE", "/proxy/ca_echo/x"),
])
def test_row_019_connect_and_trace(penstock, upstream, method, target):
    connection = penstock.connect()
    response = connection.exchange(
        request(method, target, {"x-api-key": KEY, "X-Echo": "do-not-echo-me"}))
    assert_error(response, 405, "method_not_allowed")
    assert response.all("allow")
    assert b"do-not-echo-me" not in response.raw_head + response.body
    assert_keeps_its_word(connection, response)
    assert upstream.connections == 0


def test_row_020_options_asterisk(penstock):
    connection = penstock.connect()
    assert connection.exchange(request("OPTIONS", "*")).status == 204
    assert_stays(connection)


@pytest.mark.parametrize("line", named([
    b"GET * HTTP/1.1", b"OPTIONS */x HTTP/1.1", b"OPTIONS ** HTTP/1.1", b"HEAD * HTTP/1.1",
]))
def test_row_020_asterisk_elsewhere(refused, line):
    refused(get(line))


@pytest.mark.parametrize("target, host", [
    ("http://p/healthz", "p"), ("http://p:80/healthz", "p:80"), ("HTTP://P/healthz", "p"),
])
def test_row_021_absolute_form(penstock, upstream, target, host):
    connection = penstock.connect()
    assert connection.exchange(request("GET", target, host=host)).status == 200
    assert_stays(connection)
    assert upstream.connections == 0


@pytest.mark.parametrize("target", ["http://evil/healthz", "http://p.evil/healthz",
                                    "http://p@evil/healthz"])
def test_row_022_absolute_form_of_another_host(refused, target):
    refused(request("GET", target))


@pytest.mark.parametrize("target", ["p:80", "admin", "?x", "healthz", "http:/healthz", "http://",
                                    "http:///healthz", "ftp://p/healthz", "\\healthz"])
def test_row_023_not_a_target(refused, target):
    refused(request("GET", target))


def test_row_024_fragment(refused):
    refused(request("GET", "/path#frag"))


@pytest.mark.parametrize("bytes_", [
    pytest.param([0], id="NUL"), pytest.param(range(0x01, 0x20), id="controls"),
    pytest.param([0x7f], id="DEL"), pytest.param(range(0x80, 0x100), id="8-bit"),
])
def test_row_025_bytes_in_target(refused, bytes_):
    for byte in bytes_:
        refused(get(b"GET /a" + bytes([byte]) + b"b HTTP/1.1"))


@pytest.mark.parametrize("target", ["/%00", "/%0d%0aX-Inj:%201", "/..%2f..%2fetc/passwd",
                                    "/%c0%af", "//", "/healthz/"])
def test_row_026_encoded_tricks(penstock, upstream, target):
    connection = penstock.connect()
    response = connection.exchange(request("GET", target))
    assert_error(response, 404)
    assert not response.all("x-inj")
    assert_stays(connection)
    path = penstock.access_line(response.request_id).get("path", "")
    assert "\r" not in path and "\n" not in path and "\0" not in path
    assert upstream.connections == 0


@pytest.mark.parametrize("length", [8000, 8192])
def test_row_027_target_within_limit(penstock, length):
    connection = penstock.connect()
    assert_error(connection.exchange(request("GET", "/" + "a" * (length - 1))), 404)
    assert_stays(connection)


@pytest.mark.parametrize("length", [8193, 200_000])
def test_row_027_target_too_long(refused, length):
    refused(request("GET", "/" + "a" * (length - 1)), 414, "uri_too_long")


def test_row_027_answered_before_the_end(penstock):
    """The limit alone is enough to answer: nobody waits for the end of an endless target."""
    connection = penstock.connect()
    response = connection.exchange(b"GET /" + b"a" * 10_000, "GET")
    assert_error(response, 414, "uri_too_long")
    assert_closed(connection, response)
