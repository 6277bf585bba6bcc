"""C4: what the execute endpoint says back; rows 139 to 142."""

import json

import pytest

import scripted
from harness import Ended, Penstock, account, assert_error
from resolution_cases import call, every, inner
from scripted import answer

MARKER = "zqxmarker"


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock({"accounts": [account(upstream, id="ca_base")]}) as server:
        yield server


def test_an_error_reflects_nothing_into_its_fix(penstock, upstream):
    """Row 139: one slug, one fix, whatever the input."""
    fixes = {}

    def check(case):
        error = assert_error(call(penstock, **case), (400, 404))
        assert MARKER not in error["suggested_fix"], error
        assert error["suggested_fix"], error
        assert fixes.setdefault(error["slug"], error["suggested_fix"]) == error["suggested_fix"]

    every([{"endpoint": f"//{MARKER}"}, {"endpoint": f"/..{MARKER}/../x"}, {"endpoint": MARKER},
           {"endpoint": f"https://{MARKER}.example/"}, {"endpoint": f"https://a.example/{MARKER}"},
           {"method": MARKER}, {"method": "get"}, {"account": MARKER}, {"account": "other"},
           {"parameters": [{"name": f"{MARKER} x", "value": "", "type": "header"}]},
           {"parameters": [{"name": "Host", "value": MARKER, "type": "header"}]}], check)
    assert upstream.connections == 0


def test_an_error_cannot_carry_markup_or_escapes(penstock):
    """Row 140."""
    def check(text):
        for case in ({"endpoint": "/" + text}, {"endpoint": text}, {"method": text},
                     {"account": text}, {"endpoint": f"https://{text}/"},
                     {"parameters": [{"name": text, "value": text, "type": "header"}]}):
            response = call(penstock, **case)
            assert response.status in (400, 404), response
            assert b"<script" not in response.body and b"\x1b" not in response.body
            assert b"\x1b" not in response.raw_head and b"<script" not in response.raw_head
            assert "\x1b" not in response.json()["error"]["message"]

    every(["<script>alert(1)</script> ", "\x1b[31mred\x1b[0m", '"}{\\', "a\u202eb\u2028 "], check)


STATUSES = [200, 201, 202, 203, 206, 400, 401, 402, 403, 404, 405, 409, 410, 413, 415, 418, 422,
            429, 451, 499, 500, 501, 502, 503, 504, 511, 599]


def test_an_upstream_s_status_is_inside_an_outer_200(penstock, upstream, answers):
    """Row 141."""
    before = penstock.metric("penstock_errors_total")

    def check(status):
        answers(answer({"upstream": "said"}, status, "Some Reason",
                       [("X-Should-Retry", "true"), ("Retry-After", "7"), ("X-A", "b")]))
        for method in ("GET", "POST"):
            upstream.drop()
            response = call(penstock, method=method)
            got = inner(response)
            assert (got["status"], got["data"]) == (status, {"upstream": "said"})
            assert (got["headers"]["retry-after"], got["headers"]["x-a"]) == ("7", "b")
            for name in ("proxy-status", "retry-after", "x-a"):
                assert not response.all(name), response
            line = penstock.access_line(response.request_id)
            assert (line["status"], line["upstream_status"]) == (200, status)
            assert "error" not in line

    every(STATUSES, check)
    assert penstock.metric("penstock_errors_total") == before
    assert penstock.metric("penstock_upstream_responses_total", account="ca_base", code="503") == 2
    assert penstock.metric("penstock_requests_total", account="ca_base", code="503") == 0


