"""Credentials in the envelope, where the configuration allows them: `custom_connection_data`.

Rows 138, 202 and 205 of the catalogue, turned on; test_c4_keys_and_accounts.py has it turned off.
"""

import base64
import gzip
import json
import re
import zlib

import pytest

import scripted
from harness import (KEY, Penstock, Upstream, account, assert_error, assert_stays, eventually,
                     execute)
from resolution_cases import RESERVED_HEADER, echoed, every, inner, once, refused, sent_fields

OTHER_KEY = "k2-test-key-9876543210"
INLINE = "inline-secret-0123456789"
PASSWORD = "inline-password-0123"
PAIR = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
SCHEMES = "OAUTH2, BEARER_TOKEN, API_KEY, BASIC or NO_AUTH"


def configuration(upstream):
    other = upstream.url.replace("127.0.0.1", "localhost")
    return {
        "api_keys": [
            {"name": "acme", "key": KEY, "accounts": ["ca_*"], "default_account": "ca_bearer"},
            {"name": "umbrella", "key": OTHER_KEY, "accounts": ["ca_bearer"],
             "rules": [{"methods": ["GET"]}]}],
        "accounts": [
            account(upstream, id="ca_bearer", headers={"X-Fixed": "ours"}, allowed_hosts=[other],
                    allow_private=True),
            {"id": "ca_basic", "base_url": upstream.url, "auth": {
                "type": "basic", "username": "own", "password": "upstream-secret-password"}},
            {"id": "ca_header", "base_url": upstream.url + "/v1", "auth": {
                "type": "header", "name": "X-Api-Key", "value": "upstream-secret-in-a-header"}},
            {"id": "ca_two", "base_url": upstream.url, "auth": [
                {"type": "header", "name": "X-One", "value": "upstream-secret-one"},
                {"type": "header", "name": "X-Two", "value": "upstream-secret-two"}]},
            {"id": "ca_query", "base_url": upstream.url, "auth": {
                "type": "query", "name": "api key", "value": "upstream-secret-in-a-query"}},
            {"id": "ca_none", "base_url": upstream.url},
            {"id": "ca_static", "base_url": upstream.url, "headers": {"Authorization": "static"}},
            account(upstream, id="ca_off", disabled=True), account(upstream, id="cb_foreign")],
        "execute": {
            "custom_connection_data": True,
            "toolkits": {name: {"account": f"ca_{name}"} for name in (
                "bearer", "basic", "header", "two", "query", "none", "static", "off")}
            | {"foreign": {"account": "cb_foreign"}}}}


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock(configuration(upstream), secrets=[INLINE, PASSWORD, PAIR]) as server:
        yield server


def connection(toolkit="bearer", scheme="BEARER_TOKEN", **val):
    return {"authScheme": scheme, "toolkitSlug": toolkit, "val": val}


def call(penstock, data=None, key=KEY, path=None, **fields):
    envelope = {"endpoint": "/x", "method": "GET", "custom_connection_data": data, **fields}
    more = {} if path is None else {"path": path}
    return once(penstock, execute(envelope, key=key, **more))


def token(toolkit="bearer", **more):
    return connection(toolkit, token=INLINE, **more)


# --- Where it goes

