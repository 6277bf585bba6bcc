"""`penstock explain`: what it decides, to the letter, and that it tells names and never values."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from harness import KEY, Penstock, account, free_port
from resolution_cases import call

BINARY = os.environ.get("PENSTOCK_BIN", ".build/release/penstock")
ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRETS = ["acme-key", "ruled-key", "bearer-secret", "query secret", "query%20secret",
           "header-secret"]
CONFIG = """
api_keys:
  - {name: acme, key: acme-key, accounts: [ca_main, ca_query, ca_off, ca_block, ca_proxied],
     default_account: ca_main}
  - {name: umbrella, key: other-key, accounts: [ca_other]}
  - {name: ruled, key: ruled-key, accounts: [ca_main, ca_ruled], default_account: ca_ruled,
     rules: [{methods: [GET, PUT]}, {methods: [DELETE], paths: [/x], observe: true}]}
  - {name: watched, key: watched-key, accounts: [ca_main],
     rules: [{methods: [GET], paths: ["/repos/*", /user], observe: true}]}
  - {name: nothing, key: nothing-key, accounts: [ca_main], rules: []}
accounts:
  - {id: ca_ruled, base_url: "https://r.example/v1", rules: [{methods: [GET], paths: ["/repos/*"]}]}
  - id: ca_main
    base_url: https://api.example/v1
    allowed_hosts: [up.example, "http://plain.example:8080", "*.wide.example"]
    auth: {type: bearer, token: bearer-secret}
    headers: {X-Version: "2022-11-28"}
    timeouts: {connect: 2s, first_byte: 1500ms, idle: 30s, total: 20s}
  - id: ca_query
    base_url: https://q.example
    allowed_hosts: ["*"]
    auth: {type: query, name: api_key, value: query secret}
  - id: ca_off
    disabled: true
    base_url: https://off.example
  - id: ca_block
    base_url: http://127.0.0.1:9900
    allowed_hosts: ["http://10.1.2.3", "http://10.2.3.4"]
    allow_private: ["10.1.0.0/16"]
    auth: {type: header, name: X-Secret-Key, value: header-secret}
  - {id: ca_proxied, base_url: "https://p.example", allowed_hosts: ["*"],
     proxy: "http://egress.internal:3128", trace: true}
  - {id: ca_other, base_url: "https://other.example"}
limits: {connections: 100}
"""


@pytest.fixture
def explain(tmp_path):
    path = tmp_path / "penstock.yaml"
    path.write_text(CONFIG)
    path.chmod(0o600)

    def run(*arguments, key="acme", account=None):
        command = [(ROOT / BINARY).resolve(), "explain", "--config", path.name,
                   "--api-key-name", key, *(["--account", account] if account else []), *arguments]
        result = subprocess.run(command, cwd=tmp_path, timeout=20, capture_output=True, text=True)
        told = result.stdout + result.stderr
        assert not any(secret in told for secret in SECRETS), told
        return result

    return run


def rows(result):
    return dict(line.split(maxsplit=1) for line in result.stdout.splitlines())


def test_a_request_is_explained_to_the_letter(explain):
    result = explain("POST", "/users?q=1")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == """\
