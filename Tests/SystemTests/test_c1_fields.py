"""C1, rows 28 to 43: Host and the other header fields, client to proxy."""

import pytest

from harness import (KEY, assert_error, assert_stays, execute, named,
                     request)

ENVELOPE = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_echo"}


def get(line=b"GET /healthz HTTP/1.1", *fields):
    """A request of raw lines; Host comes first, so that each of `fields` follows a good one."""
    return b"\r\n".join((line, b"Host: p") + fields) + b"\r\n\r\n"


# --- Host -----------------------------------------------------------------------------------

def test_row_028_no_host(refused):
    refused(request("GET", "/healthz", host=None))


def test_row_028_no_host_in_1_0(penstock):
    connection = penstock.connect()
    response = connection.exchange(request("GET", "/healthz", host=None, version="HTTP/1.0"))
    assert response.status == 200
    assert connection.is_closed(3)


@pytest.mark.parametrize("second", ["p", "q", ""])
def test_row_029_two_hosts(refused, second):
    refused(get(b"GET /healthz HTTP/1.1", b"Host: " + second.encode()))


@pytest.mark.parametrize("host", [
    "", "a b", "a,b", "u@p", "p/x", "p:99999", "p:1:2", "[::1", "p\x00.q", ".", "p:8a", "p?x",
    "p#x", "p:-1", "p:65536", "::1", "[::1]x", "[zz]", "p\\q", "<p>", "p\xff",
])
def test_row_030_bad_host(refused, host):
    refused(request("GET", "/healthz", host=host))


@pytest.mark.parametrize("line", named([b"Host: P.", b"Host: p:80", b"Host: [::1]:80",
                                        b"hoSt:\tp", b"Host: 127.0.0.1", b"Host: [::1]"]))
def test_row_031_good_host(penstock, line):
    connection = penstock.connect()
    data = b"GET /healthz HTTP/1.1\r\n" + line + b"\r\n\r\n"
    assert connection.exchange(data).status == 200
    assert_stays(connection)


# --- Fields ---------------------------------------------------------------------------------

@pytest.mark.parametrize("field", named([b"X-Test : v", b"Content-Length : 3", b"X-Test\t: v"]))
def test_row_032_space_before_colon(refused, field):
    refused(get(b"GET /healthz HTTP/1.1", field))


@pytest.mark.parametrize("field", named([b" X: y", b"\tContent-Length: 1", b" ", b" Host: p"]))
def test_row_033_first_line_folded(refused, field):
    refused(b"GET /healthz HTTP/1.1\r\n" + field + b"\r\nHost: p\r\n\r\n")


@pytest.mark.parametrize("field", named([b"X: a\r\n b", b"X: a\r\n\tb", b"X:\r\n ", b"X: a\r\n "]))
def test_row_034_folded(refused, field):
    refused(get(b"GET /healthz HTTP/1.1", field))


@pytest.mark.parametrize("field", named([
    b": v", b":", b"NoColon", b"X Y: z", b"X[]: v", b"X(: v", b"X\x80: v", b"X\xa0: v",
    b"X\x00: v", b"Content-Length 10", b"X\x7f: v", b"X\x01: v", b'X": v', b"X;: v",
]))
def test_row_035_field_names(refused, field):
    refused(get(b"GET /healthz HTTP/1.1", field))


@pytest.mark.parametrize("byte", [
    pytest.param(byte, id=f"0x{byte:02x}")
    for byte in [*range(0x00, 0x09), *range(0x0a, 0x20), 0x7f]])
def test_row_036_controls_in_value(refused, byte):
    for value in (b"a" + bytes([byte]) + b"b", b"a" + bytes([byte]), bytes([byte]) + b"b"):
        refused(get(b"GET /healthz HTTP/1.1", b"X: " + value, b"Y: z"))


@pytest.mark.parametrize("field", named([b"X: a\tb", b"X: \x80\xff", b"X:", b"X:   ", b"X: \t v \t",
                                         b"X:v", b"X: \x85\xa0"]))
