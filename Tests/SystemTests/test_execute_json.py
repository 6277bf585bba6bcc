"""The execute endpoint leaves JSON alone: what goes in comes out, byte for byte, both ways."""

import json
import random
import re

import pytest

import scripted
from harness import Penstock, account, assert_closed, assert_error, execute
from resolution_cases import (call, call_raw, echoed, envelope_bytes, every, header, inner,
                              sent_fields)
from scripted import answer

VERBATIM = [
    '{"id": 12345678901234567890, "price": 1.10, "tiny": 1E-400, "huge": 1e400, "zero": -0.0}',
    '{"z": 1, "a": 2, "m": {"b": [], "a": {}}}',
    '{ "spaced" :\t[ 1 ,\r\n 2 ] ,\n "end" : null }',
    '["\\u00e9", "é", "\\/", "/", "\\ud83d\\ude00", "😀", "\\u0000", "\\u003c/script>"]',
    '"a string"', '""', "0", "-1", "1.0", "true", "false", "[]", "{}", '"\\u2028\u2028"',
    '{"a": 1, "\\u0061b": 2, "": 3}', '[[[[[[[[[[1]]]]]]]]]]', '"null"', '[null]',
    "123456789012345678901234567890.123456789012345678901234567890",
    '{"endpoint": "/evil", "method": "DELETE", "connected_account_id": "none"}']


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock({"accounts": [account(upstream, id="ca_base")]}) as server:
        yield server


def data_of(response):
    """The bytes of `data`, found without reading them as JSON."""
    response.json()
    match = re.search(rb'[{,]\s*"data"\s*:\s*', response.body)
    return response.body[match.end():]


def test_a_request_s_json_arrives_byte_for_byte(penstock, upstream):
    def check(text):
        upstream.begin_row()
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            response = call_raw(penstock, envelope_bytes(method=method, body=text))
            assert response.status == 200, response
        for request in upstream.requests:
            assert request.body == text.encode()
            assert request.header("content-length") == str(len(text.encode()))
            assert request.header("content-type") == "application/json"

    every(VERBATIM, check)


def test_the_blanks_around_the_body_are_the_envelope_s(penstock, upstream):
    call_raw(penstock, envelope_bytes(body=' \t\r\n[1, 2] \n'))
    assert upstream.requests[0].body == b"[1, 2]"


def test_an_answer_s_json_comes_back_byte_for_byte(penstock, answers):
    def check(text):
        answers(answer(text.encode()))
        assert data_of(call(penstock)).startswith(text.encode())

    every(VERBATIM, check)


def test_an_answer_s_json_comes_back_however_it_was_framed(penstock, answers):
    body = b'{"id": 12345678901234567890, "price": 1.10}'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    chunked = b"".join(b"1;x=y\r\n%c\r\n" % byte for byte in body)
    for data in (head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked + b"0\r\nX-Sum: 1\r\n\r\n",
                 answer(body)):
        answers(data)
        response = call(penstock)
        assert data_of(response).startswith(body)
        assert inner(response)["status"] == 200