api_key        acme, for 5 of 7 accounts
account        ca_main, the key's default_account
endpoint       a path below the base_url
key_rules      none, so everything is allowed
account_rules  none, so everything is allowed
host           the base_url's own
addresses      public ones
slots          the query names none that the account fills
url            POST https://api.example/v1/users?q=1
credential     bearer
injected       via, x-request-id, x-version, authorization
timeouts       connect 2s, first_byte 1500ms, idle 30s, total 20s
retry          not idempotent: once, and only where no byte has left
"""


@pytest.mark.parametrize("account, endpoint, url, host", [
    ("ca_main", "/", "https://api.example/v1/", "the base_url's own"),
    ("ca_main", "https://API.example/x", "https://api.example/x", "the base_url's own"),
    ("ca_main", "https://up.example", "https://up.example/", "allowed by up.example"),
    ("ca_main", "http://plain.example:8080/x", "http://plain.example:8080/x",
     "allowed by http://plain.example:8080"),
    ("ca_main", "https://a.wide.example/x", "https://a.wide.example/x",
     "allowed by *.wide.example"),
    ("ca_query", "/x", "https://q.example/x?api_key=«secret, 12 bytes»", "the base_url's own"),
    ("ca_query", "/x?a", "https://q.example/x?a&api_key=«secret, 12 bytes»",
     "the base_url's own"),
    ("ca_query", "https://any.example:8443?a", "https://any.example:8443/?a"
     "&api_key=«secret, 12 bytes»", "allowed by *"),
    ("ca_block", "/x", "http://127.0.0.1:9900/x", "the base_url's own"),
])
def test_the_url_is_the_one_that_would_be_sent(explain, account, endpoint, url, host):
    result = explain("GET", endpoint, account=account)
    told = rows(result)
    assert (result.returncode, told["url"], told["host"]) == (0, f"GET {url}", host)
    assert told["retry"].startswith("idempotent")


@pytest.mark.parametrize("account, endpoint, injected, addresses", [
    ("ca_query", "/x", "via, x-request-id, query parameter api_key", "public ones"),
    ("ca_block", "/x", "via, x-request-id, x-secret-key", "public and private ones"),
    ("ca_block", "http://10.1.2.3/", "via, x-request-id, x-secret-key",
     "public ones, and the blocks of allow_private"),
    ("ca_proxied", "/x", "via, x-request-id, traceparent", "chosen by the proxy"),
])
def test_what_is_injected_is_named_and_nothing_more(explain, account, endpoint, injected,
                                                    addresses):
    told = rows(explain("GET", endpoint, account=account))
    assert (told["injected"], told["addresses"]) == (injected, addresses)


@pytest.mark.parametrize("slug, status, account, method, endpoint", [
    ("invalid_method", 400, "ca_main", "get", "/x"),
    ("invalid_method", 400, "ca_main", "TRACE", "/x"),
    ("connected_account_not_found", 404, "ca_other", "GET", "/x"),
    ("connected_account_not_found", 404, "ca_none", "GET", "/x"),
    ("account_disabled", 422, "ca_off", "GET", "/x"),
    ("invalid_endpoint", 400, "ca_main", "GET", "x"),
    ("invalid_endpoint", 400, "ca_main", "GET", "//evil.example/"),
    ("dot_segments", 400, "ca_main", "GET", "/%2e%2e/x"),
    ("userinfo_not_allowed", 400, "ca_main", "GET", "https://u:p@api.example/"),
    ("invalid_scheme", 400, "ca_main", "GET", "file:///etc/passwd"),
    ("endpoint_too_long", 400, "ca_main", "GET", "/" + "a" * 8192),
    ("OriginMismatch", 400, "ca_main", "GET", "https://evil.example/"),
    ("reserved_parameter", 400, "ca_query", "GET", "/x?API%5fkey=1"),
    ("destination_not_allowed", 403, "ca_query", "GET", "https://127.0.0.1/"),
    ("destination_not_allowed", 403, "ca_query", "GET", "https://[::ffff:10.0.0.1]/"),
    ("destination_not_allowed", 403, "ca_block", "GET", "http://10.2.3.4/"),
])
def test_a_refusal_says_what_the_server_would_say(explain, slug, status, account, method,
                                                  endpoint):
    result = explain(method, endpoint, account=account)
    told = rows(result)
    assert (result.returncode, result.stderr) == (3, "")
    assert told["refused"] == f"{slug} ({status})"
    assert told["message"].endswith(".") and told["fix"].endswith(".")
    assert len([each for each in told.values() if each.startswith("refused: ")]) == 1
    assert not {"url", "injected", "credential"} & set(told)


@pytest.mark.parametrize("account, endpoint, reason", [
    ("ca_main", "https://evil.example/",
     "evil.example is neither the base_url's host nor one of allowed_hosts"),
    ("ca_main", "http://up.example/",
     "up.example is allowed as https://up.example, not as http://up.example"),
    ("ca_main", "https://api.example:8443/",
     "api.example is allowed as https://api.example, not as https://api.example:8443"),
    ("ca_main", "http://plain.example/",
     "plain.example is allowed as http://plain.example:8080, not as http://plain.example"),
    ("ca_proxied", "https://any.example/",
     "through a proxy only hosts that are written out are allowed"),
])
def test_a_foreign_host_is_refused_with_its_reason(explain, account, endpoint, reason):
    told = rows(explain("GET", endpoint, account=account))
    assert (told["refused"], told["host"]) == ("OriginMismatch (400)", f"refused: {reason}")


def test_a_key_without_a_default_account_needs_one_named(explain):
    assert rows(explain("GET", "/x", key="umbrella"))["refused"] == "MissingAuthContext (400)"
    assert explain("GET", "/x", key="umbrella", account="ca_other").returncode == 0


@pytest.mark.parametrize("arguments, key", [
    (["GET"], "acme"), ([], "acme"), (["GET", "/x", "more"], "acme"), (["GET", "/x"], "acne"),
    (["--json", "--curl", "GET", "/x"], "acme")])
def test_wrong_usage_exits_with_64(explain, arguments, key):
    result = explain(*arguments, key=key)
    assert (result.returncode, result.stdout) == (64, "")


def test_a_key_that_is_nearly_named_is_suggested(explain):
    assert "did you mean `acme`?" in explain("GET", "/x", key="acne").stderr


def test_a_broken_configuration_is_refused_with_its_faults(tmp_path):
    (tmp_path / "broken.yaml").write_text("lisen: 1\n")
    result = subprocess.run(
        [(ROOT / BINARY).resolve(), "explain", "--config", "broken.yaml", "--api-key-name", "a",
         "GET", "/x"], cwd=tmp_path, timeout=20, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("broken.yaml:1:1: error: ")


@pytest.mark.parametrize("key, account, method, endpoint, code, key_rules, account_rules", [
    ("ruled", None, "GET", "/repos/a/b", 0, "rule 1 of 2 allows it: GET, PUT on any path",
     "rule 1 of 1 allows it: GET on /repos/*"),
    ("ruled", "ca_main", "DELETE", "/x", 0,
     "rule 2 of 2 only observes it, or it would be denied: DELETE on /x",
     "none, so everything is allowed"),
    ("watched", "ca_main", "GET", "/user", 0,
     "rule 1 of 1 allows it: GET on /repos/*, /user", "none, so everything is allowed"),
    ("watched", "ca_main", "POST", "/x", 0, "none of 1 allows it, but all only observe: "
     "1 (GET on /repos/*, /user) neither this method nor this path",
     "none, so everything is allowed"),
    ("ruled", "ca_main", "POST", "/x", 3, "refused: none of 2 allows it: "
     "1 (GET, PUT on any path) not this method; 2 (DELETE on /x) not this method", None),
    ("ruled", "ca_main", "DELETE", "/y", 3, "refused: none of 2 allows it: "
     "1 (GET, PUT on any path) not this method; 2 (DELETE on /x) not this path", None),
    ("ruled", None, "GET", "/%75ser", 3, "rule 1 of 2 allows it: GET, PUT on any path",
     "refused: none of 1 allows it: 1 (GET on /repos/*) not this path"),
    ("ruled", None, "GET", "https://r.example/repos/x", 3,
     "rule 1 of 2 allows it: GET, PUT on any path",
     "refused: none of 1 allows it: 1 (GET on /repos/*) names no path beside the base_url"),
    ("nothing", "ca_main", "GET", "/x", 3,
     "refused: the list is empty, so everything is denied", None),
])
def test_rules_are_told_one_by_one(explain, key, account, method, endpoint, code, key_rules,
                                   account_rules):
    result = explain(method, endpoint, key=key, account=account)
    told = rows(result)
    assert (result.returncode, told["key_rules"], told.get("account_rules")) == (
        code, key_rules, account_rules)
    assert told.get("refused") == ("rule_denied (403)" if code else None)


def test_as_json_it_is_an_object_with_stable_keys(explain):
    result = explain("--json", "POST", "/users?q=1")
    assert (result.returncode, result.stderr) == (0, "")
    document = json.loads(result.stdout)
    steps = document.pop("steps")
    assert [step.pop("step") for step in steps] == [
        "api_key", "account", "endpoint", "key_rules", "account_rules", "host", "addresses",
        "slots"]
    assert all(set(step) == {"passed", "why"} and step["passed"] is True for step in steps)
    assert document == {
        "allowed": True, "api_key": "acme", "method": "POST", "account": "ca_main",
        "url": "https://api.example/v1/users?q=1", "credential": "bearer",
        "injected": ["via", "x-request-id", "x-version", "authorization"], "idempotent": False,
        "timeouts_ms": {"connect": 2000, "first_byte": 1500, "idle": 30000, "total": 20000}}


def test_as_json_a_refusal_names_its_step(explain):
    result = explain("--json", "GET", "/user", key="ruled")
    assert (result.returncode, result.stderr) == (3, "")
    document = json.loads(result.stdout)
    assert set(document) == {"allowed", "api_key", "method", "steps", "refusal"}
    assert document["allowed"] is False
    assert [step["step"] for step in document["steps"] if not step["passed"]] == ["account_rules"]
    assert (document["refusal"]["slug"], document["refusal"]["status"]) == ("rule_denied", 403)
    assert set(document["refusal"]) == {"slug", "status", "message", "fix"}


@pytest.mark.parametrize("account, method, endpoint, command", [
    (None, "GET", "/users?q=1&b=2",
     """curl -sS -H "x-api-key: $PENSTOCK_API_KEY" """
     "'http://127.0.0.1:8080/proxy/ca_main/users?q=1&b=2'"),
    (None, "HEAD", "/x", """curl -sS -H "x-api-key: $PENSTOCK_API_KEY" --head """
     "'http://127.0.0.1:8080/proxy/ca_main/x'"),
    ("ca_query", "DELETE", "/it's/[1]{2}", """curl -sS -H "x-api-key: $PENSTOCK_API_KEY" """
     "-X DELETE --globoff 'http://127.0.0.1:8080/proxy/ca_query/it'\\''s/[1]{2}'"),
    (None, "POST", "https://up.example/x?it's=\"$a\"",
     """curl -sS -H "x-api-key: $PENSTOCK_API_KEY" -H 'content-type: application/json' """
     """--data-raw '{"connected_account_id":"ca_main","endpoint":"https://up.example/x?"""
     """it'\\''s=\\"$a\\"","method":"POST"}' """
     "'http://127.0.0.1:8080/api/v3.1/tools/execute/proxy'"),
])
def test_as_curl_it_is_one_command(explain, account, method, endpoint, command):
    result = explain("--curl", method, endpoint, account=account)
    assert (result.returncode, result.stderr, result.stdout) == (0, "", command + "\n")