def test_row_037_good_values(penstock, field):
    connection = penstock.connect()
    assert connection.exchange(get(b"GET /healthz HTTP/1.1", field)).status == 200
    assert_stays(connection)


@pytest.mark.parametrize("sent, arrives", [
    (b"\t a\tb \t", "a\tb"), (b"\xa0v\xa0", "\xa0v\xa0"), (b" \x85v\x85 ", "\x85v\x85"),
    (b"", ""), (b"   ", ""), (b"\xe2\x82\xac", "\xe2\x82\xac"),
])
def test_row_037_only_space_and_tab_are_trimmed(penstock, upstream, sent, arrives):
    connection = penstock.connect()
    response = connection.exchange(get(
        b"GET /proxy/ca_echo/x HTTP/1.1", b"x-api-key: " + KEY.encode(), b"X-Value:" + sent))
    assert response.status == 200
    assert upstream.requests[0].all("x-value") == [arrives]
    assert_stays(connection)


def test_row_038_cr_before_a_field(refused):
    refused(b"GET /healthz HTTP/1.1\r\nHost: p\r\n\rX: y\r\n\r\n")


@pytest.mark.parametrize("name, value", [("N" * 256, "v"), ("X", "v" * 8192)])
def test_row_039_field_within_limits(penstock, name, value):
    connection = penstock.connect()
    assert connection.exchange(request("GET", "/healthz", {name: value})).status == 200
    assert_stays(connection)


@pytest.mark.parametrize("name, value", [
    ("N" * 65536, "v"), ("N" * 257, "v"), ("X", "v" * 65536), ("X", "v" * 8193),
], ids=["name 64 KiB", "name 257", "value 64 KiB", "value 8193"])
def test_row_039_field_too_large(refused, name, value):
    refused(request("GET", "/healthz", {name: value}), 431, "headers_too_large")


def test_row_040_a_hundred_fields(penstock):
    connection = penstock.connect()
    fields = [(f"X-{number}", "v") for number in range(99)]
    assert connection.exchange(request("GET", "/healthz", fields)).status == 200
    assert_stays(connection)


@pytest.mark.parametrize("count", [101, 10_000])
def test_row_040_too_many_fields(refused, count):
    fields = [(f"X-{number}", "v") for number in range(count - 1)]
    refused(request("GET", "/healthz", fields), 431, "headers_too_large")


def padded(total):
    """Fields of `total` bytes in all with their line ends, none of them near its own limit."""
    fields = []
    while total > 0:
        size = min(total, 6000)
        if 0 < total - size < 10:
            size -= 10
        fields.append((f"X-{len(fields)}", "v" * (size - len(f"X-{len(fields)}: \r\n"))))
        total -= size
    return fields


def test_row_041_block_within_limit(penstock):
    """Counted in the widest way: request line, fields and the empty line."""
    bare = len(request("GET", "/healthz"))
    data = request("GET", "/healthz", padded(32_767 - bare))
    assert len(data) == 32_767
    connection = penstock.connect()
    assert connection.exchange(data).status == 200
    assert_stays(connection)


def test_row_041_block_too_large(refused):
    """Counted in the narrowest way: the fields alone."""
    refused(request("GET", "/healthz", padded(32_769 - len("Host: p\r\n"))),
            431, "headers_too_large")


def test_row_042_underscore_is_no_hyphen(penstock, upstream):
    connection = penstock.connect()
    response = connection.exchange(execute(ENVELOPE, {"X_API_KEY": KEY}, key=None))
    assert_error(response, 401, "unauthorized")
    assert_stays(connection)
    assert upstream.connections == 0


@pytest.mark.parametrize("fields", [
    [("Content-Type", "application/json")], [("Content-Type", "text/plain")],
    [("X-API-Key", KEY)], [("X-API-Key", "other")],
    [("Authorization", f"Bearer {KEY}"), ("Authorization", f"Bearer {KEY}")],
    [("Authorization", "Bearer a"), ("Authorization", "Bearer b")],
], ids=["type same", "type other", "key same", "key other", "authorization same",
        "authorization other"])
def test_row_043_duplicate_singletons(refused, fields):
    refused(execute(ENVELOPE, fields))
