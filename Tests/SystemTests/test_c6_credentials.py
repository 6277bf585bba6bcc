"""C6: every credential arrives exactly, at its own upstream, and shows up nowhere else."""

import base64
import os
import random
import re
import subprocess
import threading
import time
import urllib.parse

import pytest
import yaml

import harness
import scripted
from harness import Ended, Penstock, Upstream, account, assert_error
from resolution_cases import call, echoed, header, inner, sent_fields, stream
from scripted import answer

BEARER = "upstream-secret-bearer~+/="
USER, PASSWORD = "user@example.com", "pass:word upstream-secret é"
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
VALUE, SECOND = "upstream-secret value, with blanks", "0123456789-upstream-secret"
QUERY = "upstream-secret/of query+100%"


@pytest.fixture(scope="module")
def penstock(upstream):
    base = upstream.url + "/base"
    auths = {
        "ca_none": {"type": "none"},
        "ca_bearer": {"type": "bearer", "token": BEARER},
        "ca_basic": {"type": "basic", "username": USER, "password": PASSWORD},
        "ca_header": {"type": "header", "name": "X-Api-Key", "value": VALUE},
        "ca_headers": [{"type": "header", "name": "X-Key-Id", "value": SECOND},
                       {"type": "header", "name": "X-Key-Secret", "value": VALUE}],
        "ca_query": {"type": "query", "name": "key", "value": QUERY}}
    accounts = [{"id": name, "base_url": base, "auth": auth} for name, auth in auths.items()]
    with Penstock({"accounts": accounts}, secrets=[urllib.parse.quote(QUERY, safe="")]) as server:
        yield server


CREDENTIAL_FIELDS = ("authorization", "proxy-authorization", "x-api-key", "x-key-id",
                     "x-key-secret", "cookie")


@pytest.mark.parametrize("name, expected", [
    ("ca_none", {}),
    ("ca_bearer", {"authorization": f"Bearer {BEARER}"}),
    ("ca_basic", {"authorization": f"Basic {BASIC}"}),
    ("ca_header", {"x-api-key": VALUE}),
    ("ca_headers", {"x-key-id": SECOND, "x-key-secret": VALUE}),
    ("ca_query", {})])
def test_a_credential_arrives_byte_for_byte(penstock, upstream, name, expected):
    """Row 202, through both doors."""
    for response in (call(penstock, "/x", account=name), stream(penstock, "/x", account=name)):
        got = echoed(response)
        found = {field: sent_fields(got, field) for field in CREDENTIAL_FIELDS}
        assert {field: values for field, values in found.items() if values} == {
            field: [value] for field, value in expected.items()}
        pairs = urllib.parse.parse_qsl(got["target"].partition("?")[2])
        assert pairs == ([("key", QUERY)] if name == "ca_query" else [])


def test_a_colon_in_a_user_s_name_is_sent_as_it_is_or_refused_at_the_start(upstream, tmp_path):
    """Row 202; RFC 7617 §2 has no such user name, and cannot tell where it ends."""
    auth = {"type": "basic", "username": "us:er", "password": "upstream-secret-pass"}
    config = {"listen": "127.0.0.1:1", "accounts": [{"id": "ca_base", "base_url": upstream.url,
                                                     "auth": auth}],
              "api_keys": [{"name": "a", "key": "k" * 20, "accounts": ["*"]}]}
    path = tmp_path / "penstock.yaml"
    path.write_text(yaml.safe_dump(config))
    done = subprocess.run([harness.BINARY, "check", "--config", str(path)], capture_output=True,
                          text=True, timeout=10)
    if done.returncode == 1:
        assert re.search("user ?name", done.stdout + done.stderr)
        assert "upstream-secret-pass" not in done.stdout + done.stderr
        return
    with Penstock({"accounts": config["accounts"]}) as penstock:
        encoded = base64.b64encode(b"us:er:upstream-secret-pass").decode()
        assert sent_fields(echoed(call(penstock)), "authorization") == [f"Basic {encoded}"]


