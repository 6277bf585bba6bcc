"""Binary bodies and answers, sessions and inline credentials through the official client."""

import base64
import datetime
import hashlib
import re
import time

import composio_client
import httpx
import pytest

import harness
import official_client
import scripted
from harness import PATIENCE, Penstock, Upstream, account
from official_client import KEY, Caller, assert_details
from scripted import answer

no_detour, up, serve = official_client.no_detour, official_client.up, official_client.serve
client = official_client.client

BYTES = bytes(range(256)) * 4
SERVER = composio_client.InternalServerError


@pytest.fixture(scope="module")
def files():
    """The server of `binary_body.url`, which is nobody's upstream."""
    with Upstream(scripted.fixed(answer(BYTES, content_type="image/png"))) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, tmp_path_factory):
    config = {
        "api_keys": [{"name": "acme", "key": KEY, "accounts": ["ca_*"],
                      "default_account": "ca_base"}],
        "accounts": [account(up, "ca_base"), account(up, "ca_other")],
        "files": {"directory": str(tmp_path_factory.mktemp("files"))},
        "execute": {"binary_url_allow": ["127.0.0.0/8"], "custom_connection_data": "on",
                    "toolkits": {"base": {"account": "ca_base"},
                                 "other": {"account": "ca_other"}}}}
    with Penstock(config) as server:
        yield server


# --- Up, as base64 --------------------------------------------------------------------------

@pytest.mark.parametrize("data", [b"", b"\0", b"hi", b"hello", BYTES, b"\xff" * 300_000],
                         ids=len)
def test_base64_goes_up_as_the_bytes_it_means(client, up, data):
    client.proxy(method="POST", binary_body={"base64": base64.b64encode(data).decode()})
    got = up.requests[0]
    assert got.body == data
    assert got.header("content-length") == str(len(data))
    assert got.header("content-type") == "application/octet-stream"


@pytest.mark.parametrize("content_type", ["image/png", "text/plain; charset=utf-8",
                                          'multipart/form-data; boundary="a b"'])
def test_a_binary_body_has_the_type_that_it_names(client, up, content_type):
    client.proxy(method="PUT", binary_body={"base64": "aGk=", "content_type": content_type})
    assert up.requests[0].all("content-type") == [content_type]
    assert up.requests[0].body == b"hi"


def test_a_type_among_the_parameters_comes_first(client, up):
    client.proxy(method="POST", binary_body={"base64": "aGk=", "content_type": "image/png"},
                 parameters=[{"name": "Content-Type", "value": "image/gif", "type": "header"}])
    assert up.requests[0].all("content-type") == ["image/gif"]


def test_four_megabytes_of_base64_are_taken(client, up):
    """The reference's own limit."""
    data = b"\x89PNG" * (1 << 20)
    client.proxy(method="POST", binary_body={"base64": base64.b64encode(data).decode()})
    assert hashlib.sha256(up.requests[0].body).digest() == hashlib.sha256(data).digest()
    up.begin_row()
    with pytest.raises(composio_client.APIStatusError) as caught:
        client.proxy(method="POST", binary_body={
            "base64": base64.b64encode(data + b"x").decode()})
    assert_details(caught.value, 413, "base64_too_large")
    assert up.connections == 0


# --- Up, from a URL -------------------------------------------------------------------------

@pytest.mark.parametrize("content_type", [None, "application/pdf"])
def test_a_url_goes_up_as_what_it_answers(client, up, files, content_type):
    body = {"url": files.url + "/image?x=y"}
    if content_type:
        body["content_type"] = content_type
    client.proxy(method="POST", binary_body=body)
    got = up.requests[0]
    assert got.body == BYTES
    if content_type:
        assert got.all("content-type") == [content_type]
    assert got.header("authorization") == "Bearer upstream-secret-of-ca_base"


def test_a_url_is_fetched_without_any_credential(client, files):
    client.proxy(method="POST", binary_body={"url": files.url + "/image?x=y"},
                 parameters=[{"name": "X-Secret", "value": "for the upstream", "type": "header"}])
    got = files.requests[0]
    assert (got.method, got.target) == ("GET", "/image?x=y")
    head = got.raw_head.lower()
    for hidden in (b"authorization", b"upstream-secret", b"x-api-key", KEY.encode(), b"x-secret",
                   b"composio"):
        assert hidden not in head, head