@pytest.mark.parametrize("toolkit, scheme, val, name, value", [
    ("bearer", "BEARER_TOKEN", {"token": INLINE}, "authorization", f"Bearer {INLINE}"),
    ("bearer", "OAUTH2", {"access_token": INLINE, "refresh_token": None, "expires_in": 3600,
                          "scope": ["a"], "base_url": "http://evil.example", "headers": {"X": "y"}},
     "authorization", f"Bearer {INLINE}"),
    ("bearer", "API_KEY", {"generic_api_key": INLINE}, "authorization", f"Bearer {INLINE}"),
    ("bearer", "API_KEY", {"generic_api_key": "x", "bearer_token": INLINE}, "authorization",
     f"Bearer {INLINE}"),
    ("basic", "BASIC", {"username": "user", "password": PASSWORD}, "authorization",
     f"Basic {PAIR}"),
    ("basic", "BASIC", {"username": "user"}, "authorization", "Basic dXNlcjo="),
    ("bearer", "BASIC", {"username": "user"}, "authorization", "Basic dXNlcjo="),
    ("basic", "API_KEY", {"basic_encoded": PAIR}, "authorization", f"Basic {PAIR}"),
    ("header", "API_KEY", {"generic_api_key": INLINE}, "x-api-key", INLINE),
    ("header", "API_KEY", {"api_key": INLINE}, "x-api-key", INLINE),
    ("header", "API_KEY", {"bearer_token": INLINE}, "x-api-key", INLINE),
    ("header", "API_KEY", {"generic_api_key": INLINE, "api_key": "x", "bearer_token": "y"},
     "x-api-key", INLINE),
    ("header", "BEARER_TOKEN", {"token": INLINE}, "x-api-key", INLINE),
    ("none", "OAUTH2", {"access_token": INLINE}, "authorization", f"Bearer {INLINE}"),
    ("none", "API_KEY", {"bearer_token": INLINE}, "authorization", f"Bearer {INLINE}"),
    ("none", "API_KEY", {"basic_encoded": PAIR}, "authorization", f"Basic {PAIR}"),
    ("none", "BASIC", {"username": "user", "password": PASSWORD}, "authorization",
     f"Basic {PAIR}"),
    ("BEARER", "BEARER_TOKEN", {"token": "t\u00e9 \t,="}, "authorization", "Bearer t\xc3\xa9 \t,="),
])
def test_a_credential_goes_where_the_toolkit_s_account_has_its_own(penstock, toolkit, scheme, val,
                                                                  name, value):
    response = call(penstock, connection(toolkit, scheme, **val))
    got = echoed(response)
    assert sent_fields(got, name) == [value]
    assert "upstream-secret" not in str(got) and "static" not in str(got)
    line = penstock.access_line(response.request_id)
    assert (line["account"], line["credential"]) == (f"ca_{toolkit.lower()}", "inline")


def test_a_query_credential_is_the_one_parameter_of_its_name(penstock):
    for value, coded in ((INLINE, INLINE), ("a b&c=d%", "a%20b%26c%3Dd%25")):
        data = connection("query", "API_KEY", api_key=value)
        assert echoed(call(penstock, data))["target"] == f"/x?api%20key={coded}"
        got = echoed(call(penstock, data, endpoint="/x?a=b"))
        assert got["target"] == f"/x?a=b&api%20key={coded}"
        assert sent_fields(got, "authorization") == []


def test_no_auth_sends_neither_the_caller_s_nor_the_account_s_credential(penstock):
    for toolkit in ("bearer", "basic", "header", "two", "query", "none"):
        for val in ({}, {"token": INLINE, "access_token": INLINE}):
            got = echoed(call(penstock, connection(toolkit, "NO_AUTH", **val)))
            assert got["target"].endswith("/x")
            assert sent_fields(got, "authorization") + sent_fields(got, "x-api-key") == []
            assert sent_fields(got, "x-one") == []
    got = echoed(call(penstock, {"authScheme": "NO_AUTH", "toolkitSlug": "none"}))
    assert sent_fields(got, "authorization") == []


def test_all_else_is_the_toolkit_s_account_s(penstock, upstream):
    """Row 138: neither origin nor headers are the envelope's to say."""
    got = echoed(call(penstock, token()))
    assert sent_fields(got, "x-fixed") == ["ours"]
    assert echoed(call(penstock, token("header")))["target"] == "/v1/x"
    other = upstream.url.replace("127.0.0.1", "localhost")
    got = echoed(call(penstock, token(), endpoint=other + "/y", method="POST", body={"a": 1}))
    assert (got["target"], got["method"], got["body"]) == ("/y", "POST", '{"a": 1}')
    assert sent_fields(got, "authorization") == [f"Bearer {INLINE}"]
    upstream.begin_row()
    assert_error(call(penstock, token(), endpoint="https://evil.example/"), 400, "OriginMismatch")
    assert_error(call(penstock, token(), endpoint="/../x"), 400, "dot_segments")
    assert upstream.connections == 0


# --- What is refused

def test_a_toolkit_is_one_that_is_configured_and_allowed(penstock, upstream):
    told = []
    for slug, key in (("unknown", KEY), ("foreign", KEY), ("", KEY), ("ca_bearer", KEY),
                      ("header", OTHER_KEY)):
        error = assert_error(call(penstock, token(slug), key), 404, "toolkit_not_found")
        told.append({**error, "request_id": ""})
    assert all(each == told[0] for each in told)
    assert_error(call(penstock, token("off")), 422, "account_disabled")
    assert upstream.connections == 0


