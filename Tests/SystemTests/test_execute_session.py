"""The execute endpoint in a session's name: a toolkit instead of an account."""

import pytest

from harness import KEY, Penstock, account, assert_error, assert_stays, execute, request
from resolution_cases import echoed, every, inner, once

OTHER_KEY = "k2-test-key-9876543210"
SESSION = "/api/v3.1/tool_router/session/{}/proxy_execute"
ENVELOPE = {"endpoint": "/x", "method": "GET", "toolkit_slug": "github"}


@pytest.fixture(scope="module")
def penstock(upstream):
    config = {
        "api_keys": [
            {"name": "acme", "key": KEY, "accounts": ["ca_*"], "default_account": "ca_default"},
            {"name": "umbrella", "key": OTHER_KEY, "accounts": ["cb_only"]}],
        "accounts": [account(upstream, id="ca_default"), account(upstream, id="ca_github"),
                     account(upstream, id="cb_only"),
                     account(upstream, id="ca_off", disabled=True)],
        "execute": {"toolkits": {"GitHub": {"account": "ca_github"},
                                 "slack": {"account": "cb_only"}, "off": {"account": "ca_off"}}}}
    with Penstock(config) as server:
        yield server


def call(penstock, session="s-1", key=KEY, headers=(), **fields):
    return once(penstock, execute({**ENVELOPE, **fields}, headers, key=key,
                                  path=SESSION.format(session)))


def test_a_toolkit_names_its_account(penstock):
    for slug in ("github", "GitHub", "GITHUB"):
        response = call(penstock, toolkit_slug=slug)
        got = echoed(response)
        assert got["target"] == "/x"
        assert ["authorization", "Bearer upstream-secret-of-ca_github"] in got["headers"]
        line = penstock.access_line(response.request_id)
        assert (line["route"], line["account"], line["session_id"], line["path"]) == (
            "execute", "ca_github", "s-1", "/x")
    got = echoed(call(penstock, toolkit_slug="slack", key=OTHER_KEY))
    assert ["authorization", "Bearer upstream-secret-of-cb_only"] in got["headers"]


def test_its_answer_is_the_envelope_that_the_other_form_has(penstock):
    answer = inner(call(penstock, method="POST", body={"a": [1, 12345678901234567890]}))
    assert (answer["status"], answer["headers"]["content-type"]) == (200, "application/json")
    assert answer["data"]["body"] == '{"a": [1, 12345678901234567890]}'


def test_an_unknown_toolkit_and_one_of_somebody_else_s_account_are_told_the_same(penstock,
                                                                                upstream):
    told = []
    for slug, key in (("slack", KEY), ("none", KEY), ("", KEY), ("git hub", KEY), ("x" * 5000, KEY),
                      ("github\0", KEY), ("\u212aithub", KEY), ("github", OTHER_KEY),
                      ("ca_github", KEY)):
        response = call(penstock, toolkit_slug=slug, key=key)
        error = assert_error(response, 404, "toolkit_not_found")
        assert response.header("x-should-retry") == "false"
        told.append({**error, "request_id": ""})
    assert all(each == told[0] for each in told)
    assert upstream.connections == 0


def test_a_disabled_account_is_told_so(penstock, upstream):
    assert_error(call(penstock, toolkit_slug="off"), 422, "account_disabled")
    assert upstream.connections == 0


def test_a_toolkit_has_to_be_named(penstock, upstream):
    """The key's default account is not meant, nor is one that the envelope names."""
    for slug, problem in ((None, "toolkit_slug is required"), (1, "toolkit_slug must be a string"),
                          (["github"], "toolkit_slug must be a string")):
        for more in ({}, {"connected_account_id": "ca_github"}):
            response = call(penstock, toolkit_slug=slug, **more)
            assert assert_error(response, 400, "validation_error")["errors"] == [problem]
    assert upstream.connections == 0
    # No field of this form: ignored like every unknown one.
    got = echoed(call(penstock, connected_account_id="ca_default"))
    assert ["authorization", "Bearer upstream-secret-of-ca_github"] in got["headers"]


def test_a_toolkit_is_nothing_to_the_other_form(penstock):
    got = echoed(once(penstock, execute(ENVELOPE)))
    assert ["authorization", "Bearer upstream-secret-of-ca_default"] in got["headers"]


def test_an_id_is_opaque_and_one_segment(penstock, upstream):
    every(["s", "trs_4f-Xy.Z~9", "...", "x" * 256, "a%20b", "a%2fb", "a:b", "a@b", "a'b", "a;b"],
          lambda id: echoed(call(penstock, session=id)))
    upstream.begin_row()
    for id in ("", "x" * 257, "a/b", ".", ".."):
        assert_error(call(penstock, session=id), 404, "not_found")
    assert upstream.connections == 0


def test_only_that_path_is_the_session_form(penstock, upstream):
    for path in ("/api/v3/tool_router/session/s-1/proxy_execute",
                 "/api/v3.1/tool_router/session/s-1/proxy_execute/",
                 "/api/v3.1/tool_router/session/s-1/execute",
                 "/api/v3.1/tool_router/session/s-1/Proxy_execute",
                 "/api/v3.1/tool_router/session/s-1", "/api/v3.1/tool_router/session/",
                 "/api/v3.1/tool_router/session/proxy_execute"):
        for method in ("POST", "GET"):
            data = request(method, path, [("x-api-key", KEY)])
            assert_error(once(penstock, data), 404, "not_found")
    assert upstream.connections == 0


def test_only_post_executes(penstock, upstream):
    for method in ("GET", "PUT", "DELETE"):
        response = once(penstock, request(method, SESSION.format("s-1"), [("x-api-key", KEY)]))
        assert_error(response, 405, "method_not_allowed")
        assert response.header("allow") == "POST"
    assert upstream.connections == 0


def test_a_refusal_tells_the_session_too(penstock):
    connection = penstock.connect()
    for data, status in ((execute(ENVELOPE, key="wrong", path=SESSION.format("s-2")), 401),
                         (execute(b"{", path=SESSION.format("s-2")), 400),
                         (execute({**ENVELOPE, "toolkit_slug": "none"},
                                  path=SESSION.format("s-2")), 404)):
        response = connection.exchange(data)
        assert response.status == status, response
        assert penstock.access_line(response.request_id)["session_id"] == "s-2"
    response = connection.exchange(execute({**ENVELOPE, "endpoint": "/after"}))
    assert "session_id" not in penstock.access_line(response.request_id)
    assert_stays(connection)
