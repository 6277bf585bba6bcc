"""The unmodified official client, with nothing changed but its base URL."""

import asyncio
import os

import composio_client
import httpx
import pytest
from composio_client import AsyncComposio, Composio

import harness
import scripted
from harness import KEY, Penstock, Upstream, account
from scripted import answer

TYPED = {"slug": str, "message": str, "request_id": str, "suggested_fix": str, "code": int,
         "status": int}


@pytest.fixture(scope="module", autouse=True)
def no_detour():
    """The environment's proxies are not for loopback, and tracking stays off."""
    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("COMPOSIO_"):
            patch.delenv(name)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    closed = {"type": "bearer", "token": "upstream-secret-of-the-closed"}
    config = {
        "api_keys": [{"name": "acme", "key": KEY, "accounts": ["ca_*"],
                      "default_account": "ca_base"}],
        "accounts": [account(up, id="ca_base"), account(up, id="cb_foreign"),
                     account(up, id="ca_off", disabled=True),
                     account(up, id="ca_open", allowed_hosts=["*"]),
                     {"id": "ca_closed", "auth": closed,
                      "base_url": f"http://127.0.0.1:{harness.free_port()}"}],
        "execute": {"toolkits": {"github": {"account": "ca_base"}}}}
    with Penstock(config) as server:
        yield server


@pytest.fixture
def client(penstock):
    with Composio(api_key=KEY, base_url=f"http://127.0.0.1:{penstock.port}") as client:
        yield client


@pytest.fixture
def serve(up):
    def set_handler(handler):
        up.handler = handler
    yield set_handler
    up.handler = scripted.echo


@pytest.fixture
def lines(penstock):
    """So many access lines of calls to one path, which is the row's own."""
    def of(path, count):
        def found():
            return [line for line in penstock.log_lines(event="request")
                    if line.get("path", "").endswith(path)]
        harness.eventually(lambda: len(found()) >= count, 2.0, f"{count} access lines")
        return found()
    return of


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_every_method_works_with_parameters_and_a_body(client, up, method):
    more = {} if method in ("GET", "HEAD") else {"body": {"id": 12345678901234567890, "a": ["é"]}}
    answered = client.tools.proxy(
        endpoint="/repos/x?page=1", method=method, connected_account_id="ca_base",
        parameters=[{"name": "X-A", "value": "b c", "type": "header"},
                    {"name": "q", "value": "a&b=ü", "type": "query"}], **more)
    assert answered.status == 200
    assert answered.headers["content-type"] == "application/json"
    assert answered.binary_data is None
    got = up.requests[0]
    assert len(up.requests) == 1
    assert got.method == method
    assert got.target == "/repos/x?page=1&q=a%26b%3D%C3%BC"
    assert got.header("x-a") == "b c"
    assert got.header("authorization") == "Bearer upstream-secret-of-ca_base"
    if method == "HEAD":
        assert answered.data is None
    else:
        assert answered.data["method"] == method
    if more:
        assert got.json() == more["body"]
        assert got.header("content-type") == "application/json"
    else:
        assert got.body == b""


def test_a_session_s_call_names_a_toolkit(client, up):
    answered = client.tool_router.session.proxy_execute(
        "trs_1", endpoint="/repos/x", method="POST", toolkit_slug="github", body={"a": 1},
        parameters=[{"name": "q", "value": "b", "type": "query"}])
    assert (answered.status, answered.binary_data) == (200, None)
    assert answered.headers["content-type"] == "application/json"
    assert answered.data["target"] == "/repos/x?q=b"
    assert up.requests[0].header("authorization") == "Bearer upstream-secret-of-ca_base"
    with pytest.raises(composio_client.NotFoundError) as caught:
        client.tool_router.session.proxy_execute("trs_1", endpoint="/x", method="GET",
                                                 toolkit_slug="none")
    assert_details(caught.value, 404, "toolkit_not_found")


def test_nothing_of_the_client_itself_goes_upstream(client, up):
    client.tools.proxy(endpoint="/x", method="GET", connected_account_id="ca_base")
    head = up.requests[0].raw_head.lower()
    for token in (b"composio", b"stainless", b"x-api-key", KEY.encode(), b"python"):
        assert token not in head, head


