"""What other clients write, byte for byte: the SDK, its next client, and their JavaScript twin.

They differ in the order of keys, in what they leave out and what they send as null, and in their
header fields. Recorded once from `composio` 0.30.0 with `composio-client` 2.0.0rc19 and from
`composio-client` 1.43.0; what JavaScript sends is written after its source.
"""

import itertools
import json

import pytest

import harness
from harness import KEY, Penstock, account
from resolution_cases import inner, once

CALL = b"/api/v3.1/tools/execute/proxy"
SESSION = b"/api/v3.1/tool_router/session/trs_1/proxy_execute"

PYTHON_1 = [
    b"Accept-Encoding: gzip, deflate", b"Connection: keep-alive", b"Accept: application/json",
    b"Content-Type: application/json", b"User-Agent: Composio/Python 1.43.0",
    b"X-Stainless-Lang: python", b"X-Stainless-Package-Version: 1.43.0",
    b"X-Stainless-OS: Linux", b"X-Stainless-Arch: x64", b"X-Stainless-Runtime: CPython",
    b"X-Stainless-Runtime-Version: 3.11.7", b"x-api-key: " + KEY.encode(),
    b"X-Stainless-Async: false", b"x-stainless-retry-count: 0", b"x-stainless-read-timeout: 60"]
PYTHON_2 = [
    b"Accept-Encoding: gzip, deflate", b"Connection: keep-alive", b"accept: application/json",
    b"user-agent: Composio/Python 2.0.0-rc.19", b"x-client-provenance: composio",
    b"x-client-version: 0.30.0", b"x-client-library: composio-client",
    b"x-client-library-version: 2.0.0-rc.19", b"x-client-language: python",
    b"x-client-runtime: python", b"x-runtime: DOCKER_CPYTHON", b"x-runtime-version: 3.11.7",
    b"x-sdk-version: 0.30.0", b"x-source: PYTHON_SDK", b"x-framework: openai",
    b"x-api-key: " + KEY.encode(), b"content-type: application/json",
    b"x-request-id: 5a8d3c6618da497c8007326442000000"]
JAVASCRIPT = [
    b"connection: keep-alive", b"accept: application/json", b"content-type: application/json",
    b"user-agent: Composio/JS 0.1.0-alpha", b"x-api-key: " + KEY.encode(),
    b"x-stainless-arch: x64", b"x-stainless-lang: js", b"x-stainless-os: Linux",
    b"x-stainless-package-version: 0.1.0-alpha", b"x-stainless-retry-count: 0",
    b"x-stainless-runtime: node", b"x-stainless-runtime-version: v20.19.2",
    b"x-stainless-timeout: 60", b"accept-language: *", b"sec-fetch-mode: cors",
    b"accept-encoding: br, gzip, deflate"]


NUMBERS = itertools.count(1)


def written(path, fields, body):
    """A request as it was recorded, but for the number of its name: each has its own."""
    fields = [field[:-6] + b"%06x" % next(NUMBERS) if field.startswith(b"x-request-id: ")
              else field for field in fields]
    head = [b"POST " + path + b" HTTP/1.1", b"Host: 127.0.0.1:8080", *fields,
            b"Content-Length: %d" % len(body)]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


@pytest.fixture(scope="module")
def penstock(upstream):
    keys = [{"name": "acme", "key": KEY, "accounts": ["*"], "default_account": "ca_base"}]
    execute = {"custom_connection_data": "on", "toolkits": {"github": {"account": "ca_base"}}}
    with Penstock({"accounts": [account(upstream, "ca_base")], "api_keys": keys,
                   "execute": execute}) as server:
        yield server