def test_an_answer_until_the_close_comes_back_too(penstock, upstream):
    upstream.handler = scripted.fixed_then_close(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n[1.10]")
    try:
        assert data_of(call(penstock)).startswith(b"[1.10]")
    finally:
        upstream.handler = scripted.echo


def test_an_answer_with_blanks_around_it_is_still_json(penstock, answers):
    answers(answer(b" \r\n\t[1.10]\n "))
    response = call(penstock)
    assert b"[1.10]" in data_of(response)
    assert inner(response)["data"] == [1.1]


def test_long_json_survives_both_ways(penstock, upstream, answers):
    """Past every buffer; numbers that no float holds would show a second reading."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    numbers = random.Random(seed)
    for size in (10, 1_000, 10_000, 20_000):
        text = "[" + ", ".join(f"{numbers.randrange(10 ** 25)}.10" for _ in range(size)) + "]"
        answers(answer(text.encode()))
        upstream.begin_row()
        response = call_raw(penstock, envelope_bytes(body=text))
        assert data_of(response).startswith(text.encode())
        assert upstream.requests[0].body == text.encode()


def test_a_string_is_json_unless_its_type_says_otherwise(penstock):
    got = echoed(call(penstock, method="POST", body="plain \"text\""))
    assert got["body"] == '"plain \\"text\\""'
    assert sent_fields(got, "content-type") == ["application/json"]
    for content_type, sent in (("text/plain", 'a "b" é'), ("application/xml", "<a>é</a>"),
                               ("application/x-www-form-urlencoded", "a=b&c=%20"),
                               ("text/csv; charset=utf-8", "a,b\r\n1,2\r\n"), ("text/plain", "")):
        got = echoed(call(penstock, method="POST", body=sent,
                          parameters=[header("Content-Type", content_type)]))
        assert got["body"].encode("latin-1").decode() == sent
        assert sent_fields(got, "content-type") == [content_type]
        assert sent_fields(got, "content-length") == [str(len(sent.encode()))]
    for content_type in ("application/json", "application/vnd.api+json", "Application/JSON"):
        got = echoed(call(penstock, method="POST", body="text",
                          parameters=[header("Content-Type", content_type)]))
        assert got["body"] == '"text"'
        assert sent_fields(got, "content-type") == [content_type]


def test_a_body_that_is_no_string_is_json_whatever_its_type(penstock):
    got = echoed(call(penstock, method="POST", body={"a": [1]},
                      parameters=[header("Content-Type", "text/plain")]))
    assert json.loads(got["body"]) == {"a": [1]}
    assert sent_fields(got, "content-type") == ["text/plain"]


def test_falsy_bodies_are_bodies(penstock):
    for body, sent in ((0, "0"), (False, "false"), ("", '""'), ([], "[]"), ({}, "{}")):
        assert echoed(call(penstock, method="POST", body=body))["body"] == sent


def test_the_envelope_s_own_fields_say_what_happened(penstock, answers):
    answers(answer(b'{"a": 1}', 201, "Created", [("Location", "/x/1"), ("ETag", 'W/"1"')]))
    got = inner(call(penstock, method="POST", body={}))
    assert got["status"] == 201
    assert got["headers"]["location"] == "/x/1"
    assert got["headers"]["etag"] == 'W/"1"'
    assert "transfer-encoding" not in got["headers"] and "connection" not in got["headers"]
    assert got.get("binary_data") is None


def test_a_body_may_be_as_large_as_the_limit(penstock, upstream):
    """16 MiB of envelope, its last byte included."""
    frame = envelope_bytes(body='""')
    text = "x" * ((16 << 20) - len(frame))
    response = call_raw(penstock, envelope_bytes(body=f'"{text}"'))
    assert echoed(response)["body_length"] == len(text) + 2
    upstream.begin_row()
    connection = penstock.connect()
    connection.send(execute(envelope_bytes(body=f'"{text}x"'))[:1000])
    response = connection.read_response("POST")
    assert_error(response, 413, "body_too_large")
    assert response.header("x-should-retry") == "false"
    connection.half_close()
    assert_closed(connection, response)
    assert upstream.connections == 0


def test_requests_on_one_connection_do_not_mix(penstock):
    """The worker's memory is used again: nothing of an earlier envelope shows in a later one."""
    connection = penstock.connect()
    for number in range(50):
        fields = {"endpoint": f"/{number}", "connected_account_id": "ca_base", "method": "POST"}
        if number % 2:
            fields["parameters"] = [header("X-Number", str(number))]
        if number % 3:
            fields["body"] = {"number": "x" * (number * 97)}
        got = echoed(connection.exchange(execute(fields)))
        assert got["target"] == f"/{number}"
        assert sent_fields(got, "x-number") == ([str(number)] if number % 2 else [])
        assert (got["body_length"] > 0) == bool(number % 3)