def test_the_caller_s_rules_still_apply(penstock, upstream):
    assert echoed(call(penstock, token(), OTHER_KEY))
    upstream.begin_row()
    assert_error(call(penstock, token(), OTHER_KEY, method="POST"), 403, "rule_denied")
    assert upstream.connections == 0


@pytest.mark.parametrize("toolkit, scheme, val", [
    ("basic", "BEARER_TOKEN", {"token": INLINE}), ("basic", "OAUTH2", {"access_token": INLINE}),
    ("header", "BASIC", {"username": "user", "password": PASSWORD}),
    ("query", "BASIC", {"username": "user"}), ("two", "BEARER_TOKEN", {"token": INLINE}),
    ("two", "API_KEY", {"api_key": INLINE}), ("none", "API_KEY", {"api_key": INLINE}),
    ("static", "BEARER_TOKEN", {"token": INLINE}), ("static", "BASIC", {"username": "user"}),
])
def test_a_credential_that_has_no_place_there_is_not_supported(penstock, upstream, toolkit, scheme,
                                                              val):
    response = call(penstock, connection(toolkit, scheme, **val))
    assert_error(response, 501, "auth_scheme_unsupported")
    assert response.header("x-should-retry") == "false"
    assert upstream.connections == 0


@pytest.mark.parametrize("scheme", ["OAUTH1", "DCR_OAUTH", "S2S_OAUTH2", "BASIC_WITH_JWT",
                                    "SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT", "SAML"])
def test_a_known_scheme_that_is_not_supported_is_named(penstock, upstream, scheme):
    error = assert_error(call(penstock, connection("bearer", scheme, access_token=INLINE)), 501,
                         "auth_scheme_unsupported")
    assert error["errors"] == [f"custom_connection_data.authScheme must be {SCHEMES}, not {scheme}"]
    assert upstream.connections == 0


@pytest.mark.parametrize("scheme", ["", "oauth2", "BEARER", "<script>", INLINE, "OAUTH2\0"])
def test_an_unknown_scheme_is_not_told_back(penstock, upstream, scheme):
    response = call(penstock, connection("bearer", scheme, access_token=INLINE))
    error = assert_error(response, 501, "auth_scheme_unsupported")
    assert error["errors"] == [f"custom_connection_data.authScheme must be {SCHEMES}"]
    assert upstream.connections == 0


DATA, VAL = "custom_connection_data", "custom_connection_data.val"
EMPTY = "must not be empty, nor contain control characters"


@pytest.mark.parametrize("data, problems", [
    ("x", [f"{DATA} must be an object"]), ([], [f"{DATA} must be an object"]),
    ({}, [f"{DATA}.authScheme is required", f"{DATA}.toolkitSlug is required"]),
    ({"authScheme": 1, "toolkitSlug": None, "val": {}},
     [f"{DATA}.authScheme must be a string", f"{DATA}.toolkitSlug is required"]),
    ({"authScheme": "OAUTH2", "toolkitSlug": "bearer"}, [f"{DATA}.val is required"]),
    ({"authScheme": "OAUTH2", "toolkitSlug": "bearer", "val": [1]}, [f"{VAL} must be an object"]),
    (connection(), [f"{VAL}.token is required"]),
    (connection(token=1), [f"{VAL}.token must be a string"]),
    (connection(token=""), [f"{VAL}.token {EMPTY}"]),
    (connection(scheme="OAUTH2", token=INLINE), [f"{VAL}.access_token is required"]),
    (connection(scheme="BASIC", password=PASSWORD), [f"{VAL}.username is required"]),
    (connection(scheme="BASIC", username="a:b"),
     [f"{VAL}.username must not be empty, nor contain colons or control characters"]),
    (connection(scheme="BASIC", username="user", password="a\nb"), [f"{VAL}.password {EMPTY}"]),
    (connection(scheme="API_KEY"),
     [f"{VAL} needs generic_api_key, api_key, bearer_token or basic_encoded"]),
    (connection(scheme="API_KEY", api_key=None),
     [f"{VAL} needs generic_api_key, api_key, bearer_token or basic_encoded"]),
    (connection(scheme="API_KEY", api_key={"a": 1}), [f"{VAL}.api_key must be a string"]),
    (connection(scheme="API_KEY", api_key=1, generic_api_key=INLINE),
     [f"{VAL}.api_key must be a string"]),
    (connection(scheme="API_KEY", api_key="a\nb", generic_api_key=INLINE),
     [f"{VAL}.api_key {EMPTY}"]),
    (connection(scheme="API_KEY", api_key=INLINE, generic_api_key=[]),
     [f"{VAL}.generic_api_key must be a string"]),
    (connection("basic", "API_KEY", api_key=INLINE),
     [f"{VAL} has no credential of the kind that the toolkit takes"]),
    (connection("header", "API_KEY", basic_encoded=PAIR),
     [f"{VAL} has no credential of the kind that the toolkit takes"]),
    (connection(token="x" * 40_000), [f"{VAL}.token is too long"]),
])
def test_what_is_wrong_is_named_by_its_field(penstock, upstream, data, problems):
    error = assert_error(call(penstock, data), 400, "validation_error")
    assert error["errors"] == problems
    assert upstream.connections == 0


