"""Every class of error that the official client has, out of what Penstock answers.

The client drops an envelope's details unless `message`, `code`, `slug` and `status` are there in
their types; `assert_details` looks at each of them.
"""

import composio_client
import httpx
import pytest

import harness
import official_client
import scripted
from harness import Penstock, account
from official_client import KEY, OTHER_KEY, Caller, assert_details
from scripted import answer

no_detour, up, penstock = official_client.no_detour, official_client.up, official_client.penstock
client, serve = official_client.client, official_client.serve

BAD = composio_client.BadRequestError
SERVER = composio_client.InternalServerError


def parameter(name="X-A", value="v", kind="header"):
    return {"parameters": [{"name": name, "value": value, "type": kind}]}


def binary(**fields):
    return {"method": "POST", "binary_body": fields}


REFUSALS = [
    # 400
    ({"endpoint": "x"}, BAD, 400, "invalid_endpoint"),
    ({"endpoint": ""}, BAD, 400, "invalid_endpoint"),
    ({"endpoint": "//evil.example/x"}, BAD, 400, "invalid_endpoint"),
    ({"endpoint": "https://evil.example/x"}, BAD, 400, "OriginMismatch"),
    ({"endpoint": "ftp://evil.example/x"}, BAD, 400, "invalid_scheme"),
    ({"endpoint": "https://user:pass@evil.example/x"}, BAD, 400, "userinfo_not_allowed"),
    ({"endpoint": "/a/../b"}, BAD, 400, "dot_segments"),
    ({"endpoint": "/" + "a" * 9000}, BAD, 400, "endpoint_too_long"),
    ({"method": "OPTIONS"}, BAD, 400, "invalid_method"),
    ({"method": "get"}, BAD, 400, "invalid_method"),
    ({"method": None}, BAD, 400, "validation_error"),
    ({"endpoint": 1}, BAD, 400, "validation_error"),
    ({"parameters": {"X-A": "1"}}, BAD, 400, "validation_error"),
    ({"connected_account_id": 7}, BAD, 400, "validation_error"),
    ({"body": {"a": 1}}, BAD, 400, "body_not_allowed"),
    ({"method": "HEAD", "body": ""}, BAD, 400, "body_not_allowed"),
    ({"method": "POST", "body": 1, "binary_body": {"base64": "aGk="}}, BAD, 400,
     "conflicting_body"),
    (binary(), BAD, 400, "conflicting_body"),
    (binary(base64="aGk=", url="https://files.example/x"), BAD, 400, "conflicting_body"),
    (binary(base64="aGk"), BAD, 400, "invalid_base64"),
    (binary(base64="aGk=", content_type="text"), BAD, 400, "invalid_content_type"),
    (parameter("X A"), BAD, 400, "invalid_header_name"),
    (parameter(value="a\r\nX-B: c"), BAD, 400, "invalid_header_value"),
    (parameter("Host", "evil.example"), BAD, 400, "reserved_header"),
    (parameter("authorization", "Bearer mine"), BAD, 400, "reserved_header"),
    ({"connected_account_id": "ca_query", **parameter("key", "mine", "query")}, BAD, 400,
     "reserved_parameter"),
    ({"parameters": parameter()["parameters"] * 101}, BAD, 400, "too_many_parameters"),
    ({"parameters": parameter(value="v" * 8000)["parameters"] * 5}, BAD, 400,
     "parameters_too_large"),
    # 403
    ({"endpoint": "https://127.0.0.1/x", "connected_account_id": "ca_open"},
     composio_client.PermissionDeniedError, 403, "destination_not_allowed"),
    ({"endpoint": "https://169.254.169.254/latest", "connected_account_id": "ca_open"},
     composio_client.PermissionDeniedError, 403, "destination_not_allowed"),
    # 404
    ({"connected_account_id": "ca_none"}, composio_client.NotFoundError, 404,
     "connected_account_not_found"),
    ({"connected_account_id": "cb_foreign"}, composio_client.NotFoundError, 404,
     "connected_account_not_found"),
    # 415, for which the client has no class of its own
    ({"extra_headers": {"Content-Type": "text/plain"}}, composio_client.APIStatusError, 415,
     "unsupported_media_type"),
    ({"extra_headers": {"Content-Encoding": "br"}}, composio_client.APIStatusError, 415,
     "unsupported_encoding"),
    # 422
    ({"connected_account_id": "ca_off"}, composio_client.UnprocessableEntityError, 422,
     "account_disabled"),
    # 501
    ({"custom_connection_data": {"auth_scheme": "BEARER_TOKEN", "toolkit_slug": "github",
                                 "val": {"token": "inline"}}}, SERVER, 501,
     "custom_connection_data_off"),
]


@pytest.mark.parametrize("fields, kind, status, slug", REFUSALS,
                         ids=[f"{slug}-{number}" for number, (*_, slug) in enumerate(REFUSALS)])
