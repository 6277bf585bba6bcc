"""Rules: which methods and paths a key and an account allow, at every door, in every spelling."""

import pytest

from harness import (KEY, Penstock, account, assert_error, assert_stays, execute, request)
from resolution_cases import call, echoed, every, once, stream

READER, WATCHED = "k-reader-01234567", "k-watched-0123456"
ISSUES, NOTHING = "k-issues-01234567", "k-nothing-0123456"
DENIED = (403, "rule_denied")


@pytest.fixture(scope="module")
def penstock(upstream):
    config = {
        "api_keys": [
            {"name": "acme", "key": KEY, "accounts": ["*"]},
            {"name": "reader", "key": READER, "accounts": ["*"],
             "rules": [{"methods": ["GET", "HEAD"], "paths": ["/repos/*"]},
                       {"methods": ["POST"], "paths": ["/repos/*/issues"]}]},
            {"name": "watched", "key": WATCHED, "accounts": ["*"],
             "rules": [{"methods": ["GET"], "paths": ["/repos/*"], "observe": True}]},
            {"name": "issues", "key": ISSUES, "accounts": ["*"],
             "rules": [{"paths": ["/repos/*/issues", "/projects/**/issues"]}]},
            {"name": "nothing", "key": NOTHING, "accounts": ["*"], "rules": []}],
        "accounts": [
            account(upstream, id="ca_base"),
            account(upstream, id="ca_ruled", rules=[{"methods": ["GET"], "paths": ["/repos/*"]},
                                                    {"methods": ["DELETE"]}]),
            account(upstream, id="ca_v1", base_url=upstream.url + "/v1",
                    allowed_hosts=[upstream.url.replace("127.0.0.1", "localhost")],
                    allow_private=True, rules=[{"paths": ["/repos/*"]}]),
            account(upstream, id="ca_watched",
                    rules=[{"methods": ["GET"]}, {"methods": ["PUT"], "observe": True}])],
        "routes": [{"path": "/github/", "account": "ca_ruled"},
                   {"path": "/open/", "account": "ca_ruled", "api_key": "optional"}]}
    with Penstock(config) as server:
        yield server


def by_proxy(penstock, path, method="GET", account="ca_base", key=KEY):
    return once(penstock, request(method, f"/proxy/{account}{path}", [("x-api-key", key)]))


def by_route(penstock, path, method="GET", account=None, key=KEY):
    fields = [] if key is None else [("x-api-key", key)]
    return once(penstock, request(method, "/github" + path, fields))


def by_envelope(penstock, path, method="GET", account="ca_base", key=KEY):
    envelope = {"endpoint": path, "method": method, "connected_account_id": account}
    return once(penstock, execute(envelope, key=key))


DOORS = [by_proxy, by_envelope]


@pytest.mark.parametrize("door", DOORS)
def test_a_key_s_rules_allow_what_they_name_and_deny_the_rest(penstock, upstream, door):
    for method, path in (("GET", "/repos/a/b/issues"), ("GET", "/repos/"), ("GET", "/repos/x?q=/y"),
                         ("POST", "/repos/a/issues"), ("GET", "/%72epos/x")):
        assert echoed(door(penstock, path, method, key=READER))["target"] == path
    upstream.begin_row()
    for method, path in (("POST", "/repos/a"), ("PUT", "/repos/a"), ("DELETE", "/repos/a"),
                         ("GET", "/user"), ("GET", "/repos"), ("GET", "/Repos/a"),
                         ("GET", "/user?/repos/x"), ("POST", "/repos/a/b/issues")):
        response = door(penstock, path, method, key=READER)
        assert_error(response, *DENIED)
        assert response.header("x-should-retry") == "false"
        line = penstock.access_line(response.request_id)
        assert (line["error"], line["termination"]) == ("rule_denied", "downstream:authorize")
        assert (line["rule"], line["rule_of"], line["project"]) == ("denied", "api_key", "reader")
    assert upstream.connections == 0


def test_a_get_is_no_head(penstock, upstream):
    assert by_proxy(penstock, "/repos/x", "HEAD", key=READER).status == 200
    assert by_proxy(penstock, "/repos/x", "HEAD", account="ca_ruled").status == 403