def test_no_credential_breaks_out_of_its_line(penstock, upstream):
    def check(value):
        for toolkit, scheme, name in (("bearer", "BEARER_TOKEN", "token"),
                                      ("bearer", "OAUTH2", "access_token"),
                                      ("header", "API_KEY", "api_key"),
                                      ("query", "API_KEY", "generic_api_key"),
                                      ("none", "API_KEY", "bearer_token"),
                                      ("basic", "API_KEY", "basic_encoded"),
                                      ("basic", "BASIC", "username")):
            response = call(penstock, connection(toolkit, scheme, **{name: value}))
            assert_error(response, 400, "validation_error")
        assert upstream.connections == 0

    every(["a\r\nX-Evil: 1", "a\nb", "a\rb", "a\0b", "a\x01b", "a\x7fb", "\n",
           "a\r\n\r\nGET /"], check)


def test_an_account_is_not_named_beside(penstock, upstream):
    for name in ("ca_bearer", "ca_none", "unknown"):
        error = assert_error(call(penstock, token(), connected_account_id=name), 400,
                             "validation_error")
        assert error["errors"] == [f"{DATA} must not stand beside connected_account_id"]
    assert upstream.connections == 0
    assert echoed(call(penstock, token(), connected_account_id=None))


def test_duplicate_keys_are_refused_within_it_too(penstock, upstream):
    for text in ('{"authScheme": "OAUTH2", "authScheme": "BASIC"}',
                 '{"authScheme": "BEARER_TOKEN", "toolkitSlug": "bearer", '
                 '"val": {"token": "a", "token": "b"}}'):
        envelope = '{"endpoint": "/x", "method": "GET", "custom_connection_data": %s}' % text
        assert_error(once(penstock, execute(envelope.encode())), 400, "duplicate_key")
    assert upstream.connections == 0


def test_parameters_may_not_stand_in_its_place(penstock, upstream):
    cases = [("bearer", "Authorization"), ("header", "X_Api_Key"), ("none", "authorization"),
             ("bearer", "X-Fixed")]
    refused(RESERVED_HEADER, cases, lambda case: call(penstock, token(case[0]), parameters=[
        {"name": case[1], "value": "evil", "type": "header"}]), upstream)
    response = call(penstock, connection("query", "API_KEY", api_key=INLINE),
                    endpoint="/x?API%20KEY=1")
    assert_error(response, 400, "reserved_parameter")


# --- In a session's name

def test_a_session_s_toolkit_is_the_credential_s(penstock, upstream):
    path = "/api/v3.1/tool_router/session/s-1/proxy_execute"
    got = echoed(call(penstock, token("BEARER"), path=path, toolkit_slug="bearer"))
    assert sent_fields(got, "authorization") == [f"Bearer {INLINE}"]
    upstream.begin_row()
    error = assert_error(call(penstock, token("header"), path=path, toolkit_slug="bearer"), 400,
                         "validation_error")
    assert error["errors"] == [f"{DATA}.toolkitSlug contradicts toolkit_slug"]
    assert upstream.connections == 0


# --- That it stays nowhere

