"""`penstock explain`: what it decides, to the letter, and that it tells names and never values."""
import os
import pathlib
import subprocess

import pytest

BINARY = os.environ.get("PENSTOCK_BIN", ".build/release/penstock")
ROOT = pathlib.Path(__file__).resolve().parents[2]
SECRETS = ["acme-key", "bearer-secret", "query secret", "query%20secret", "header-secret"]
CONFIG = """
api_keys:
  - {name: acme, key: acme-key, accounts: [ca_main, ca_query, ca_off, ca_block, ca_proxied],
     default_account: ca_main}
  - {name: umbrella, key: other-key, accounts: [ca_other]}
accounts:
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
     proxy: "http://egress.internal:3128"}
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
account     ca_main
url         POST https://api.example/v1/users?q=1
host        the base_url's own
addresses   public ones
credential  bearer
injected    via, x-request-id, x-version, authorization
timeouts    connect 2s, first_byte 1500ms, idle 30s, total 20s
retry       not idempotent: once, and only where no byte has left
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
    ("ca_proxied", "/x", "via, x-request-id", "chosen by the proxy"),
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
    assert (result.returncode, result.stderr) == (1, "")
    assert told["refused"] == f"{slug} ({status})"
    assert told["message"].endswith(".") and told["fix"].endswith(".")
    assert set(told) <= {"refused", "message", "reason", "fix"}


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
    assert (told["refused"], told["reason"]) == ("OriginMismatch (400)", reason)


def test_a_key_without_a_default_account_needs_one_named(explain):
    assert rows(explain("GET", "/x", key="umbrella"))["refused"] == "MissingAuthContext (400)"
    assert explain("GET", "/x", key="umbrella", account="ca_other").returncode == 0


@pytest.mark.parametrize("arguments, key", [
    (["GET"], "acme"), ([], "acme"), (["GET", "/x", "more"], "acme"), (["GET", "/x"], "acne")])
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