def test_a_method_is_any_token_on_the_streaming_route(penstock, upstream):
    for method in ("get", "PROPFIND", "OPTIONS", "GETS", "QUERY"):
        assert_error(by_proxy(penstock, "/repos/x", method, key=READER), *DENIED)
    assert upstream.connections == 0
    assert echoed(by_proxy(penstock, "/repos/a/issues", "PROPFIND", key=ISSUES))


def test_an_account_s_rules_hold_at_every_door(penstock, upstream):
    for door in (*DOORS, by_route):
        assert echoed(door(penstock, "/repos/a", "GET", "ca_ruled"))["target"] == "/repos/a"
        assert echoed(door(penstock, "/any/where", "DELETE", "ca_ruled"))["method"] == "DELETE"
        upstream.begin_row()
        for method, path in (("GET", "/user"), ("POST", "/repos/a"), ("GET", "/repos")):
            response = door(penstock, path, method, "ca_ruled")
            assert_error(response, *DENIED)
            assert penstock.access_line(response.request_id)["rule_of"] == "account"
        assert upstream.connections == 0


def test_a_key_and_an_account_must_both_allow(penstock, upstream):
    assert echoed(by_proxy(penstock, "/repos/a", "GET", "ca_ruled", READER))
    upstream.begin_row()
    for method, path in (("DELETE", "/repos/a"), ("POST", "/repos/a/issues"), ("HEAD", "/repos/a")):
        response = by_proxy(penstock, path, method, "ca_ruled", READER)
        assert response.status == 403, response
    assert upstream.connections == 0


def test_a_route_without_a_key_has_the_account_s_rules(penstock, upstream):
    assert once(penstock, request("GET", "/open/repos/a")).status == 200
    upstream.begin_row()
    response = once(penstock, request("GET", "/open/user"))
    assert_error(response, *DENIED)
    assert upstream.connections == 0
    line = penstock.access_line(response.request_id)
    assert (line["project"], line["rule_of"]) == ("anonymous", "account")
    assert penstock.metric("penstock_rule_denials_total", project="anonymous", observe="false") >= 1


def test_an_empty_list_denies_everything(penstock, upstream):
    for door in DOORS:
        assert_error(door(penstock, "/repos/a", key=NOTHING), *DENIED)
    assert upstream.connections == 0


@pytest.mark.parametrize("door", DOORS)
def test_no_spelling_of_a_path_slips_through(penstock, upstream, door):
    """Denied, or refused before as what no path may be; never sent."""
    paths = ["/repos/a%2Fdelete/issues", "/repos/a%2fdelete/issues", "/repos/a%5Cdelete/issues",
             "/repos/a%252Fdelete/issues", "/repos/a;/issues", "/repos/a;v=1/issues",
             "/repos/a%3bx/issues", "/repos/a%3Fdelete/issues", "/repos/a%23/issues",
             "/repos/a./issues", "/repos/a%2e/issues", "/repos/.../issues", "/repos/a%20/issues",
             "/repos//issues", "/repos/a//issues", "//repos/a/issues", "/repos/a/issues;x",
             "/repos/a/issues.", "/repos/a/issues/", "/repos/a/issues%2F", "/repos%2Fa/issues",
             "/x/../repos/a/issues", "/repos/a/issues/%2e%2e/x", "/repos/..%2fuser/issues",
             "/repos/..;/issues", "/repos/a%00/issues", "/repos/%u002f/issues", "/repos/%/issues",
             "/repos/a\\delete/issues", "/REPOS/a/issues", "/repos/a/%69ssues/x",
             "/projects/a;x/issues", "/projects/a//issues", "/projects/%252e%252e/issues"]

    def check(path):
        response = door(penstock, path, key=ISSUES)
        assert response.status in (400, 403), response
        assert upstream.connections == 0

    every(paths, check)


def test_an_encoded_slash_passes_what_allows_both_readings(penstock):
    for path in ("/projects/group%2Fname/issues", "/projects/group%2fname/issues"):
        for door in DOORS:
            assert echoed(door(penstock, path, key=ISSUES))["target"] == path
    for path in ("/repos/a%2Fb", "/repos/a;v=1/b", "/repos//x", "/repos/a%252Fb", "/repos/a."):
        assert echoed(by_proxy(penstock, path, key=READER))["target"] == path


