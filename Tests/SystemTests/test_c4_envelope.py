"""C4: what an envelope may say; rows 126 to 135."""

import json

import pytest

import harness
from harness import EXECUTE, KEY, Penstock, account, assert_error, request
from resolution_cases import (Verdict, call, call_raw, echoed, envelope_bytes, every, header, once,
                              query, refused)

VALID = b'{"endpoint":"/x","method":"GET","connected_account_id":"ca_base"}'
BAD_JSON = Verdict(400, "invalid_json")
BAD_ENVELOPE = BAD_JSON | "validation_error" | "missing_field"


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock({"accounts": [account(upstream, id="ca_base")]}) as server:
        yield server


def typed(content_type):
    fields = [("x-api-key", KEY)]
    if content_type is not None:
        fields.append(("Content-Type", content_type))
    return request("POST", EXECUTE, fields, VALID)


def test_an_envelope_is_json_and_says_so(penstock, upstream):
    """Row 126."""
    every(["application/json", "application/json; charset=utf-8", "Application/JSON",
           'application/json;charset="UTF-8"', "application/json ; charset=utf-8",
           "application/json;"],
          lambda value: echoed(once(penstock, typed(value))))
    upstream.begin_row()
    refused(Verdict(415, "unsupported_media_type"),
            [None, "", "text/plain", "application/json; charset=utf-16", "application/problem+json",
             "text/json", "application/jsonp", "application/json, text/plain", "json",
             "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
             "application/json; charset=latin-1"],
            lambda value: once(penstock, typed(value)), upstream)


def test_a_body_that_is_no_json_object_is_refused(penstock, upstream):
    """Row 127."""
    bodies = [b"null", b"[]", b'"x"', b"1", b"true", b"{}", b"[" + VALID + b"]",
              VALID[:-1], VALID[:10], VALID + b"x", VALID + VALID, VALID + b",", VALID + b"\0",
              b"\xef\xbb\xbf" + VALID, VALID.decode().encode("utf-16"), b"{", b"}", b" ",
              VALID.replace(b'"/x"', b'"/\xff"'), VALID.replace(b'"/x"', b'"/\xc0\xae"'),
              VALID.replace(b'"/x"', b'"/\xed\xa0\x80"'), VALID.replace(b'"/x"', b'"/\\ud800"'),
              VALID.replace(b'"/x"', b'"/\\udc00\\ud800"'), VALID.replace(b'"/x"', b'"/\\x41"'),
              VALID.replace(b'"/x"', b'"/\\u12"'), VALID.replace(b'"/x"', b'"/\n"'),
              VALID.replace(b'"/x"', b"'/x'"), VALID.replace(b'"/x"', b"/x"),
              VALID.replace(b"}", b",}"), VALID.replace(b"{", b"{,"), VALID.replace(b":", b"=", 1),
              VALID.replace(b"}", b',"a":01}'), VALID.replace(b"}", b',"a":+1}'),
              VALID.replace(b"}", b',"a":.5}'), VALID.replace(b"}", b',"a":1.}'),
              VALID.replace(b"}", b',"a":NaN}'), VALID.replace(b"}", b',"a":Infinity}'),
              VALID.replace(b"}", b',"a":tru}'), VALID.replace(b"}", b',"a":0x1}'),
              VALID.replace(b"}", b',"a":1e}'), VALID.replace(b"}", b',"a":"\x00"}'),
              VALID.replace(b"}", b',"a":"\t"}'), VALID.replace(b"}", b"/**/}"),
              VALID.replace(b"{", b"{//\n"), b"a" * 1000]
    refused(BAD_ENVELOPE | "invalid_endpoint", bodies, lambda body: call_raw(penstock, body),
            upstream)


def test_a_body_in_pieces_is_the_same_body(penstock, upstream):
    """Row 127, byte by byte; an empty body in either framing is no JSON."""
    connection = penstock.connect()
    connection.send_slowly(harness.execute(VALID), 0)
    assert echoed(connection.read_response("POST"))["target"] == "/x"
    fields = [("x-api-key", KEY), ("Content-Type", "application/json")]
    chunked = [("Transfer-Encoding", "chunked")]
    whole = request("POST", EXECUTE, fields + chunked,
                    harness.chunked(*(VALID[i:i + 7] for i in range(0, len(VALID), 7))))
    assert echoed(once(penstock, whole))["target"] == "/x"
    upstream.begin_row()
    for data in (request("POST", EXECUTE, fields),
                 request("POST", EXECUTE, fields + [("Content-Length", "0")]),
                 request("POST", EXECUTE, fields + chunked, b"0\r\n\r\n")):
        assert_error(once(penstock, data), 400, BAD_ENVELOPE.slugs)
    assert upstream.connections == 0


