"""Which account, and which path of it, a request is for."""

import contextlib

import pytest

import scripted
from harness import KEY, Penstock, Upstream, account, assert_error, request
from origins import outcome, proxy

OTHER_KEY = "k2-other-key-9876543210"
ACCOUNTS = ["ca_github", "ca_deep", "ca_host", "ca_open", "ca_root", "ca_foreign"]


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    """The upstream tells the accounts apart by their base paths."""
    accounts = [account(up, id, base_url=f"{up.url}/{id}") for id in ACCOUNTS]
    accounts.append(account(up, "ca_off", disabled=True))
    config = {
        "accounts": accounts,
        "api_keys": [
            {"name": "acme", "key": KEY, "accounts": [*ACCOUNTS[:-1], "ca_off"]},
            {"name": "rival", "key": OTHER_KEY, "accounts": ["ca_foreign"]}],
        "routes": [
            {"path": "/github/", "account": "ca_github"},
            {"path": "/github/deep/", "account": "ca_deep"},
            {"path": "/github/", "host": "api.internal", "account": "ca_host"},
            {"path": "/open/", "account": "ca_open", "api_key": "optional"},
            {"path": "/foreign/", "account": "ca_foreign"},
            {"path": "/api/", "account": "ca_root"}]}
    with Penstock(config) as server:
        yield server


def get(path, host="p", key=KEY, method="GET"):
    return request(method, path, [("x-api-key", key)] if key else [], host=host)


@pytest.mark.parametrize("path, host, target", [
    ("/github/x", "p", "/ca_github/x"), ("/github/", "p", "/ca_github/"),
    ("/github/x?a=%20b", "p", "/ca_github/x?a=%20b"), ("/github/github/x", "p",
                                                       "/ca_github/github/x"),
    ("/github/deep/x", "p", "/ca_deep/x"), ("/github/deeper/x", "p", "/ca_github/deeper/x"),
    ("/github/x", "api.internal", "/ca_host/x"), ("/github/x", "API.Internal:8080", "/ca_host/x"),
    ("/github/deep/x", "api.internal", "/ca_host/deep/x"),
    ("/github/x", "api.internal.evil", "/ca_github/x"), ("/api/x", "p", "/ca_root/x")])
def test_a_route_is_found(penstock, up, path, host, target):
    """Those with a host first, then the longest prefix; the prefix is stripped."""
    up.handler = scripted.echo
    response = outcome(penstock, get(path, host))
    assert response.status == 200, response
    assert up.requests[0].target == target
    line = penstock.access_line(response.request_id)
    assert line["account"] == target.split("/")[1]
    assert line["route"] in ("/github/", "/github/deep/", "/api/"), line


@pytest.mark.parametrize("path", [
    "/", "/x", "/githubx", "/github", "/github%2Fx", "/proxy", "/proxy/", "/files", "/metrics",
    "/status", "/status.json", "/openapi.json"])
def test_anything_else_is_a_404(penstock, up, path):
    """The admin plane is not here either, row 366."""
    response = outcome(penstock, get(path))
    assert_error(response, 404)
    assert up.connections == 0
    assert penstock.access_line(response.request_id)["status"] == 404


def test_penstock_s_own_paths_come_first(penstock, up):
    assert outcome(penstock, get("/healthz")).status == 200
    response = outcome(penstock, get("/api/v3.1/tools/execute/proxy", method="POST"))
    assert up.connections == 0 and response.header("proxy-status")


@pytest.mark.parametrize("path", ["/github/x", "/proxy/ca_github/x"])
@pytest.mark.parametrize("key", [None, "wrong", ""])
def test_no_key_and_a_wrong_key_are_the_same_401(penstock, up, path, key):
    fields = [] if key is None else [("x-api-key", key)]
    response = outcome(penstock, request("GET", path, fields))
    assert_error(response, 401, "unauthorized")
    assert up.connections == 0


def test_a_key_that_is_optional_may_be_absent_but_not_wrong(penstock, up):
    up.handler = scripted.echo
    response = outcome(penstock, get("/open/x", key=None))
    assert response.status == 200 and up.requests[0].target == "/ca_open/x"
    assert penstock.access_line(response.request_id)["project"] == "anonymous"
    assert outcome(penstock, get("/open/x", key="wrong")).status == 401
    response = outcome(penstock, get("/open/x"))
    assert penstock.access_line(response.request_id)["project"] == "acme"


@pytest.mark.parametrize("account", ["ca_unknown", "ca_foreign", "CA_GITHUB", "ca_github%2f", "*",
                                     "a" * 2000, "ca_githu"])
def test_an_unknown_and_a_foreign_account_are_the_same_404(penstock, up, account):
    response = outcome(penstock, proxy("GET", "/x", account=account))
    error = assert_error(response, 404, "connected_account_not_found")
    assert account not in error["message"] or account == "*"
    assert up.connections == 0


def test_a_route_to_a_foreign_account_is_no_way_around(penstock, up):
    response = outcome(penstock, get("/foreign/x"))
    assert response.status == 404 and up.connections == 0
    up.handler = scripted.echo
    assert outcome(penstock, get("/foreign/x", key=OTHER_KEY)).status == 200


def test_a_disabled_account_is_a_422(penstock, up):
    response = outcome(penstock, proxy("GET", "/x", account="ca_off"))
    assert_error(response, 422, "account_disabled")
    assert up.connections == 0


def test_a_catch_all_route_takes_what_nobody_else_does(up):
    up.handler = scripted.echo
    config = {"accounts": [account(up, "ca_root")],
              "routes": [{"path": "/", "account": "ca_root", "api_key": "optional"}]}
    with Penstock(config) as penstock:
        for path in ("/", "/x/y?z", "/metrics", "/healthz/x"):
            assert outcome(penstock, get(path)).json()["target"] == path
        with contextlib.closing(penstock.connect()) as connection:
            response = connection.exchange(get("/healthz", key=None))
            assert response.status == 200 and response.body != b""
        assert "/healthz" not in [each.target for each in up.requests]
        response = outcome(penstock, proxy("GET", "/inner", account="ca_root"))
        assert response.json()["target"] == "/inner", "Penstock's own /proxy/ comes first"