def test_an_answer_without_content_has_null_data(penstock, answers):
    """Row 142."""
    empty = [b"HTTP/1.1 204 No Content\r\n\r\n",
             b"HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
             b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n",
             answer(b""), answer(b"", content_type=None), answer(b"", content_type="text/plain"),
             answer(b"", content_type="image/png"),
             b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"]

    def check(data):
        answers(data)
        got = inner(call(penstock))
        assert got["status"] == int(data[9:12])
        assert got["data"] is None and got.get("binary_data") is None

    every(empty, check)


def test_head_has_null_data_and_the_headers_of_get(penstock, answers):
    """Row 142."""
    answers(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1234\r\n"
            b"ETag: \"a\"\r\n\r\n")
    got = inner(call(penstock, method="HEAD"))
    assert (got["status"], got["data"], got["headers"]["etag"]) == (200, None, '"a"')


TEXTS = ["plain", "two\r\nlines\t", 'quotes " and \\ slashes / ', "é ü € 😀", "\u2028\u2029",
         "\x00\x01\x1f\x7f", "</script>", "{not json", "1 2"]


def test_text_becomes_a_string(penstock, answers):
    """Row 142."""
    types = ["text/plain", "text/html; charset=utf-8", "text/csv; charset=UTF-8",
             "application/xml", "image/svg+xml", "application/atom+xml; charset=\"utf-8\"",
             "application/x-www-form-urlencoded", "application/javascript", "TEXT/PLAIN"]

    def check(case):
        content_type, text = case
        answers(answer(text.encode(), content_type=content_type))
        assert inner(call(penstock))["data"] == text

    every([(types[0], text) for text in TEXTS] + [(each, TEXTS[3]) for each in types], check)


def test_text_without_a_type_is_text_where_it_is_utf_8(penstock, answers):
    """Row 142."""
    for text in ("plain", "é ü € 😀", '{"a":1}'):
        answers(answer(text.encode(), content_type=None))
        assert inner(call(penstock))["data"] == text


def test_latin_1_and_windows_1252_are_converted(penstock, answers):
    """Row 142."""
    for charset, text in (("iso-8859-1", "café ÿ"), ("latin1", "café"), ("ISO-8859-1", "£"),
                          ("windows-1252", "“café” €"), ("Windows-1252", "–")):
        answers(answer(text.encode(charset), content_type=f"text/plain; charset={charset}"))
        assert inner(call(penstock))["data"] == text


def test_declared_json_that_is_none_becomes_a_string(penstock, answers):
    """Row 142."""
    def check(text):
        answers(answer(text.encode()))
        assert inner(call(penstock))["data"] == text

    every(["{", "{'a': 1}", "NaN", "[1,]", "01", '{"a":1} x', '{"a":1}{"a":2}', "<html>",
           '"\n"', '{"a":tru}', "\ufeff{}", "undefined", '"\\x41"'], check)


@pytest.mark.parametrize("content_type, body", [
    ("image/png", b"\x89PNG\r\n\x1a\n\0\0"), ("application/octet-stream", b"plain"),
    (None, b"\xff\xfe\0"), ("text/plain; charset=shift_jis", b"\x83\x65"),
    ("text/plain", b"caf\xe9"), ("application/json", b'"caf\xe9"'), ("application/pdf", b"%PDF"),
    ("text/plain; charset=utf-8", b"\xed\xa0\x80"), ("audio/mpeg", b"x"),
    ("nonsense", b"\xc0\xaf")])
def test_what_is_not_text_is_binary(penstock, answers, content_type, body):
    """Row 142: never a 500, never an envelope that is no JSON."""
    answers(answer(body, content_type=content_type))
    got = inner(call(penstock))
    assert got["data"] is None
    assert got["binary_data"]["size"] == len(body)
    kept = "application/octet-stream" if content_type in (None, "nonsense") else content_type
    assert got["binary_data"]["content_type"] == kept


def test_json_by_any_of_its_names_is_json(penstock, answers):
    """Row 142."""
    for name in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON",
                 "application/problem+json", "application/vnd.api+json;version=1"):
        answers(answer(b'{"a": 1}', content_type=name))
        assert inner(call(penstock))["data"] == {"a": 1}


@pytest.mark.parametrize("text", [
    '{"a": "</script><!--", "b": "\u2028\u2029"}', '{"a": 1, "a": 2, "\\u0061": 3}',
    '[1e400, -1e400, 1E-400, 123456789012345678901234567890, 1.10, -0]',
    "[" * 10_000 + "]" * 10_000, '{"a":' * 10_000 + "0" + "}" * 10_000])
def test_odd_json_comes_back_byte_for_byte(penstock, answers, text):
    """Row 144: what no reader need agree on is the upstream's own."""
    answers(answer(text.encode()))
    response = call(penstock)
    assert response.status == 200
    assert b'"data":' + text.encode() + b"," in response.body or (
        response.body.endswith(b'"data":' + text.encode() + b"}"))


def test_json_that_is_nested_too_deeply_becomes_a_string(penstock, answers):
    """Row 144."""
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        text = opening * 10_001 + "0" + closing * 10_001
        answers(answer(text.encode()))
        assert inner(call(penstock))["data"] == text


def test_a_truncated_answer_is_an_error(penstock, upstream):
    """Row 142, within what is held back before the envelope begins."""
    whole = answer(json.dumps({"a": "x" * 1000}).encode())
    chunked = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
               b"Transfer-Encoding: chunked\r\n\r\n7\r\n{\"a\":1}\r\n")
    try:
        for data in (whole[:-1], whole[:-500], chunked, chunked + b"0\r\n"):
            upstream.handler = scripted.fixed_then_close(data)
            upstream.drop()
            assert_error(call(penstock), 502, "upstream_truncated")
    finally:
        upstream.handler = scripted.echo


def test_a_long_truncated_answer_never_ends_as_an_envelope(penstock, upstream):
    """Row 142, after the envelope may have begun."""
    text = json.dumps(["x" * 1000] * 300).encode()
    upstream.handler = scripted.fixed_then_close(answer(text)[:-1000])
    try:
        assert_error(call(penstock), 502, "upstream_truncated")
    except Ended:
        pass  # it had begun, and was cut off
    finally:
        upstream.handler = scripted.echo


def test_a_long_text_survives_wherever_it_is_cut(penstock, upstream):
    """Row 142: characters of several bytes over the borders of segments and buffers."""
    text = "aé€😀\"\\\n" * 20_000
    data = answer(text.encode(), content_type="text/plain; charset=utf-8")

    def in_pieces(connection):
        while connection.read_request():
            for position in range(0, len(data), 16_383):
                connection.send(data[position:position + 16_383])

    upstream.handler = in_pieces
    try:
        assert inner(call(penstock))["data"] == text
    finally:
        upstream.handler = scripted.echo


def test_repeated_headers_become_one_value(penstock, answers):
    answers(answer(b"{}", headers=[("X-A", "1"), ("x-a", "2"), ("Set-Cookie", "a=1; Path=/"),
                                   ("Set-Cookie", "b=2"), ("Link", "<a>"), ("LINK", "<b>"),
                                   ("X-Empty", ""), ("X-Text", "caf\xe9 \"q\" \\")]))
    headers = inner(call(penstock))["headers"]
    assert headers["x-a"] == "1, 2"
    assert headers["set-cookie"] == "a=1; Path=/\nb=2"
    assert headers["link"] == "<a>, <b>"
    assert headers["x-empty"] == ""
    assert headers["x-text"].startswith("caf") and headers["x-text"].endswith(' "q" \\')
    assert headers["content-type"] == "application/json"