def test_blanks_and_escapes_are_json_s(penstock):
    got = echoed(call_raw(penstock, b' \r\n\t{ "endpoint" : "\\/x\\u003fa=\\u0062" ,\r\n'
                                    b'"\\u006dethod":"G\\u0045T","connected_account_id"'
                                    b':"ca_base" } \n'))
    assert got["target"] == "/x?a=b"


def test_a_key_that_comes_twice_is_refused(penstock, upstream):
    """Row 128."""
    refused(Verdict(400, "duplicate_key"), [
        b'{"endpoint":"/a","endpoint":"//evil","method":"GET","connected_account_id":"ca_base"}',
        b'{"endpoint":"/a","endpoint":"/a","method":"GET","connected_account_id":"ca_base"}',
        b'{"endpoint":"/a","\\u0065ndpoint":"/b","method":"GET","connected_account_id":"ca_base"}',
        b'{"endpoint":"/a","method":"GET","connected_account_id":"x",'
        b'"connected_account_id":"ca_base"}',
        b'{"endpoint":"/a","method":"GET","method":"DELETE","connected_account_id":"ca_base"}',
        b'{"endpoint":"/a","method":"POST","body":1,"body":2,"connected_account_id":"ca_base"}',
        b'{"endpoint":"/a","method":"POST","body":null,"body":2,"connected_account_id":"ca_base"}',
        b'{"endpoint":"/a","method":"GET","connected_account_id":"ca_base","parameters":'
        b'[{"name":"a","name":"b","value":"c","type":"query"}]}',
    ], lambda body: call_raw(penstock, body), upstream)


def test_unknown_fields_are_ignored(penstock):
    """Row 129."""
    for more in ({"unknown": 1}, {"Endpoint": "/y"}, {"": None}, {"endpoint ": "/y"},
                 {"nested": {"endpoint": "/y", "deep": [1, {"a": "]}"}]}}):
        assert echoed(call(penstock, **more))["target"] == "/x"


def test_what_is_missing_is_named(penstock, upstream):
    """Row 130."""
    for envelope, missing in (({"method": "GET"}, ["endpoint"]),
                              ({"endpoint": "/x"}, ["method"]),
                              ({"endpoint": None, "method": None}, ["endpoint", "method"]),
                              ({}, ["endpoint", "method"])):
        body = json.dumps({**envelope, "connected_account_id": "ca_base"}).encode()
        error = assert_error(call_raw(penstock, body), 400, BAD_ENVELOPE.slugs)
        said = " ".join([error["message"]] + error["errors"])
        assert all(name in said for name in missing), error
    assert upstream.connections == 0


def test_every_wrong_type_is_listed(penstock, upstream):
    """Row 130."""
    response = call_raw(penstock, b'{"method":1,"parameters":{},"connected_account_id":[]}')
    error = assert_error(response, 400, ("validation_error", "missing_field"))
    for name in ("endpoint", "method", "parameters", "connected_account_id"):
        assert any(name in each for each in error["errors"]), (name, error)
    assert upstream.connections == 0


def test_each_field_has_its_type(penstock, upstream):
    """Row 130."""
    wrong = [("endpoint", "1"), ("endpoint", '["/x"]'), ("endpoint", "true"),
             ("connected_account_id", "1"), ("connected_account_id", "{}"),
             ("parameters", "{}"), ("parameters", '"x"'), ("parameters", "[1]"),
             ("parameters", '["a"]'), ("parameters", "[[]]"), ("parameters", "[null]"),
             ("parameters", "[{}]"), ("parameters", '[{"name":"a","value":"b"}]'),
             ("parameters", '[{"name":"a","value":"b","type":"cookie"}]'),
             ("parameters", '[{"name":"a","value":"b","type":"Header"}]'),
             ("parameters", '[{"name":"a","type":"query"}]'),
             ("parameters", '[{"value":"a","type":"query"}]'),
             ("parameters", '[{"name":1,"value":"a","type":"query"}]'),
             ("parameters", '[{"name":"a","value":{},"type":"query"}]'),
             ("parameters", '[{"name":"a","value":"b","type":1}]')]

    def send(case):
        name, text = case
        fields = {"endpoint": '"/x"', "method": '"GET"', "connected_account_id": '"ca_base"'}
        fields[name] = text
        return call_raw(penstock, ("{" + ",".join(
            f'"{key}":{value}' for key, value in fields.items()) + "}").encode())

    refused(BAD_ENVELOPE | "invalid_endpoint" | "invalid_header_name", wrong, send, upstream)


def test_null_is_absent(penstock):
    """Official clients send explicit nulls."""
    got = echoed(call(penstock, body=None, binary_body=None, parameters=None, user_id=None,
                      custom_connection_data=None))
    assert (got["method"], got["target"], got["body_length"]) == ("GET", "/x", 0)