def test_a_refusal_is_the_client_s_typed_error(client, up, fields, kind, status, slug):
    """At once: the client does not try again, and nothing reaches the upstream."""
    with pytest.raises(kind) as caught:
        client.proxy(**fields)
    assert type(caught.value) is kind
    told = assert_details(caught.value, status, slug)
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert caught.value.response.request.headers["x-stainless-retry-count"] == "0"
    assert str(caught.value).startswith(f"Error code: {status} - ")
    assert told["suggested_fix"] in str(caught.value)
    assert up.connections == 0


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_an_envelope_over_the_limit_is_a_status_error(up, kind):
    """No more than what is still read behind the answer, so that the client can read that."""
    config = {"accounts": [account(up, "ca_base")], "limits": {"execute_body_bytes": "64KiB"}}
    with Penstock(config) as penstock, Caller(kind, penstock.port) as client, \
            pytest.raises(composio_client.APIStatusError) as caught:
        client.proxy(method="POST", body="x" * 200_000)
    assert_details(caught.value, 413, "body_too_large")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert up.connections == 0


def test_every_fault_of_an_envelope_is_listed(client):
    with pytest.raises(BAD) as caught:
        client.proxy(endpoint=None, method="TRACE", parameters=[
            {"name": "a", "value": "b", "type": "cookie"}, {"value": "b", "type": "query"}])
    told = assert_details(caught.value, 400, "validation_error")
    assert told["errors"] == [
        "endpoint is required", "method must be GET, POST, PUT, DELETE, PATCH or HEAD",
        "parameters[0].type must be header or query", "parameters[1].name is required"]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_key_without_a_default_account_has_to_name_one(penstock, up, kind):
    with Caller(kind, penstock.port, OTHER_KEY) as other, pytest.raises(BAD) as caught:
        other.proxy(connected_account_id=None)
    assert_details(caught.value, 400, "MissingAuthContext")
    assert up.connections == 0


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("key", ["wrong", KEY + "x", KEY[:-1], OTHER_KEY.upper()])
def test_a_wrong_key_is_an_authentication_error(penstock, up, kind, key):
    with Caller(kind, penstock.port, key) as stranger, \
            pytest.raises(composio_client.AuthenticationError) as caught:
        stranger.proxy()
    told = assert_details(caught.value, 401, "unauthorized")
    assert key not in str(told)
    assert up.connections == 0


def test_the_older_path_says_that_it_is_retired(client, up):
    with pytest.raises(composio_client.APIStatusError) as caught:
        client.post("/api/v3/tools/execute/proxy", body={"endpoint": "/x", "method": "GET"})
    assert_details(caught.value, 410, "endpoint_retired")
    assert up.connections == 0


def test_the_older_path_may_be_open(up, client):
    config = {"accounts": [account(up, "ca_base")], "execute": {"v3": "open"}}
    with Penstock(config) as penstock, Caller(client.kind, penstock.port) as older:
        answered = older.post("/api/v3/tools/execute/proxy", body={
            "endpoint": "/old", "method": "GET", "connected_account_id": "ca_base"})
        assert answered["data"]["target"] == "/old"


def test_another_path_and_method_are_refused_in_the_same_form(client):
    with pytest.raises(composio_client.NotFoundError) as caught:
        client.post("/api/v3.1/tools/execute/GITHUB_GET_REPO", body={})
    assert_details(caught.value, 404, "not_found")
    with pytest.raises(composio_client.APIStatusError) as caught:
        client.run(client.client.get("/api/v3.1/tools/execute/proxy", cast_to=object))
    assert_details(caught.value, 405, "method_not_allowed")


FAILURES = [
    (scripted.closes_after_request, "upstream_closed"),
    (scripted.fixed_then_close(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), "upstream_protocol_error"),
    (scripted.fixed_then_close(answer(b"[1, 2, 3]")[:-2]), "upstream_truncated"),
    (scripted.fixed_then_close(b"HTTP/1.1 200 OK\r\nConte"), "upstream_truncated_headers"),
    (scripted.fixed(answer(b"{}", headers=[("X-Large", "v" * 70_000)])),
     "upstream_headers_too_large"),
    (scripted.fixed_then_close(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
                               b"Connection: upgrade\r\n\r\n"), "upstream_unexpected_upgrade"),
    (scripted.fixed_then_close(answer(b"no gzip", headers=[("Content-Encoding", "gzip")])),
     "bad_encoding"),
]


@pytest.mark.parametrize("handler, slug", FAILURES, ids=[slug for _, slug in FAILURES])
def test_an_upstream_that_fails_is_a_server_error(client, up, serve, handler, slug):
    serve(handler)
    with pytest.raises(SERVER) as caught:
        client.proxy(method="POST", body={"a": 1})
    assert_details(caught.value, 502, slug)
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(up.requests) == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_no_server_is_a_connection_error(kind):
    with Caller(kind, harness.free_port(), max_retries=0) as client, \
            pytest.raises(composio_client.APIConnectionError) as caught:
        client.proxy()
    assert isinstance(caught.value.__cause__, httpx.ConnectError)


# --- Too much, and not allowed --------------------------------------------------------------

