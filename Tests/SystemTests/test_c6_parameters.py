"""C6: what a caller may add to the upstream request's head; rows 189 to 200."""

import pytest

import harness
from harness import KEY, Penstock, account
from resolution_cases import (INVALID_HEADER_NAME, INVALID_HEADER_VALUE, RESERVED_HEADER, Verdict,
                              call, echoed, every, header, once, refused, sent_fields, stream)

TOKEN = "upstream-secret-of-ca_base"


@pytest.fixture(scope="module")
def penstock(upstream):
    config = {"accounts": [
        account(upstream, id="ca_base"),
        {"id": "ca_header", "base_url": upstream.url, "headers": {"X-Fixed": "ours"}, "auth": {
            "type": "header", "name": "X-Api-Key", "value": "upstream-secret-in-a-header"}},
        {"id": "ca_cookie", "base_url": upstream.url, "auth": {
            "type": "header", "name": "Cookie", "value": "session=upstream-secret-in-a-cookie"}}]}
    with Penstock(config) as server:
        yield server


def with_header(penstock, name, value="", **more):
    return call(penstock, parameters=[header(name, value)], **more)


def test_a_header_s_name_is_a_token(penstock, upstream):
    """Row 189."""
    names = ["", "X Y", "X:", "X\r\nY", "X\0", "é", "X" * 257, " X", "X ", "X\tY", "X\n", "X(Y)",
             "X/Y", "X,Y", "X;Y", "X=Y", "X@Y", "X[Y]", "X{Y}", 'X"Y', "X\\Y", "X\x7f", ":X", "<X>",
             "\u212aX"]
    refused(INVALID_HEADER_NAME, names, lambda name: with_header(penstock, name, "v"), upstream)


def test_every_token_is_a_header_s_name(penstock):
    """Row 189."""
    def check(name):
        assert sent_fields(echoed(with_header(penstock, name, "v")), name) == ["v"]

    every(["X", "x-a", "X_Y", "1", "!#$%&'*+-.^_`|~", "X" * 256], check)


def test_a_header_s_value_has_no_control_characters(penstock, upstream):
    """Row 190."""
    values = ["a\r\nb", "a\nb", "a\rb", "a\0b", "a\x7fb", "a\x01b", "\r\nX-Evil: 1", "a\r\n", "\n",
              "a\x1bb", "a\x0bb", "a\x0cb", "a\r\n b"]
    refused(INVALID_HEADER_VALUE, values, lambda value: with_header(penstock, "X-A", value),
            upstream)


def test_a_tab_and_utf_8_pass(penstock):
    """Row 190: the bytes are those of the UTF-8 text."""
    def check(value):
        got = sent_fields(echoed(with_header(penstock, "X-A", value)), "x-a")
        assert got == [value.encode().decode("latin-1")]

    every(["a\tb", "é", "€ 😀", "a  b", "\"'\\,;:=", "{{token}}", "${env:HOME}"], check)


def test_an_empty_value_is_sent_empty(penstock, upstream):
    """Row 191."""
    assert sent_fields(echoed(with_header(penstock, "X-A", "")), "x-a") == [""]


def test_blanks_around_a_value_are_trimmed(penstock):
    """Row 192."""
    for value in (" v", "v ", "  v\t ", "\tv"):
        assert sent_fields(echoed(with_header(penstock, "X-A", value)), "x-a") == ["v"]
    assert sent_fields(echoed(with_header(penstock, "X-A", "  ")), "x-a") == [""]


def test_the_injected_header_is_reserved_in_every_spelling(penstock, upstream):
    """Row 193: `_` counts as `-`, since many servers read it so."""
    cases = [("ca_base", name) for name in ("Authorization", "authorization", "AUTHORIZATION",
                                            "Proxy-Authorization", "proxy_authorization")]
    cases += [("ca_header", name) for name in ("X-Api-Key", "x-api-key", "X_Api_Key", "x-API_key",
                                               "Proxy-Authorization")]
    cases += [("ca_cookie", name) for name in ("Cookie", "cookie", "COOKIE")]
    refused(RESERVED_HEADER, cases,
            lambda case: with_header(penstock, case[1], "evil", account=case[0]), upstream)