def test_a_refused_request_has_no_curl_command(explain):
    result = explain("--curl", "GET", "/user", key="ruled")
    assert (result.returncode, result.stdout) == (3, "")
    assert "rule_denied" in result.stderr


def paste(penstock, key, *arguments):
    """What `explain --curl` prints, run by a shell that knows the key."""
    explained = subprocess.run(
        [(ROOT / BINARY).resolve(), "explain", "--config", penstock.config_path,
         "--api-key-name", "acme", "--curl", *arguments],
        timeout=20, capture_output=True, text=True)
    assert (explained.returncode, explained.stderr) == (0, "")
    assert key not in explained.stdout
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    return subprocess.run(["sh", "-c", explained.stdout], timeout=20, capture_output=True,
                          text=True, env={**environment, "PENSTOCK_API_KEY": key})


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
@pytest.mark.parametrize("listen", ["127.0.0.1:{port}", "0.0.0.0:{port}", ["unix:SOCKET",
                                                                         "127.0.0.1:{port}"]])
def test_what_curl_is_told_works_when_pasted(upstream, tmp_path, listen):
    socket = str(tmp_path / "penstock.sock")
    if isinstance(listen, list):
        listen = [each.replace("SOCKET", socket) for each in listen]
    other = upstream.url.replace("127.0.0.1", "localhost")
    config = {"listen": listen, "api_keys": [{"name": "acme", "key": KEY, "accounts": ["*"],
                                              "default_account": "ca_echo"}],
              "accounts": [account(upstream, allowed_hosts=[other], allow_private=True)]}
    with Penstock(config) as penstock:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            for endpoint in ("/it's/[1-3]{a,b}?q=%20&b=\"$HOME\"", other + "/x?it's=\"$HOME\""):
                upstream.begin_row()
                ran = paste(penstock, KEY, method, endpoint)
                assert (ran.returncode, ran.stderr) == (0, "")
                got = upstream.requests[0]
                assert (got.method, got.target) == (method, endpoint.removeprefix(other))
                assert got.header("authorization") == "Bearer upstream-secret-of-ca_echo"
        upstream.begin_row()
        assert paste(penstock, KEY, "HEAD", "/x").stdout.startswith("HTTP/1.1 200 OK")
        assert upstream.requests[0].method == "HEAD"