@pytest.mark.parametrize("kind", ["sync", "async"])
def test_too_many_calls_are_a_rate_limit_error(up, kind):
    keys = [{"name": "acme", "key": KEY, "accounts": ["*"], "rate": {"per_second": 1, "burst": 2}}]
    with Penstock({"accounts": [account(up, "ca_base")], "api_keys": keys}) as penstock, \
            Caller(kind, penstock.port, max_retries=0) as client:
        client.proxy()
        client.proxy()
        with pytest.raises(composio_client.RateLimitError) as caught:
            client.proxy()
        assert_details(caught.value, 429, "rate_limited")
        assert caught.value.response.headers["x-should-retry"] == "true"
        assert caught.value.response.headers["retry-after"] == "1"
        assert len(up.requests) == 2


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_what_a_rule_denies_is_a_permission_error(up, kind):
    rules = [{"methods": ["GET"], "paths": ["/allowed/*"]}]
    keys = [{"name": "acme", "key": KEY, "accounts": ["*"], "rules": rules}]
    with Penstock({"accounts": [account(up, "ca_base")], "api_keys": keys}) as penstock, \
            Caller(kind, penstock.port) as client:
        assert client.proxy(endpoint="/allowed/x").status == 200
        up.begin_row()
        for fields in ({"endpoint": "/x"}, {"endpoint": "/allowed/x", "method": "DELETE"}):
            with pytest.raises(composio_client.PermissionDeniedError) as caught:
                client.proxy(**fields)
            assert_details(caught.value, 403, "rule_denied")
            assert caught.value.response.headers["x-should-retry"] == "false"
        assert up.connections == 0


def test_an_answer_that_was_not_kept_is_a_conflict(client, up, serve):
    """Above 64 KiB; the client would try a 409 again, and is told not to."""
    serve(scripted.fixed(answer(b'"%s"' % (b"x" * 70_000))))
    key = {"extra_headers": {"Idempotency-Key": f"large-{client.kind}"}}
    assert client.proxy(method="POST", **key).data == "x" * 70_000
    with pytest.raises(composio_client.ConflictError) as caught:
        client.proxy(method="POST", **key)
    assert_details(caught.value, 409, "idempotent_replay_unavailable")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert len(up.requests) == 1


def test_a_key_under_another_body_cannot_be_processed(client, up):
    key = {"extra_headers": {"Idempotency-Key": f"reused-{client.kind}"}}
    client.proxy(method="POST", body={"a": 1}, **key)
    with pytest.raises(composio_client.UnprocessableEntityError) as caught:
        client.proxy(method="POST", body={"a": 2}, **key)
    assert_details(caught.value, 422, "idempotency_key_reused")
    assert len(up.requests) == 1


@pytest.mark.parametrize("key", ["", "k" * 256, "with blank"])
def test_a_key_that_cannot_be_kept_is_a_bad_request(client, up, key):
    with pytest.raises(BAD) as caught:
        client.proxy(method="POST", extra_headers={"Idempotency-Key": key})
    assert_details(caught.value, 400, "invalid_idempotency_key")
    assert up.connections == 0


def test_a_toolkit_that_is_not_there_is_not_found(client, up):
    with pytest.raises(composio_client.NotFoundError) as caught:
        client.session(toolkit_slug="none")
    assert_details(caught.value, 404, "toolkit_not_found")
    assert up.connections == 0


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("scheme", ["OAUTH1", "SERVICE_ACCOUNT", "NO_SUCH_SCHEME"])
def test_an_inline_scheme_that_is_not_there_is_a_server_error(up, kind, scheme):
    config = {"accounts": [account(up, "ca_base")], "execute": {
        "custom_connection_data": "on", "toolkits": {"base": {"account": "ca_base"}}}}
    with Penstock(config) as penstock, Caller(kind, penstock.port) as client, \
            pytest.raises(SERVER) as caught:
        client.proxy(connected_account_id=None, custom_connection_data={
            "auth_scheme": scheme, "toolkit_slug": "base", "val": {"token": "inline"}})
    assert_details(caught.value, 501, "auth_scheme_unsupported")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert up.connections == 0


@pytest.mark.parametrize("url, kind, status, slug", [
    ("files.example/x", BAD, 400, "invalid_binary_url"),
    ("ftp://files.example/x", BAD, 400, "invalid_binary_url"),
    ("https://user@files.example/x", BAD, 400, "invalid_binary_url"),
    ("https://files.example/x#y", BAD, 400, "invalid_binary_url"),
    ("http://127.0.0.1/x", composio_client.PermissionDeniedError, 403, "destination_not_allowed"),
    ("http://169.254.169.254/x", composio_client.PermissionDeniedError, 403,
     "destination_not_allowed")])
def test_a_url_that_may_not_be_fetched_is_refused(client, up, url, kind, status, slug):
    with pytest.raises(kind) as caught:
        client.proxy(**binary(url=url))
    assert_details(caught.value, status, slug)
    assert up.connections == 0