def test_the_upstream_sees_exactly_one_credential(penstock):
    """Row 193."""
    for door in (call, stream):
        got = echoed(door(penstock, "/x"))
        assert sent_fields(got, "authorization") == [f"Bearer {TOKEN}"]
        got = echoed(door(penstock, "/x", account="ca_header"))
        assert sent_fields(got, "x-api-key") == ["upstream-secret-in-a-header"]
        assert sent_fields(got, "x-fixed") == ["ours"]
        got = echoed(door(penstock, "/x", account="ca_cookie"))
        assert sent_fields(got, "cookie") == ["session=upstream-secret-in-a-cookie"]


def test_the_streaming_route_drops_a_client_s_credential(penstock):
    """Row 193: ours is the one that arrives."""
    evil = [("Cookie", "a=evil"), ("X-Fixed", "evil"), ("X-Other", "kept")]
    got = echoed(stream(penstock, "/x", account="ca_cookie", headers=evil))
    assert sent_fields(got, "cookie") == ["session=upstream-secret-in-a-cookie"]
    got = echoed(stream(penstock, "/x", account="ca_header", headers=evil))
    assert sent_fields(got, "x-fixed") == ["ours"]
    assert sent_fields(got, "x-other") == ["kept"]
    got = echoed(stream(penstock, "/x", headers=[("Authorization", "Bearer evil")]))
    assert sent_fields(got, "authorization") == [f"Bearer {TOKEN}"]


def test_a_header_that_only_resembles_the_credential_s_passes(penstock):
    """Row 193."""
    for account_id, name in (("ca_base", "X-Authorization"), ("ca_base", "X-Api-Key"),
                             ("ca_base", "Cookie"), ("ca_header", "X-Api-Key-2"),
                             ("ca_cookie", "Cookie2")):
        got = echoed(with_header(penstock, name, "mine", account=account_id))
        assert sent_fields(got, name) == ["mine"]