def test_the_methods_are_six(penstock, upstream):
    """Row 131."""
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"):
        assert call(penstock, method=method).status == 200
    assert [each.method for each in upstream.requests] == ["GET", "POST", "PUT", "DELETE", "PATCH",
                                                           "HEAD"]
    upstream.begin_row()
    refused(Verdict(400, "invalid_method"),
            ["get", "Get", "TRACE", "CONNECT", "OPTIONS", "GET \r\nX: y", "GET ", " GET",
             "GET / HTTP/1.1\r\nHost: evil", "", "A" * 10_240, "GET\0", "GÉT", "PROPFIND", "QUERY"],
            lambda method: call(penstock, method=method), upstream)


def test_get_and_head_take_no_body(penstock, upstream):
    """Row 132."""
    refused(Verdict(400, "body_not_allowed"),
            [(method, body) for method in ("GET", "HEAD") for body in ({}, {"a": 1}, "", 0, False)],
            lambda case: call(penstock, method=case[0], body=case[1]), upstream)


def test_delete_sends_its_body(penstock):
    """Row 132."""
    got = echoed(call(penstock, method="DELETE", body={"a": 1}))
    assert (got["method"], json.loads(got["body"])) == ("DELETE", {"a": 1})


def test_a_null_body_is_no_body_with_any_method(penstock, upstream):
    """Row 132."""
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        for response in (call(penstock, method=method), call(penstock, method=method, body=None)):
            got = echoed(response)
            assert got["body_length"] == 0
            assert "content-type" not in dict(got["headers"])
    assert not [each for each in upstream.requests if each.all("transfer-encoding")]


def test_there_is_one_body(penstock, upstream):
    """Row 133."""
    url, data = "https://files.example/x", "aGVsbG8="
    refused(Verdict(400, "conflicting_body"), [
        {"body": {"a": 1}, "binary_body": {"base64": data}},
        {"body": "x", "binary_body": {"url": url}},
        {"body": {}, "binary_body": {}}, {"binary_body": {"url": url, "base64": data}},
        {"binary_body": {}}, {"binary_body": {"url": None, "base64": None}},
        {"binary_body": {"content_type": "text/plain"}}],
        lambda case: call(penstock, method="POST", **case), upstream)
    refused(Verdict(400, "validation_error"), [
        {"binary_body": "aGVsbG8="}, {"binary_body": {"base64": 1}}, {"binary_body": []},
        {"binary_body": {"url": {}}}, {"binary_body": {"base64": data, "content_type": 1}}],
        lambda case: call(penstock, method="POST", **case), upstream)


def test_a_binary_body_s_nulls_are_absent(penstock):
    """Row 133."""
    for body in ({"base64": "aGVsbG8=", "url": None}, {"base64": "aGVsbG8=", "content_type": None}):
        got = echoed(call(penstock, method="POST", body=None, binary_body=body))
        assert (got["body"], got["body_length"]) == ("hello", 5)
        assert ["content-type", "application/octet-stream"] in got["headers"]


def test_base64_is_strict(penstock, upstream):
    """Row 134; an empty one is a body of no bytes."""
    refused(Verdict(400, "invalid_base64"),
            ["a", "aGVsbG8", "aGVsbG8==", "aGVsbG8===", "aGVs bG8=", "aGVsbG8=\n", "_-__", "aGV*",
             "====", "aGVsbG9=", "=aGV", "aGVé", "\0GVs", " ", "aGVsbG8=aGVs"],
            lambda text: call(penstock, method="POST", binary_body={"base64": text}), upstream)
    got = echoed(call(penstock, method="POST", binary_body={"base64": ""}))
    assert got["body_length"] == 0 and ["content-length", "0"] in got["headers"]


def test_a_content_type_is_one(penstock, upstream):
    """Row 135."""
    refused(Verdict(400, "invalid_content_type"),
            ["text/plain\r\nX: y", "x" * 1024 + "/y", "not-a-type", "text/", "/plain",
             "text/pl ain", "text/plain\0", "", "text/plain\x7f", "text/plain, text/html", "té/xt"],
            lambda text: call(penstock, method="POST", binary_body={
                "base64": "aGVsbG8=", "content_type": text}), upstream)


def test_an_envelope_has_a_greatest_depth(penstock, upstream):
    """Row 109, for the envelope's own members and for the payload that goes on as it is."""
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        deep = opening * 60 + "1" + closing * 60
        assert echoed(call_raw(penstock, envelope_bytes(body=deep)))["body"] == deep
        upstream.begin_row()
        for text in (opening * 70 + "1" + closing * 70, opening * 100_000):
            for name in ("body", "unknown", "parameters"):
                response = call_raw(penstock, envelope_bytes(**{name: text}))
                assert_error(response, 400, ("invalid_json", "validation_error"))
    assert upstream.connections == 0


def test_parameters_may_be_empty_or_of_both_kinds(penstock):
    assert echoed(call(penstock, parameters=[]))["target"] == "/x"
    got = echoed(call(penstock, parameters=[header("X-A", "1"), query("b", "2")]))
    assert got["target"] == "/x?b=2" and ["x-a", "1"] in got["headers"]
