"""Who is denied something has a line of its own: what it says, and how many there are."""

import time

import pytest

import scripted
from harness import KEY, PATIENCE, Penstock, Upstream, account, assert_error, execute, request
from origins import outcome, proxy

SHARED = ("request_id", "project", "account", "route", "method", "path", "error", "rule",
          "rule_of", "client", "upstream_host")
WATCHED, FENCED = "k-watched-0123456", "k-fenced-01234567"


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


def configuration(up, **log):
    return {
        "api_keys": [
            {"name": "acme", "key": KEY, "accounts": ["*"]},
            {"name": "fenced", "key": FENCED, "accounts": ["ca_up"],
             "rules": [{"methods": ["GET"], "paths": ["/open/*"]}]},
            {"name": "watched", "key": WATCHED, "accounts": ["*"],
             "rules": [{"paths": ["/open/*"]}, {"paths": ["/none"], "observe": True}]}],
        "accounts": [account(up, "ca_up"), account(up, "ca_other"),
                     account(up, "ca_ruled", rules=[{"methods": ["GET"], "observe": True}])],
        "log": log}


@pytest.fixture(scope="module")
def penstock(up):
    with Penstock(configuration(up, sample_success=0)) as server:
        yield server


def denials(penstock, request_id):
    return penstock.log_lines(1, event="denied", request_id=request_id)


def envelope(endpoint, account="ca_up", key=KEY):
    return execute({"endpoint": endpoint, "method": "GET", "connected_account_id": account},
                   key=key)


CASES = {
    "a wrong key": (proxy("GET", "/a?b=c", key="k-wrong"), 401, {"error": "unauthorized"}),
    "no key": (proxy("GET", "/a", key=None), 401, {"error": "unauthorized"}),
    "a wrong key at the envelope": (envelope("/a", key="k-wrong"), 401, {"error": "unauthorized"}),
    "another's account": (proxy("GET", "/a", account="ca_other", key=FENCED), 404,
                          {"error": "connected_account_not_found", "project": "fenced"}),
    "another's account in an envelope": (
        envelope("/a", "ca_other", FENCED), 404,
        {"error": "connected_account_not_found", "project": "fenced"}),
    "a rule": (proxy("POST", "/open/a", key=FENCED), 403,
               {"error": "rule_denied", "rule": "denied", "rule_of": "api_key", "method": "POST",
                "project": "fenced", "account": "ca_up", "path": "/proxy/ca_up/open/a"}),
    "a host": (envelope("https://elsewhere.example/x"), 400,
               {"project": "acme", "account": "ca_up", "path": "/x"}),
    "a link that is not signed": (request("GET", "/files/abc?expires=1&signature=2"), 403,
                                  {"error": "invalid_signature", "route": "files"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_denial_s_line_says_what_the_access_line_says(penstock, case):
    data, status, expected = CASES[case]
    response = outcome(penstock, data)
    assert response.status in (status, 403), response
    access = penstock.access_line(response.request_id)
    lines = denials(penstock, response.request_id)
    assert len(lines) == 1, f"{lines}, beside {access}"
    line = lines[0]
    assert {name: line.get(name) for name in SHARED} == {name: access.get(name) for name in SHARED}
    assert {name: line.get(name) for name in expected} == expected
    assert line["level"] == "warning" and line["client"] == "127.0.0.1"
    assert "status" not in line


def test_a_rule_that_observes_has_its_line_though_the_request_s_is_sampled_away(penstock):
    response = outcome(penstock, proxy("DELETE", "/a/b", account="ca_ruled"))
    assert response.status == 200
    line, = denials(penstock, response.request_id)
    assert (line["rule"], line["rule_of"], line["account"]) == (
        "observed_deny", "account", "ca_ruled")
    assert (line["method"], line["path"]) == ("DELETE", "/proxy/ca_ruled/a/b")
    assert "error" not in line
    assert penstock.log_lines(event="request", request_id=response.request_id) == []


def test_other_refusals_are_no_denials(penstock):
    for data in (request("GET", "/nowhere"), proxy("GET", "/a/../b"), execute(b"{")):
        response = outcome(penstock, data)
        assert 400 <= response.status < 500
        assert penstock.access_line(response.request_id)
        assert penstock.log_lines(event="denied", request_id=response.request_id) == []


def test_a_flood_has_ten_lines_and_one_a_second_and_none_is_lost_from_the_count(up):
    with Penstock(configuration(up)) as penstock:
        began, sent = time.monotonic(), 0
        connection = penstock.connect()
        for _ in range(300):
            assert_error(connection.exchange(proxy("GET", "/", key="k-wrong")), 401)
            sent += 1
        connection.close()
        lines_of_flood = 11 + time.monotonic() - began
        deadline = time.monotonic() + 10 * PATIENCE
        while True:
            response = outcome(penstock, proxy("GET", "/", key="k-wrong"))
            sent += 1
            assert penstock.access_line(response.request_id)
            lines = penstock.log_lines(event="denied")
            if lines[-1]["request_id"] == response.request_id and len(lines) > lines_of_flood:
                break
            assert time.monotonic() < deadline, "the second has passed, and no line has come"
            time.sleep(0.1)
        assert len(lines) <= 11 + time.monotonic() - began
        assert sum(1 + line.get("left_out", 0) for line in lines) == sent
        assert len(penstock.log_lines(sent, event="request", error="unauthorized")) == sent


def test_level_error_leaves_them_out_and_level_warn_does_not(up):
    for level, count in (("warn", 1), ("error", 0)):
        with Penstock(configuration(up, level=level)) as penstock:
            assert outcome(penstock, proxy("GET", "/", key="k-wrong")).status == 401
            assert penstock.stop() == 0
            assert len(penstock.log_lines(event="denied")) == count
            assert penstock.log_lines(event="request") == []