def test_framing_and_hop_by_hop_fields_are_reserved(penstock, upstream):
    """Row 194."""
    names = ["Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "TE",
             "Trailer", "Upgrade", "Proxy-Connection", "Expect", "Via", "X-Forwarded-For",
             "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "Proxy-Authenticate"]
    names += [name.lower() for name in names] + ["Content_Length", "TRANSFER_ENCODING", "HOST"]
    refused(RESERVED_HEADER, names, lambda name: with_header(penstock, name, "5"), upstream)


def test_no_connection_field_strips_the_credential(penstock, upstream):
    """Row 195: through the parameters, the call's own head and the streaming route."""
    refused(RESERVED_HEADER, ["Authorization", "Authorization, close", "X-Api-Key"],
            lambda value: with_header(penstock, "Connection", value), upstream)
    trick = [("Connection", "Authorization, X-Api-Key, Host, Content-Length, X-Fixed")]
    for door in (call, stream):
        for account_id, name, value in (("ca_base", "authorization", f"Bearer {TOKEN}"),
                                        ("ca_header", "x-api-key", "upstream-secret-in-a-header"),
                                        ("ca_header", "x-fixed", "ours")):
            got = echoed(door(penstock, "/x", account=account_id, headers=trick))
            assert sent_fields(got, name) == [value]
            assert sent_fields(got, "host") == [f"127.0.0.1:{upstream.port}"]
            assert "uthorization" not in "".join(sent_fields(got, "connection"))


INBOUND = [("User-Agent", "Composio/Python 1.43.0"), ("Cookie", "a=inbound"),
           ("X-Forwarded-For", "192.0.2.9"), ("Forwarded", "for=192.0.2.9"), ("Origin", "http://o"),
           ("Authorization", "Bearer inbound"), ("Accept", "application/json"),
           ("Accept-Encoding", "gzip, deflate"), ("X-Stainless-Lang", "python"),
           ("x-stainless-retry-count", "0"), ("Referer", "http://r/"), ("X-Custom", "inbound"),
           ("Accept-Language", "de"), ("If-None-Match", '"inbound"'), ("Range", "bytes=0-1"),
           ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]


def test_the_call_s_own_fields_stay_behind(penstock, upstream):
    """Row 196."""
    got = echoed(call(penstock, headers=INBOUND))
    for name, value in INBOUND:
        assert value not in sent_fields(got, name), f"{name} was forwarded"
    assert KEY.encode() not in upstream.received
    allowed = {"host", "authorization", "via", "x-request-id", "user-agent", "accept",
               "accept-encoding", "connection", "content-length"}
    assert {name for name, _ in got["headers"]} <= allowed, got["headers"]


def test_the_request_id_goes_along(penstock):
    response = call(penstock, headers=[("x-request-id", "mine-17")])
    assert response.request_id == "mine-17"
    assert sent_fields(echoed(response), "x-request-id") == ["mine-17"]
    made = call(penstock)
    assert sent_fields(echoed(made), "x-request-id") == [made.request_id]


def test_accept_encoding_is_reserved(penstock, upstream):
    """Row 197: the envelope holds the answer plain, whatever its coding was."""
    refused(RESERVED_HEADER, [(name, value) for name in ("Accept-Encoding", "accept_encoding")
                              for value in ("gzip", "identity", "br, zstd", "")],
            lambda case: with_header(penstock, *case), upstream)


def test_there_is_one_content_type(penstock):
    """Row 198: the parameter's where there is one."""
    got = echoed(call(penstock, method="POST", body={"a": 1}))
    assert sent_fields(got, "content-type") == ["application/json"]
    got = echoed(with_header(penstock, "content-type", "application/vnd.api+json", method="POST",
                             body={"a": 1}))
    assert sent_fields(got, "content-type") == ["application/vnd.api+json"]
    binary = {"base64": "aGVsbG8=", "content_type": "image/png"}
    for name in ("Content-Type", "content_type"):
        got = echoed(with_header(penstock, name, "text/plain", method="POST", binary_body=binary))
        assert sent_fields(got, name) == ["text/plain"]
        assert ["content-type", "image/png"] not in got["headers"]
    got = echoed(call(penstock, method="POST", binary_body=binary))
    assert sent_fields(got, "content-type") == ["image/png"]


def test_two_content_types_are_refused(penstock, upstream):
    """Row 198: it would be left to each reader which one counts."""
    refused(Verdict(400, "validation_error"),
            [("Content-Type", "content-type"), ("Content-Type", "Content_Type")],
            lambda names: call(penstock, method="POST", body="x", parameters=[
                header(name, "text/plain") for name in names]), upstream)


def test_a_header_that_comes_twice_is_sent_twice_in_order(penstock):
    """Row 199: repeated names append."""
    parameters = [header("X-A", "1"), header("X-B", "2"), header("x-a", "3"), header("X-A", "1")]
    got = echoed(call(penstock, parameters=parameters))
    assert sent_fields(got, "x-a") == ["1", "3", "1"]


def test_a_hundred_headers_pass_and_their_size_is_bounded(penstock, upstream):
    """Row 200."""
    values = [f"{number}-" + "v" * 40 for number in range(100)]
    got = echoed(call(penstock, parameters=[header("X-A", value) for value in values]))
    assert sent_fields(got, "x-a") == values
    upstream.begin_row()
    response = call(penstock, parameters=[header("X-A", "v" * 400)] * 100)
    harness.assert_error(response, 400)
    assert upstream.connections == 0


def test_the_upstream_s_head_is_well_formed(penstock, upstream):
    """One Host first among equals, one framing, no field of the hop before."""
    body = b'{"a":1}'
    envelope = {"endpoint": "/x", "method": "POST", "connected_account_id": "ca_base",
                "body": {"a": 1}}
    once(penstock, harness.execute(envelope, [("Connection", "keep-alive, X-Custom"),
                                              ("X-Custom", "1")]))
    got = upstream.requests[0]
    assert got.version == "HTTP/1.1"
    assert len(got.all("host")) == 1
    assert got.header("content-length") == str(len(got.body))
    assert got.header("transfer-encoding") is None
    assert got.body.replace(b" ", b"") == body
    assert got.header("x-custom") is None