def test_explicit_nulls_and_no_account_are_fine(client, up):
    answered = client.tools.proxy(endpoint="/x", method="POST", body=None, binary_body=None,
                                  parameters=None, custom_connection_data=None,
                                  connected_account_id=None)
    assert answered.status == 200
    assert up.requests[0].header("authorization") == "Bearer upstream-secret-of-ca_base"


def test_an_absolute_endpoint_works(client, up):
    answered = client.tools.proxy(endpoint=up.url + "/abs?x=y", method="GET",
                                  connected_account_id="ca_base")
    assert answered.data["target"] == "/abs?x=y"


@pytest.mark.parametrize("status", [204, 301, 400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_an_upstream_s_status_is_an_answer_and_no_exception(client, up, serve, status):
    data = b"HTTP/1.1 204 No Content\r\n\r\n" if status == 204 else answer(
        {"message": "said"}, status, "Reason", [("X-Rate", "1"), ("Retry-After", "1")])
    serve(scripted.fixed(data))
    answered = client.tools.proxy(endpoint="/x", method="POST", connected_account_id="ca_base")
    assert answered.status == status
    assert answered.data == (None if status == 204 else {"message": "said"})
    assert len(up.requests) == 1, "the client tried again"


def test_text_is_a_string(client, serve):
    serve(scripted.fixed(answer("grüße\n".encode(), content_type="text/plain; charset=utf-8")))
    answered = client.tools.proxy(endpoint="/x", method="GET", connected_account_id="ca_base")
    assert answered.data == "grüße\n"


def test_the_request_id_is_there_to_be_read(client, penstock):
    raw = client.tools.with_raw_response.proxy(endpoint="/x", method="GET",
                                               connected_account_id="ca_base",
                                               extra_headers={"x-request-id": "mine-1"})
    assert raw.headers["x-request-id"] == "mine-1"
    assert penstock.access_line("mine-1")["status"] == 200
    assert raw.parse().status == 200


def test_a_large_answer_arrives_whole(client, serve):
    serve(scripted.fixed(answer([{"n": number, "text": "é" * 20} for number in range(5000)])))
    answered = client.tools.proxy(endpoint="/x", method="GET", connected_account_id="ca_base")
    assert [item["n"] for item in answered.data] == list(range(5000))


def assert_details(error, status, slug):
    """What the client keeps of an error's envelope."""
    assert error.status_code == status
    told = error.body["error"]
    for name, kind in TYPED.items():
        assert type(told[name]) is kind and told[name] != "", (name, told)
    assert told["status"] == status
    assert told["slug"] == slug
    assert told["request_id"] == error.response.headers["x-request-id"]
    return told


@pytest.mark.parametrize("fields, kind, status, slug", [
    ({"connected_account_id": "ca_none"}, composio_client.NotFoundError, 404,
     "connected_account_not_found"),
    ({"connected_account_id": "cb_foreign"}, composio_client.NotFoundError, 404,
     "connected_account_not_found"),
    ({"connected_account_id": "ca_off"}, composio_client.UnprocessableEntityError, 422,
     "account_disabled"),
    ({"endpoint": "https://evil.example/x"}, composio_client.BadRequestError, 400,
     "OriginMismatch"),
    ({"endpoint": "//evil.example/x"}, composio_client.BadRequestError, 400, "invalid_endpoint"),
    ({"method": "OPTIONS"}, composio_client.BadRequestError, 400, "invalid_method"),
    ({"body": {"a": 1}}, composio_client.BadRequestError, 400, "body_not_allowed"),
    ({"parameters": [{"name": "Host", "value": "evil", "type": "header"}]},
     composio_client.BadRequestError, 400, "reserved_header"),
    ({"endpoint": "https://127.0.0.1/x", "connected_account_id": "ca_open"},
     composio_client.PermissionDeniedError, 403, "destination_not_allowed")])
def test_a_refusal_is_the_client_s_typed_error(client, up, fields, kind, status, slug):
    call = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_base", **fields}
    with pytest.raises(kind) as caught:
        client.tools.proxy(**call)
    assert_details(caught.value, status, slug)
    assert up.connections == 0


def test_a_wrong_key_is_an_authentication_error(penstock, up):
    for key in ("wrong", KEY + "x"):
        with Composio(api_key=key, base_url=f"http://127.0.0.1:{penstock.port}") as stranger, \
                pytest.raises(composio_client.AuthenticationError) as caught:
            stranger.tools.proxy(endpoint="/x", method="GET", connected_account_id="ca_base")
        assert_details(caught.value, 401, "unauthorized")
    assert up.connections == 0


def test_inline_credentials_are_refused_while_they_are_off(client, up):
    with pytest.raises(composio_client.InternalServerError) as caught:
        client.tools.proxy(endpoint="/x", method="GET", custom_connection_data={
            "auth_scheme": "BEARER_TOKEN", "toolkit_slug": "github", "val": {"token": "inline"}})
    assert caught.value.status_code == 501
    assert up.connections == 0


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_write_that_may_have_happened_is_never_tried_again(client, up, serve, lines, method):
    """The complaint that users of such proxies make most."""
    serve(scripted.closes_after_request)
    with pytest.raises(composio_client.InternalServerError) as caught:
        client.tools.proxy(endpoint=f"/written-{method}", method=method, body={"a": 1},
                           connected_account_id="ca_base")
    assert_details(caught.value, 502, "upstream_closed")
    assert caught.value.response.headers["x-should-retry"] == "false"
    assert [each.method for each in up.requests] == [method]
    assert [line["status"] for line in lines(f"/written-{method}", 1)] == [502]


def test_a_read_is_tried_again_until_it_works(client, up, serve, lines):
    """The client's second try finds the upstream well again."""
    serve(scripted.in_turn(scripted.closes_after_request, scripted.echo))
    answered = client.tools.proxy(endpoint="/read", method="GET", connected_account_id="ca_base")
    assert answered.status == 200
    assert [each.method for each in up.requests] == ["GET", "GET"]
    assert [line["status"] for line in lines("/read", 2)] == [502, 200]


def test_a_refused_connection_is_tried_again_even_for_a_post(client, lines):
    """Nothing had left: all three of the client's tries are made."""
    with pytest.raises(composio_client.InternalServerError) as caught:
        client.tools.proxy(endpoint="/refused", method="POST", body={"a": 1},
                           connected_account_id="ca_closed")
    assert_details(caught.value, 502, "upstream_connect_failed")
    assert caught.value.response.headers["x-should-retry"] == "true"
    assert [(line["status"], line["error"]) for line in lines("/refused", 3)] == [
        (502, "upstream_connect_failed")] * 3


def test_the_asynchronous_client_works_too(penstock, up):
    async def calls():
        async with AsyncComposio(api_key=KEY,
                                 base_url=f"http://127.0.0.1:{penstock.port}") as client:
            return await asyncio.gather(*(
                client.tools.proxy(endpoint=f"/{number}", method="POST", body={"n": number},
                                   connected_account_id="ca_base") for number in range(40)))

    answered = asyncio.run(calls())
    assert [each.data["target"] for each in answered] == [f"/{number}" for number in range(40)]
    assert [each.data["body"] for each in answered] == [
        '{"n":%d}' % number for number in range(40)]


def test_the_base_url_may_come_from_the_environment(penstock, monkeypatch):
    monkeypatch.setenv("COMPOSIO_BASE_URL", f"http://127.0.0.1:{penstock.port}")
    monkeypatch.setenv("COMPOSIO_API_KEY", KEY)
    with Composio() as client:
        assert client.tools.proxy(endpoint="/x", method="GET").status == 200


def test_the_older_path_says_that_it_is_retired(penstock):
    response = httpx.post(f"http://127.0.0.1:{penstock.port}/api/v3/tools/execute/proxy",
                          headers={"x-api-key": KEY}, json={"endpoint": "/x", "method": "GET"})
    assert response.status_code == 410
    assert response.json()["error"]["slug"] == "endpoint_retired"