CALLS = [
    # The Python client 1.43.0: the account comes after the payload, nulls are written.
    (PYTHON_1, b'{"endpoint":"/x","method":"POST","body":{"n":1},"connected_account_id":"ca_base",'
     b'"parameters":[{"name":"X-N","value":"v","type":"header"}]}', b'{"n":1}'),
    (PYTHON_1, b'{"endpoint":"/x","method":"POST","binary_body":null,"body":null,'
     b'"connected_account_id":null,"custom_connection_data":null,"parameters":null}', b""),
    (PYTHON_1, b'{"endpoint":"/x","method":"POST","binary_body":{"base64":"aGk="},"body":null,'
     b'"connected_account_id":"ca_base"}', b"hi"),
    # The SDK 0.30.0: the account and the user first, the body last, raw UTF-8 and U+2028 in it.
    (PYTHON_2, '{"connected_account_id":"ca_base","user_id":"u","endpoint":"/x","method":"POST",'
     '"parameters":[{"name":"X-N","value":"v","type":"header"}],"body":{"a":null,"é":"ü\u2028"}}'
     .encode(), '{"a":null,"é":"ü\u2028"}'.encode()),
    (PYTHON_2, b'{"endpoint":"/x","method":"GET"}', b""),
    # JavaScript: what is undefined is left out, no parameters are an empty list.
    (JAVASCRIPT, b'{"endpoint":"/x","method":"GET","connected_account_id":"ca_base",'
     b'"parameters":[]}', b""),
    (JAVASCRIPT, b'{"endpoint":"/x","method":"POST","body":null,"parameters":[]}', b""),
    (JAVASCRIPT, '{"endpoint":"/x","method":"PATCH","body":{"n":1e+21,"s":"\u2028😀\\u001f"},'
     '"connected_account_id":"ca_base","parameters":[{"name":"X-N","type":"header","value":"1"}]}'
     .encode(), '{"n":1e+21,"s":"\u2028😀\\u001f"}'.encode()),
]


@pytest.mark.parametrize("fields, envelope, body", CALLS,
                         ids=[f"{number}" for number in range(len(CALLS))])
def test_a_call_is_understood(penstock, upstream, fields, envelope, body):
    response = once(penstock, written(CALL, fields, envelope))
    sent = json.loads(envelope)
    assert inner(response)["data"]["target"] == "/x"
    got = upstream.requests[0]
    assert (got.method, got.body) == (sent["method"], body)
    assert got.header("authorization") == "Bearer upstream-secret-of-ca_base"
    named = [each["value"] for each in sent.get("parameters") or ()]
    assert got.all("x-n") == named
    # Nothing of the client itself goes on.
    for token in (b"composio", b"stainless", b"x-sdk", b"x-client", b"sec-fetch", KEY.encode()):
        assert token not in got.raw_head.lower()
    assert got.header("x-request-id") == response.request_id
    if fields is PYTHON_2:
        assert response.request_id.startswith("5a8d3c6618da497c8007326442")


@pytest.mark.parametrize("fields, envelope", [
    (PYTHON_1, b'{"endpoint":"/x","method":"GET","toolkit_slug":"github","parameters":['
     b'{"name":"X-N","value":"v","type":"header"}]}'),
    (PYTHON_2, b'{"toolkit_slug":"github","endpoint":"/x","method":"GET","parameters":['
     b'{"name":"X-N","type":"header","value":"v"}]}'),
    (JAVASCRIPT, b'{"toolkit_slug":"github","endpoint":"/x","method":"GET"}')])
def test_a_session_s_call_is_understood(penstock, upstream, fields, envelope):
    answered = once(penstock, written(SESSION, fields, envelope)).json()
    assert answered["result_type"] == "completed"
    got = upstream.requests[0]
    assert (got.method, got.target, got.body) == ("GET", "/x", b"")
    assert got.header("authorization") == "Bearer upstream-secret-of-ca_base"


def test_inline_credentials_are_understood(penstock, upstream):
    """As 1.43.0 writes them: authScheme and toolkitSlug."""
    envelope = (b'{"endpoint":"/x","method":"POST","binary_body":{"base64":"aGk="},"body":null,'
                b'"custom_connection_data":{"authScheme":"BEARER_TOKEN","toolkitSlug":"github",'
                b'"val":{"token":"inline-secret"}}}')
    assert inner(once(penstock, written(CALL, PYTHON_1, envelope)))["status"] == 200
    assert upstream.requests[0].header("authorization") == "Bearer inline-secret"


@pytest.mark.parametrize("envelope", [
    '{"endpoint":"/x","method":"POST","body":"\\ud800"}',
    '{"endpoint":"/x","method":"POST","body":{"\\udc00":1}}'])
def test_half_a_character_of_javascript_is_refused(penstock, upstream, envelope):
    """JSON.stringify writes a lone surrogate as an escape; no UTF-8 could carry it on."""
    response = once(penstock, written(CALL, JAVASCRIPT, envelope.encode()))
    harness.assert_error(response, 400, "invalid_json")
    assert upstream.connections == 0