def test_no_answer_ever_crosses_accounts(upstream):
    """Row 203: two accounts, one origin, a thousand requests, an upstream that fails at random."""
    seed = int(os.environ.get("PENSTOCK_TEST_SEED") or random.randrange(1 << 32))
    print(f"PENSTOCK_TEST_SEED={seed}")
    faults = random.Random(seed)

    def flaky(connection):
        while request := connection.read_request():
            chance = faults.random()
            if chance < 0.02:
                return
            if chance < 0.04:
                return connection.reset()
            data = answer(scripted.described(request))
            if chance < 0.06:
                connection.send(data[:-7])
                return
            if chance > 0.99:
                # In one piece: what came later could be the answer to the next request.
                data += answer({"unsolicited": True})
            connection.send(data)
            if chance < 0.08:
                return  # right after a whole answer, when the connection may be in the pool

    names = ["ca_one", "ca_two"]
    wrong, answered = [], []

    def client(number, penstock):
        choose = random.Random(seed + number)
        for count in range(125):
            name, tag = choose.choice(names), f"/{number}-{count}"
            try:
                if choose.random() < 0.5:
                    response = call(penstock, tag, account=name)
                else:
                    response = stream(penstock, tag, account=name)
            except Ended:
                continue  # the streaming route cuts off what the upstream cut off
            if response.status != 200:
                assert_error(response, 502)
                continue
            got = echoed(response)
            answered.append(tag)
            if (got["target"], sent_fields(got, "authorization")) != (
                    tag, [f"Bearer upstream-secret-of-{name}"]):
                wrong.append((tag, name, got))

    failures = []

    def guarded(number, penstock):
        try:
            client(number, penstock)
        except BaseException as fault:
            failures.append(repr(fault)[:500])

    upstream.handler = flaky
    try:
        with Penstock({"accounts": [account(upstream, id=name) for name in names]}) as penstock:
            threads = [threading.Thread(target=guarded, args=(number, penstock))
                       for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            upstream.drop()
    finally:
        upstream.handler = scripted.echo
    assert not failures, failures[:5]
    assert not wrong, wrong[:5]
    assert len(answered) > 700, f"only {len(answered)} answers"


HOP_BY_HOP = [("Connection", "X-Foo, close"), ("X-Foo", "1"), ("Keep-Alive", "timeout=5"),
              ("Proxy-Connection", "close"), ("Proxy-Authenticate", "Basic"), ("Upgrade", "h2c"),
              ("TE", "trailers"), ("Trailer", "X-Sum")]


def test_hop_by_hop_fields_end_at_penstock(penstock, answers):
    """Row 205."""
    answers(answer(b"{}", headers=HOP_BY_HOP + [("Set-Cookie", "a=1"), ("X-Kept", "yes")]))
    headers = inner(call(penstock, account="ca_bearer"))["headers"]
    for name in ("connection", "x-foo", "keep-alive", "proxy-connection", "upgrade", "te",
                 "trailer", "transfer-encoding"):
        assert name not in headers, headers
    assert (headers["set-cookie"], headers["x-kept"]) == ("a=1", "yes")
    response = stream(penstock, "/x", account="ca_bearer")
    for name in ("x-foo", "keep-alive", "proxy-connection", "upgrade", "te", "trailer"):
        assert not response.all(name), response
    assert response.all("set-cookie") == ["a=1"]


@pytest.mark.parametrize("name, secret", [
    ("ca_bearer", BEARER), ("ca_basic", BASIC), ("ca_basic", PASSWORD), ("ca_header", VALUE),
    ("ca_headers", SECOND), ("ca_query", QUERY),
    ("ca_query", urllib.parse.quote(QUERY, safe=""))])
def test_a_secret_in_an_upstream_s_header_becomes_stars(penstock, answers, name, secret):
    """Row 205; whether the rest of the value stays is left open."""
    raw = secret.encode().decode("latin-1")
    answers(answer(b"{}", headers=[
        ("X-Echo", raw), ("X-Inside", f"before {raw} after"), ("X-Twice", f"{raw}{raw}"),
        ("Location", f"http://other.example/?key={raw}"), ("Authorization", f"Bearer {raw}"),
        ("Set-Cookie", f"a={raw}; Path=/")]))
    response = call(penstock, account=name)
    headers = inner(response)["headers"]
    assert secret.encode() not in response.body
    assert headers["x-echo"] == "***"
    for field in ("x-inside", "x-twice", "location", "set-cookie"):
        assert "***" in headers[field], headers
    response = stream(penstock, "/x", account=name)
    assert secret.encode() not in response.raw_head
    assert response.header("x-echo") == "***"
    for field in ("x-inside", "x-twice", "location", "set-cookie"):
        assert "***" in response.header(field), response


def test_a_secret_for_a_header_s_name_goes_with_its_field(answers, upstream):
    """Row 205: what has no value of its own cannot be told as stars."""
    token = "upstream-secret_Ab~0123"
    with Penstock({"accounts": [account(upstream, id="ca_base", auth={"token": token})]}) as server:
        answers(answer(b"{}", headers=[(token, "x"), (f"X-{token}", "x"), ("X-Kept", "yes")]))
        told = [call(server, account="ca_base").body,
                stream(server, "/x", account="ca_base").raw_head]
    for each in told:
        assert token.lower().encode() not in each.lower()
        assert b"x-kept" in each.lower()


@pytest.mark.parametrize("auth, secret", [
    ({"type": "basic", "username": "sk_live-0123456789", "password": ""}, "sk_live-0123456789"),
    ({"type": "header", "name": "Authorization", "value": "Token ghp_0123456789"},
     "ghp_0123456789"),
    ({"type": "header", "name": "Authorization", "value": 'Token token="ghp_01234", id="me"'},
     "ghp_01234")])
def test_what_proves_the_account_becomes_stars_without_what_it_is_sent_in(answers, upstream, auth,
                                                                         secret):
    """Row 205: a token in the place of a user's name, or behind a scheme of its own."""
    config = {"accounts": [{"id": "ca_base", "base_url": upstream.url, "auth": auth}]}
    with Penstock(config, secrets=[secret]) as server:
        answers(answer(b"{}", headers=[("X-Echo", f"a={secret}"), ("X-Kept", "yes")]))
        headers = inner(call(server, account="ca_base"))["headers"]
        assert (headers["x-echo"], headers["x-kept"]) == ("***", "yes")
        response = stream(server, "/x", account="ca_base")
        assert (response.header("x-echo"), response.header("x-kept")) == ("***", "yes")


def test_an_upstream_s_body_is_never_rewritten(penstock, answers):
    """Row 206: `allowed_hosts` is the control."""
    answers(answer({"you sent": BEARER}))
    assert inner(call(penstock, account="ca_bearer"))["data"] == {"you sent": BEARER}
    assert stream(penstock, "/x", account="ca_bearer").json() == {"you sent": BEARER}


def test_an_error_names_the_host_and_nothing_of_the_request(upstream):
    """Row 207."""
    port = harness.free_port()
    config = {"accounts": [{"id": "ca_base", "base_url": f"http://127.0.0.1:{port}/base",
                            "auth": {"type": "query", "name": "key", "value": QUERY}}]}
    with Penstock(config, secrets=[urllib.parse.quote(QUERY, safe=""), "asked-for-this",
                                   "a-header-value"]) as penstock:
        response = call(penstock, "/path?q=asked-for-this",
                        parameters=[header("X-A", "a-header-value")])
        error = assert_error(response, 502, "upstream_connect_failed")
        said = str(error)
        for hidden in ("asked-for-this", "a-header-value", "/base", "key=", "curl"):
            assert hidden not in said.lower(), error


@pytest.mark.parametrize("base, slugs", [
    ("http://does-not-exist.invalid:81", ("upstream_dns_failed", "upstream_dns_timeout")),
    ("https://localhost:{plain}", "upstream_tls_failed"),
    ("https://localhost:{tls}", "upstream_tls_untrusted"),
    ("http://localhost:{tls}", ("upstream_protocol_error", "upstream_closed", "upstream_reset",
                                "upstream_timeout"))])
def test_no_failure_of_a_dial_tells_what_a_library_says(authority, base, slugs):
    """Row 207: neither libcurl's text nor OpenSSL's, and nothing of the request."""
    def speaks_no_tls(connection):
        connection.take(5, time.monotonic() + 5)
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    context = scripted.tls_context(authority, "localhost")
    with Upstream(scripted.echo, tls=context) as secure, Upstream(speaks_no_tls) as plain:
        url = base.format(plain=plain.port, tls=secure.port) + "/base"
        config = {"accounts": [{
            "id": "ca_base", "base_url": url, "timeouts": {"connect": "2s", "first_byte": "1s"},
            "auth": {"type": "query", "name": "key", "value": QUERY}}]}
        with Penstock(config, secrets=["asked-for-this", "a-header-value"]) as penstock:
            response = call(penstock, "/path?q=asked-for-this",
                            parameters=[header("X-A", "a-header-value")])
            said = str(assert_error(response, (502, 504), slugs)).lower()
            for hidden in ("asked-for", "a-header-value", "/base", "key=", "curl", "ssl", "0x",
                           "errno", "localhost", "invalid:", "127.0.0.1", "routines"):
                assert hidden not in said, said


def test_the_environment_neither_detours_nor_records(authority, tmp_path):
    """Row 208."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "empty.pem").write_text("")
    with Upstream(scripted.echo) as detour, \
            Upstream(scripted.echo, tls=scripted.tls_context(authority, "localhost")) as secure, \
            Upstream(scripted.echo) as plain:
        env = {"SSLKEYLOGFILE": str(tmp_path / "keys"), "NO_PROXY": "", "no_proxy": "",
               "CURL_CA_BUNDLE": str(tmp_path / "empty.pem"), "HOME": str(tmp_path)}
        for name in ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTPS_PROXY",
                     "HTTP_PROXY"):
            env[name] = detour.url
        (tmp_path / ".netrc").write_text("machine localhost login evil password evil\n"
                                         "machine 127.0.0.1 login evil password evil\n")
        (tmp_path / ".curlrc").write_text(f"proxy = {detour.url}\n")
        accounts = [account(secure, id="ca_secure", ca_file=str(tmp_path / "ca.pem")),
                    account(plain, id="ca_plain")]
        with Penstock({"accounts": accounts}, env=env) as penstock:
            for name in ("ca_secure", "ca_plain"):
                for door in (call, stream):
                    got = echoed(door(penstock, "/x", account=name))
                    assert sent_fields(got, "authorization") == [
                        f"Bearer upstream-secret-of-{name}"]
            assert detour.connections == 0
            environment = open(f"/proc/{penstock.pid}/environ", "rb").read()
            assert b"upstream-secret" not in environment
        assert not (tmp_path / "keys").exists()


def test_a_secret_from_the_environment_is_wiped_there(upstream):
    """Row 209."""
    secret = "upstream-secret-from-the-environment"
    config = {"accounts": [account(upstream, id="ca_base", auth={"token": "${env:THE_TOKEN}"})]}
    with Penstock(config, env={"THE_TOKEN": secret}, secrets=[secret]) as penstock:
        assert sent_fields(echoed(call(penstock)), "authorization") == [f"Bearer {secret}"]
        for name in ("environ", "cmdline"):
            with open(f"/proc/{penstock.pid}/{name}", "rb") as file:
                assert secret.encode() not in file.read()


def run(*arguments):
    return subprocess.run([harness.BINARY, *arguments], capture_output=True, text=True, timeout=10)


def test_no_command_prints_a_secret(penstock, upstream):
    """Row 210."""
    config = str(penstock.config_path)
    commands = [("check", "--config", config), ("errors",)]
    for name in ("ca_bearer", "ca_basic", "ca_header", "ca_headers", "ca_query"):
        commands.append(("explain", "--config", config, "--api-key-name", "acme",
                         "--account", name, "GET", "/x?a=b"))
    for command in commands:
        done = run(*command)
        assert done.returncode == 0, (command, done)
        for secret in penstock.secrets:
            assert secret not in done.stdout + done.stderr, command
    for path in ("/metrics", "/status", "/status.json", "/openapi.json"):
        body = penstock.admin(path).body.decode()
        for secret in penstock.secrets:
            assert secret not in body, path
    assert upstream.connections == 0


def test_a_fault_beside_a_secret_masks_it(tmp_path):
    """Row 210: the line that is shown with its caret."""
    path = tmp_path / "penstock.yaml"
    path.write_text(
        "listen: 127.0.0.1:1\n"
        "api_keys: [{name: a, key: upstream-secret-key-1, accounts: [x], unknown: 1}]\n"
        "accounts:\n"
        "  - {id: x, base_url: 'http://a.example', auth: {type: bearer, tokn: upstream-secret-2}}\n"
        "  - {id: y, base_url: 'http://a.example', auth: {type: header, name: 'X Y',"
        " value: upstream-secret-3}}\n"
        "  - {id: z, base_url: 'http://a.example', auth: {type: bearer,"
        " token: \"upstream-secret-4\\r\\n\"}}\n")
    done = run("check", "--config", str(path))
    assert done.returncode == 1, done
    assert "upstream-secret" not in done.stdout + done.stderr