def test_an_explanation_is_what_the_server_then_does(upstream):
    """The same verdict and slug, asked both ways."""
    config = {"api_keys": [{"name": "acme", "key": KEY, "accounts": ["*"],
                            "rules": [{"methods": ["GET"], "paths": ["/repos/*", "/a%2Fb"]}]}],
              "accounts": [account(upstream, rules=[{"methods": ["GET", "HEAD"]}])]}
    endpoints = ["/repos/a", "/user", "/%72epos/a", "/repos/a%2fb", "/repos", "//x", "/repos/../x",
                 "/a%2fb", "/a/b", "/repos//a;x", upstream.url + "/repos/x",
                 f"http://127.0.0.1:{free_port()}/repos/x", "x", "/repos/%00"]
    with Penstock(config) as penstock:
        for endpoint in endpoints:
            for method in ("GET", "HEAD", "POST"):
                result = subprocess.run(
                    [(ROOT / BINARY).resolve(), "explain", "--config", penstock.config_path,
                     "--api-key-name", "acme", "--account", "ca_echo", "--json", method, endpoint],
                    timeout=20, capture_output=True, text=True)
                told = json.loads(result.stdout)
                response = call(penstock, endpoint, method, account="ca_echo")
                assert told["allowed"] == (response.status == 200), (method, endpoint)
                if not told["allowed"]:
                    assert told["refusal"]["slug"] == response.slug, (method, endpoint)
