"""No secret of the configuration stands in the log, wherever a client put it, however encoded."""

import base64
import json
import os
import random
import string
import urllib.parse

import pytest

import scripted
from harness import EXECUTE, KEY, Penstock, Upstream, connect, execute, request

TOKEN = "tok_live-9aZ.Qe4_77bXkd"          # goes wherever a token does
USER, PASSWORD = "service-user", "pass/word+ é%41&x"
VALUES = {"X-Key-Id": "key-id-0123456789", "X-Key-Secret": "a secret, with blanks"}
QUERY = "100% of/the~query"
SIGNING = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
SECOND_KEY = "k2-of-the-same-project"
SESSION = EXECUTE.replace("tools/execute/proxy", "tool_router/session/{}/proxy_execute")
SECRETS = [TOKEN, USER, PASSWORD, f"{USER}:{PASSWORD}", *VALUES.values(), QUERY, SIGNING, KEY,
           SECOND_KEY]


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.fixed(scripted.answer({}))) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    auths = {
        "ca_bearer": {"type": "bearer", "token": TOKEN},
        "ca_basic": {"type": "basic", "username": USER, "password": PASSWORD},
        "ca_headers": [{"type": "header", "name": name, "value": value}
                       for name, value in VALUES.items()],
        "ca_query": {"type": "query", "name": "key", "value": QUERY}}
    config = {
        "api_keys": [{"name": "acme", "key": [KEY, SECOND_KEY], "accounts": ["*"]}],
        "accounts": [{"id": id, "base_url": up.url, "auth": auth, "allowed_hosts": ["*"]}
                     for id, auth in auths.items()],
        "execute": {"toolkits": {"one": {"account": "ca_bearer"}}},
        "files": {"signing_key": SIGNING},
        "log": {"level": "info"}}  # said, so that no line is missed by an id that is `***` there
    with Penstock(config) as server:
        yield server


# --- How a secret can be written ------------------------------------------------------------

def percent(text, choose, share):
    """Each byte encoded or not; those that a path cannot hold always are."""
    plain = (string.ascii_letters + string.digits + "-._~/+:,").encode()
    return "".join(
        (f"%{byte:02x}" if choose.random() < 0.5 else f"%{byte:02X}")
        if byte not in plain or choose.random() < share else chr(byte) for byte in text.encode())


def base64_of(text, choose):
    """With anything before and behind, in either alphabet, padded or not."""
    data = choose.randbytes(choose.randrange(3)) + text.encode() + choose.randbytes(
        choose.randrange(3))
    coded = choose.choice([base64.b64encode, base64.urlsafe_b64encode])(data).decode()
    return coded if choose.random() < 0.5 else coded.rstrip("=")


ENCODINGS = {
    "percent": lambda text, choose: percent(text, choose, choose.choice([0, 0.3, 1])),
    "percent twice": lambda text, choose: percent(percent(text, choose, 0.3), choose, 0),
    "base64": lambda text, choose: percent(base64_of(text, choose), choose, 0),
    "hexadecimal": lambda text, choose: choose.choice([str, str.upper])(text.encode().hex()),
    "base64, percent": lambda text, choose: percent(base64_of(text, choose), choose, 0.3)}