def test_rules_see_the_path_below_the_base_url(penstock, upstream):
    got = echoed(by_envelope(penstock, "/repos/a", account="ca_v1"))
    assert got["target"] == "/v1/repos/a"
    assert echoed(by_proxy(penstock, "/repos/a", account="ca_v1"))["target"] == "/v1/repos/a"
    got = echoed(by_envelope(penstock, upstream.url + "/v1/repos/a?x", account="ca_v1"))
    assert got["target"] == "/v1/repos/a?x"
    upstream.begin_row()
    for endpoint in ("/v1/repos/a", "/user"):
        assert_error(by_envelope(penstock, endpoint, account="ca_v1"), *DENIED)
    # On the same host, and not below the base URL.
    for path in ("/repos/a", "/v1x/repos/a", "/v1%2Frepos/a", "/%761/repos/a", "/v1", "",
                 "/v1/user", "/v2/v1/repos/a"):
        assert_error(by_envelope(penstock, upstream.url + path, account="ca_v1"), *DENIED)
    assert upstream.connections == 0


def test_rules_see_the_whole_path_on_another_host(penstock, upstream):
    other = upstream.url.replace("127.0.0.1", "localhost")
    got = echoed(by_envelope(penstock, other + "/repos/a", account="ca_v1"))
    assert got["target"] == "/repos/a"
    upstream.begin_row()
    for path in ("/v1/repos/a", "", "/", "?/repos/a"):
        assert_error(by_envelope(penstock, other + path, account="ca_v1"), *DENIED)
    assert upstream.connections == 0


def denials(penstock, project, observe):
    return penstock.metric("penstock_rule_denials_total", project=project, observe=observe)


def test_rules_that_observe_deny_nothing_and_tell(penstock):
    before = denials(penstock, "watched", "true")
    allowed = by_proxy(penstock, "/repos/a", key=WATCHED)
    assert "rule" not in penstock.access_line(allowed.request_id)
    for door in DOORS:
        for method, path in (("GET", "/user"), ("POST", "/repos/a")):
            response = door(penstock, path, method, key=WATCHED)
            assert echoed(response)["target"] == path
            line = penstock.access_line(response.request_id)
            assert (line["status"], line["rule"], line["rule_of"]) == (200, "observed_deny",
                                                                     "api_key")
            assert "error" not in line
    assert denials(penstock, "watched", "true") == before + 4
    assert denials(penstock, "watched", "false") == 0


def test_beside_others_a_rule_that_observes_lets_pass_what_it_matches(penstock, upstream):
    response = by_proxy(penstock, "/x", "PUT", "ca_watched")
    assert echoed(response)["method"] == "PUT"
    line = penstock.access_line(response.request_id)
    assert (line["rule"], line["rule_of"]) == ("observed_deny", "account")
    upstream.begin_row()
    assert_error(by_proxy(penstock, "/x", "POST", "ca_watched"), *DENIED)
    assert upstream.connections == 0
    assert denials(penstock, "acme", "true") >= 1


def test_denials_are_counted(penstock):
    before = denials(penstock, "reader", "false")
    by_proxy(penstock, "/user", key=READER)
    assert denials(penstock, "reader", "false") == before + 1
    assert penstock.metric("penstock_errors_total", slug="rule_denied", account="ca_base") >= 1


def test_a_denial_leaves_the_connection_usable(penstock):
    connection = penstock.connect()
    data = request("POST", "/proxy/ca_base/user", [("x-api-key", READER)], b"some body")
    assert_error(connection.exchange(data), *DENIED)
    assert_stays(connection)


def test_what_is_refused_anyway_is_told_first(penstock, upstream):
    """A rule says nothing of requests that no rule could allow."""
    assert_error(call(penstock, "/repos/../x", account="ca_ruled"), 400, "dot_segments")
    assert_error(call(penstock, "https://evil.example/repos/x", account="ca_ruled"), 400,
                 "OriginMismatch")
    assert_error(stream(penstock, "/user", account="ca_none"), 404)
    assert upstream.connections == 0