@pytest.mark.parametrize("data, kind, status, slug", [
    (answer({}, 404, "Not Found"), composio_client.BadRequestError, 400, "binary_url_refused"),
    (answer({}, 302, "Found", [("Location", "/x")]), composio_client.BadRequestError, 400,
     "binary_url_refused"),
    (answer(b"x", headers=[("Content-Encoding", "gzip")]), composio_client.BadRequestError, 400,
     "binary_url_refused"),
    (answer(BYTES)[:-1], SERVER, 502, "binary_url_failed")])
def test_a_url_that_gives_nothing_is_an_error(penstock, up, kind, data, status, slug):
    """And nothing whole reaches the upstream."""
    with Upstream(scripted.fixed_then_close(data)) as broken, \
            Caller("sync", penstock.port, max_retries=0) as client, pytest.raises(kind) as caught:
        client.proxy(method="POST", binary_body={"url": broken.url + "/x"})
    assert_details(caught.value, status, slug)
    assert not any(request.complete for request in up.requests)


def test_a_url_whose_server_is_not_there_is_tried_again(client, up):
    url = f"http://127.0.0.1:{harness.free_port()}/x"
    with pytest.raises(SERVER) as caught:
        client.proxy(method="POST", binary_body={"url": url})
    assert_details(caught.value, 502, "binary_url_failed")
    assert caught.value.response.request.headers["x-stainless-retry-count"] == "2"
    assert up.connections == 0


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_url_that_hangs_is_a_504_before_the_client_gives_up(penstock, up, kind):
    with Upstream(scripted.never_answers) as slow, \
            Caller(kind, penstock.port, max_retries=0, timeout=1.5) as client:
        start = time.monotonic()
        with pytest.raises(SERVER) as caught:
            client.proxy(method="POST", binary_body={"url": slow.url + "/x"})
        took = time.monotonic() - start
    told = assert_details(caught.value, 504, "binary_url_timeout")
    assert told["errors"], "the 504 names no phase"
    assert 0.7 <= took < 1.5 * PATIENCE, took
    assert not any(request.complete for request in up.requests)


# --- Down -----------------------------------------------------------------------------------

@pytest.mark.parametrize("content_type, data", [
    ("image/png", BYTES), ("application/octet-stream", b"\0"), ("application/pdf", b"%PDF" * 9000),
    (None, b"\xff\xfe\0"), ("text/plain", b"caf\xe9"), ("audio/mpeg", b"x" * 900_000)])
def test_a_binary_answer_is_a_link_to_its_bytes(client, penstock, serve, content_type, data):
    serve(scripted.fixed(answer(data, 201, "Created", content_type=content_type)))
    before = datetime.datetime.now(datetime.timezone.utc)
    answered = client.proxy(method="POST")
    assert (answered.status, answered.data) == (201, None)
    file = answered.binary_data
    assert file.size == len(data)
    assert file.content_type == (content_type or "application/octet-stream")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", file.expires_at)
    lives = datetime.datetime.fromisoformat(file.expires_at) - before
    assert datetime.timedelta(minutes=59) < lives < datetime.timedelta(minutes=61)
    assert file.url.startswith(f"http://127.0.0.1:{penstock.port}/files/")
    for hidden in (KEY, "upstream-secret"):
        assert hidden not in file.url
    got = httpx.get(file.url)
    assert (got.status_code, got.content) == (200, data)
    assert got.headers["content-length"] == str(len(data))
    assert got.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(file.url).content == data, "a link works more than once"


def test_a_link_that_was_changed_is_worth_nothing(client, serve):
    serve(scripted.fixed(answer(BYTES, content_type="image/png")))
    url = client.proxy().binary_data.url
    last = "A" if url[-1] != "A" else "B"
    for changed in (url[:-1] + last, url.replace("expires=", "expires=1"), url + "&x=y",
                    re.sub("/files/.", "/files/-", url), url.split("&signature")[0]):
        got = httpx.get(changed)
        assert got.status_code == 403, changed
        assert got.json()["error"]["slug"] == "invalid_signature"