def test_an_echo_of_it_in_a_header_is_masked(penstock, upstream):
    """Row 205, for what came in the envelope; in whatever form it went out."""
    headers = [("X-A", f"got {INLINE}!"), ("X-B", PAIR), ("X-C", PASSWORD), ("X-D", "fine"),
               ("X-E", "in%2Fline"), ("X-F", "upstream-secret-of-ca_bearer")]
    upstream.handler = scripted.fixed(scripted.answer({}, headers=headers))
    upstream.drop()
    try:
        got = inner(call(penstock, token()))["headers"]
        assert (got["x-a"], got["x-d"], got["x-f"]) == ("***", "fine", "***")
        data = connection("basic", "BASIC", username="user", password=PASSWORD)
        got = inner(call(penstock, data))["headers"]
        assert (got["x-b"], got["x-c"], got["x-d"]) == ("***", "***", "fine")
        got = inner(call(penstock, connection("query", "API_KEY", api_key="in/line")))["headers"]
        assert (got["x-e"], got["x-d"]) == ("***", "fine")
    finally:
        upstream.handler = scripted.echo


def test_a_connection_that_carried_it_is_nobody_else_s(penstock, upstream):
    """Neither one that the account left, nor is it left to the account; and none stays open."""
    client = penstock.connect()
    own = {"endpoint": "/own", "method": "GET", "connected_account_id": "ca_bearer"}
    inline = {"endpoint": "/inline", "method": "GET", "custom_connection_data": token()}
    for envelope in (own, inline, own, inline, inline, own):
        assert client.exchange(execute(envelope)).status == 200
        assert_stays(client)
    seen = [[request.target for request in each.requests] for each in upstream.accepted]
    assert sorted(seen) == [["/inline"], ["/inline"], ["/inline"], ["/own", "/own", "/own"]]
    eventually(lambda: penstock.metric("penstock_connections", side="upstream", state="active")
               == 0, what="no busy connection")


def test_a_failed_upstream_is_told_as_ever(penstock, upstream):
    upstream.handler = scripted.closes_after_request
    upstream.drop()
    try:
        response = call(penstock, token(), method="POST")
        assert_error(response, 502, "upstream_closed")
        assert response.header("x-should-retry") == "false"
    finally:
        upstream.handler = scripted.echo


def coded(body, coding):
    """Stored, so that the bytes stand in it as they are."""
    return gzip.compress(body, 0) if coding == "gzip" else zlib.compress(body, 0)


def memory_holds(penstock, secret):
    """Whether the bytes stand anywhere in what the process may write to."""
    with open(f"/proc/{penstock.pid}/maps") as maps, \
            open(f"/proc/{penstock.pid}/mem", "rb") as memory:
        for line in maps:
            start, end, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()
            if not rights.startswith("rw") or "[v" in line:
                continue
            memory.seek(int(start, 16))
            try:
                if secret in memory.read(int(end, 16) - int(start, 16)):
                    return True
            except OSError:
                continue
    return False


def test_nothing_of_it_stays_in_memory():
    """Neither of one that was sent, nor of one that was refused, nor of one in a large envelope."""
    secret = b"unforgettable-" + b"0123456789abcdef"
    with Upstream(scripted.fixed(scripted.answer({"fine": True}))) as upstream, \
            Penstock(configuration(upstream)) as penstock:
        try:
            assert memory_holds(penstock, b"acme")
        except PermissionError:
            pytest.skip("the memory of another process may not be read here")
        client = penstock.connect()
        cases = [("bearer", {}, 200), ("header", {"body": "x" * 200_000, "method": "POST"}, 200),
                 ("query", {}, 200), ("unknown", {}, 404), ("bearer", {"endpoint": "x"}, 400),
                 ("bearer", {"method": "BREW"}, 400), ("basic", {}, 501)]
        for toolkit, fields, status in cases:
            data = connection(toolkit, token=secret.decode())
            envelope = {"endpoint": "/x", "method": "GET", "custom_connection_data": data, **fields}
            assert client.exchange(execute(envelope)).status == status
        data = connection("basic", "BASIC", username="u", password=secret.decode())
        envelope = {"endpoint": "/x", "method": "GET", "custom_connection_data": data}
        assert client.exchange(execute(envelope)).status == 200
        for coding in ("gzip", "deflate"):
            body = json.dumps({**envelope, "custom_connection_data": connection(
                token=secret.decode())}).encode()
            data = execute(coded(body, coding), [("Content-Encoding", coding)])
            assert client.exchange(data).status == 200
        assert any(secret in each.raw_head for each in upstream.requests)
        assert_stays(client)
        pair = base64.b64encode(b"u:" + secret)
        eventually(lambda: not memory_holds(penstock, secret) and not memory_holds(penstock, pair),
                   what="a memory without the secret")
