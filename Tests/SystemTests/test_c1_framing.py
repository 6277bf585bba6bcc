"""C1, rows 44 to 52: Content-Length and Transfer-Encoding, client to proxy."""

import pytest

from good_requests import CHUNKED, JSON, post
from harness import chunked, named

# --- Content-Length -------------------------------------------------------------------------

@pytest.mark.parametrize("value", [
    "-1", "-0", "+5", "0x5", "0o5", "5.0", "5e0", "1_0", '"5"', "5;", "5x", "x5", ",5", "5,",
    "5 0", "", "99999999999999999999", "18446744073709551616", "18446744073709551621", "\xb2",
    "5\xa0",
])
def test_row_044_length_syntax(refused, route, value):
    refused(post(route, b"Content-Length: " + value.encode("latin-1"), body=b"hello"))


def test_row_045_leading_zero_is_decimal(accepted, route):
    accepted(route, post(route, b"Content-Length: 0%d" % len(JSON), body=JSON))


def test_row_045_too_many_digits(refused, route):
    refused(post(route, b"Content-Length: %025d" % len(JSON), body=JSON))


@pytest.mark.parametrize("fields", named([
    [b"Content-Length: 32", b"Content-Length: 32"], [b"Content-Length: 32", b"content-length: 5"],
    [b"Content-Length: 32, 32"], [b"Content-Length: 32, 5"], [b"Content-Length: 32,32"],
]))
def test_row_046_two_lengths(refused, route, fields):
    refused(post(route, *fields, body=b" " * 32))


# --- Transfer-Encoding ----------------------------------------------------------------------

@pytest.mark.parametrize("fields", named([
    [b"Content-Length: 5", CHUNKED], [CHUNKED, b"Content-Length: 5"],
    [b"content-LENGTH: 5", b"tRANSFER-encoding: ChUnKeD"], [CHUNKED, b"Content-Length: 0"],
    [b"Content-Length: 5", b"Transfer-Encoding: gzip"],
]))
def test_row_047_length_and_coding(refused, route, fields):
    refused(post(route, *fields, body=b"0\r\n\r\n"))


@pytest.mark.parametrize("fields", named([
    [CHUNKED, CHUNKED], [b"Transfer-Encoding: chunked, chunked"],
    [b"Transfer-Encoding: chunked, gzip"], [b"Transfer-Encoding: chunked, identity"],
]))
def test_row_048_chunked_repeated_or_not_last(refused, route, fields):
    refused(post(route, *fields, body=chunked(JSON)))


@pytest.mark.parametrize("value", [
    "gzip, chunked", "gzip", "identity", "xchunked", "chunk", "cow", '"chunked"', "'chunked'",
    "chunked;q=1",
])
def test_row_049_unknown_codings(refused, route, value):
    refused(post(route, b"Transfer-Encoding: " + value.encode(), body=chunked(JSON)),
            501, "not_implemented")


@pytest.mark.parametrize("value", named([
    b",chunked", b"chunked,", b"", b"\x0bchunked", b"\x0cchunked", b"chunked\x00", b"\xa0chunked",
]))
def test_row_050_coding_syntax(refused, route, value):
    refused(post(route, b"Transfer-Encoding: " + value, body=chunked(JSON)))


@pytest.mark.parametrize("field", named([
    b"Transfer-Encoding : chunked", b"Transfer\r-Encoding: chunked",
    b"Transfer-\r\nEncoding: chunked", b" Transfer-Encoding: chunked",
    b"Transfer Encoding: chunked", b"Transf\x82r-Encoding: chunked",
    b"X:X\nTransfer-Encoding: chunked", b"X:X\rTransfer-Encoding: chunked",
    b"Transfer-Encoding\x00: chunked", b"\x0bTransfer-Encoding: chunked",
]))
def test_row_051_name_tricks(refused, route, field):
    refused(post(route, b"Content-Length: %d" % len(JSON), field, body=JSON))


def test_row_051_underscore_is_another_field(accepted, route):
    accepted(route, post(route, b"Transfer_Encoding: chunked",
                         b"Content-Length: %d" % len(JSON), body=JSON))


def test_row_052_chunked_in_1_0(refused, route):
    refused(post(route, CHUNKED, body=chunked(JSON), version=b"HTTP/1.0"))