def test_an_empty_answer_of_a_binary_type_has_no_link(client, serve):
    serve(scripted.fixed(answer(b"", content_type="image/png")))
    answered = client.proxy()
    assert (answered.status, answered.data, answered.binary_data) == (200, None, None)


# --- Sessions -------------------------------------------------------------------------------

@pytest.mark.parametrize("toolkit", ["base", "other"])
def test_a_session_calls_with_the_account_of_its_toolkit(client, up, toolkit):
    answered = client.session(
        endpoint="/x?a=b", method="POST", toolkit_slug=toolkit, body={"a": 1}, parameters=[
            {"name": "X-A", "value": "1", "type": "header"},
            {"name": "q", "value": "2", "type": "query"}])
    got = up.requests[0]
    assert got.header("authorization") == f"Bearer upstream-secret-of-ca_{toolkit}"
    assert (got.method, got.target, got.body) == ("POST", "/x?a=b&q=2", b'{"a":1}')
    assert got.header("x-a") == "1"
    assert (answered.status, answered.data["method"]) == (200, "POST")
    assert answered.headers["content-type"] == "application/json"
    assert answered.binary_data is None
    assert answered.result_type == "completed"


@pytest.mark.parametrize("name", ["trs_1", "a.b-c_d~e", "x" * 200, "é/ü %"])
def test_any_session_will_do(client, up, name):
    assert client.session(name).status == 200
    assert up.requests[0].target == "/x"


def test_a_session_takes_explicit_nulls_and_base64(client, up):
    answered = client.session(method="POST", body=None, parameters=None,
                              custom_connection_data=None, binary_body={"base64": "aGk="})
    assert answered.status == 200 and up.requests[0].body == b"hi"


@pytest.mark.parametrize("fields, status, slug", [
    ({"toolkit_slug": None}, 400, "validation_error"), ({"toolkit_slug": 1}, 400,
                                                        "validation_error"),
    ({"method": "OPTIONS"}, 400, "invalid_method"), ({"endpoint": "x"}, 400, "invalid_endpoint"),
    ({"endpoint": "https://evil.example/"}, 400, "OriginMismatch")])
def test_a_session_refuses_what_a_call_refuses(client, up, fields, status, slug):
    with pytest.raises(composio_client.BadRequestError) as caught:
        client.session(**fields)
    assert_details(caught.value, status, slug)
    assert up.connections == 0


# --- Inline credentials ---------------------------------------------------------------------

@pytest.mark.parametrize("scheme, val, sent", [
    ("BEARER_TOKEN", {"token": "inline-secret"}, "Bearer inline-secret"),
    ("OAUTH2", {"access_token": "inline-secret"}, "Bearer inline-secret"),
    ("BASIC", {"username": "user", "password": "inline-secret"},
     "Basic " + base64.b64encode(b"user:inline-secret").decode()),
    ("NO_AUTH", {}, None)])
def test_an_inline_credential_is_sent_instead_of_an_account_s(client, up, scheme, val, sent):
    """Below the base URL of the toolkit's account; under its Python names, which the client
    writes as authScheme and toolkitSlug."""
    answered = client.proxy(connected_account_id=None, custom_connection_data={
        "auth_scheme": scheme, "toolkit_slug": "base", "val": val})
    assert answered.status == 200
    assert up.requests[0].header("authorization") == sent
    assert b"upstream-secret" not in up.received


def test_an_inline_credential_reaches_no_other_host(client, up):
    with pytest.raises(composio_client.BadRequestError) as caught:
        client.proxy(endpoint="https://evil.example/", connected_account_id=None,
                     custom_connection_data={"auth_scheme": "BEARER_TOKEN", "toolkit_slug": "base",
                                             "val": {"token": "inline-secret",
                                                     "base_url": "https://evil.example"}})
    told = assert_details(caught.value, 400, "OriginMismatch")
    assert "inline-secret" not in str(told)
    assert up.connections == 0