def windows(text):
    """All that a base64 text may mean, from each of its first four characters on."""
    coded = "".join(each if each.isascii() and each.isalnum() or each in "+/" else " "
                    for each in text.replace("-", "+").replace("_", "/"))
    for word in coded.split():
        for start in range(4):
            part = word[start:]
            yield base64.b64decode(part[:len(part) // 4 * 4])
            yield base64.b64decode(part + "A" * (-len(part) % 4))


def found_in(text):
    """The secrets that somebody could read out of a text."""
    decoded = [text]
    for _ in range(2):
        decoded.append(urllib.parse.unquote(decoded[-1], errors="surrogateescape"))
    decoded.append(text.replace("+", " "))
    meant = [each.encode(errors="surrogateescape").lower() for each in decoded]
    for each in decoded:
        meant += [window.lower() for window in windows(each)]
    return [secret for secret in SECRETS for each in meant
            if secret.encode().lower() in each or secret.encode().hex().encode() in each]


def test_the_search_of_this_test_finds_what_it_should():
    choose = random.Random(1)
    for secret in SECRETS:
        assert secret in found_in(f"/x/{secret}/y")
        for name, encode in ENCODINGS.items():
            assert secret in found_in(f"/{encode(secret, choose)}/y"), (name, secret)
    assert found_in("/repos/apple/swift?q=***") == []


# --- Traffic --------------------------------------------------------------------------------

def ask(penstock, data, **more):
    """One request on a connection of its own."""
    connection = connect(penstock.port)
    response = connection.exchange(data, **more)
    connection.close()
    return response


def envelope(endpoint="/x", account="ca_bearer", **more):
    return execute({"endpoint": endpoint, "method": "GET", "connected_account_id": account,
                    **more})


def stream(target, account="ca_basic", method="GET", fields=()):
    return request(method, f"/proxy/{account}/{target}", [("x-api-key", KEY), *fields])


SLOTS = {
    "path": lambda text: stream(f"a/{text}/b"),
    "path, glued": lambda text: stream(f"a.{text}.b?x=y"),
    "query value": lambda text: stream(f"a?x={text}&y=z"),
    "query name": lambda text: stream(f"a?x=1&{text}=2&z"),
    "across the question mark": lambda text: stream(f"a/{text[:5]}?{text}"),
    "account": lambda text: stream("a", account=text),
    "nowhere": lambda text: request("GET", f"/{text}"),
    "file": lambda text: request("GET", f"/files/{text}?expires=1&signature={text}"),
    "session": lambda text: execute({"endpoint": "/x", "method": "GET", "toolkit_slug": "one"},
                                    path=SESSION.format(text)),
    "inner path": lambda text: envelope(f"/a/{text}?{text}={text}"),
    "inner user": lambda text: envelope(f"https://{text}@elsewhere.example/x"),
    "behind the cut": lambda text: stream(f"{'a' * 990}/{text}"),
}


def test_no_secret_is_in_the_log_whatever_slot_it_came_through(penstock):
    seed = int(os.environ.get("PENSTOCK_TEST_SEED") or random.randrange(1 << 32))
    print(f"PENSTOCK_TEST_SEED={seed}")
    choose = random.Random(seed)
    ids = set()
    for write in SLOTS.values():
        for secret in SECRETS:
            for encode in ENCODINGS.values():
                response = ask(penstock, write(encode(secret, choose)))
                ids.add(response.request_id)
    for line in lines_of(penstock, ids):
        assert found_in(json.dumps(line, ensure_ascii=False)) == [], line


def lines_of(penstock, ids):
    """The access lines of requests, and whatever else the log holds by then."""
    assert penstock.access_line(ask(penstock, stream("last")).request_id)
    lines = penstock.log_lines()
    assert ids <= {line.get("request_id") for line in lines}
    return lines


JSON_SLOTS = {
    "user": lambda text: envelope(user_id=text),
    "user among others": lambda text: envelope(user_id=f"<{text}>\n\"{text}"),
    "inner path": lambda text: envelope(f"/{urllib.parse.quote(text)}"),
    "host": lambda text: envelope(f"http://{text}.invalid/x"),
}


def test_no_secret_is_in_the_log_that_came_in_an_envelope(penstock):
    ids = {}
    for slot, write in JSON_SLOTS.items():
        for secret in SECRETS:
            for text in (secret, base64.b64encode(secret.encode()).decode()):
                if slot == "host" and not all(each.isalnum() or each in "-." for each in text):
                    continue
                response = ask(penstock, write(text), timeout=30)
                ids[response.request_id] = slot
    for line in lines_of(penstock, set(ids)):
        assert found_in(json.dumps(line, ensure_ascii=False)) == [], line
        # JSON's own escapes hide nothing either.
        for value in line.values():
            assert found_in(str(value)) == [], line
        if ids.get(line.get("request_id"), "").startswith("user") and line["status"] == 200:
            assert "***" in line["user_id"], line


def test_a_method_and_a_request_id_show_no_secret_and_reach_the_wire_as_they_are(penstock, up):
    up.begin_row()
    response = ask(
        penstock, stream("x", "ca_bearer", TOKEN, [("x-request-id", f"id.{SIGNING}")]))
    assert response.status == 200 and response.request_id == f"id.{SIGNING}"
    got, = up.requests
    assert (got.method, got.header("x-request-id")) == (TOKEN, f"id.{SIGNING}")
    line = penstock.access_line("id.***")
    assert line["method"] == "***"
    assert SIGNING not in penstock.log_text() and TOKEN not in penstock.log_text()


def test_a_trace_that_is_a_secret_is_not_shown_either(penstock):
    """A key of 16 bytes in hexadecimal is as good a trace id as any."""
    response = ask(penstock, stream("x", fields=[("traceparent", f"00-{SIGNING}-{'1' * 16}-01")]))
    assert penstock.access_line(response.request_id)["trace_id"] == "***"
    other = SIGNING[:-1] + "1"
    response = ask(penstock, stream("x", fields=[("traceparent", f"00-{other}-{'1' * 16}-01")]))
    assert penstock.access_line(response.request_id)["trace_id"] == other


def test_an_exemplar_names_no_request_by_a_secret(penstock):
    """`/metrics` is read by more than the log is."""
    trace = ("traceparent", f"00-{SIGNING}-{'1' * 16}-01")
    for field in (("x-request-id", SIGNING), trace):
        ask(penstock, stream("x", fields=[field]))
    ask(penstock, stream("x", fields=[("x-request-id", "an-id-of-no-secret")]))
    page = penstock.admin(headers=[("Accept", "application/openmetrics-text")]).body.decode()
    assert 'request_id="an-id-of-no-secret"' in page
    assert SIGNING not in page


def test_a_field_that_is_too_long_to_be_kept_does_not_end_in_most_of_a_secret(up):
    """Its secrets are shown so short that its end is, too."""
    token = "tok_" + "".join(random.Random(1).choices(string.ascii_letters, k=140))
    accounts = [{"id": "ca_bearer", "base_url": up.url, "auth": {"type": "bearer", "token": token}}]
    with Penstock({"accounts": accounts}) as penstock:
        for before in range(0, len(token), 7):
            text = "-" * before + f"{token}/" * 300
            line = penstock.access_line(ask(penstock, envelope(user_id=text)).request_id)
            assert line["truncated"] and line["user_id"].startswith("-" * before + "***/***/")
            assert token[:6] not in line["user_id"]


def test_what_only_resembles_a_secret_stays(penstock):
    for path in (TOKEN[:-1], TOKEN[1:], TOKEN[:-1] + "x", "tok_live-other", KEY[:12],
                 base64.b64encode(TOKEN.encode())[:16].decode()):
        response = ask(penstock, stream(path))
        assert penstock.access_line(response.request_id)["path"] == f"/proxy/ca_basic/{path}"


def test_messages_of_the_process_show_none(up, tmp_path):
    name = f"k-{TOKEN}"
    accounts = [{"id": "ca_up", "base_url": up.url, "auth": {"type": "bearer", "token": TOKEN}}]
    directory = tmp_path / name
    config = {"accounts": accounts, "files": {"directory": str(directory), "signing_key": SIGNING}}
    with Penstock(config) as penstock:
        line = penstock.log_lines(1, event="files")[0]
        assert line["message"].endswith("/k-***"), line
