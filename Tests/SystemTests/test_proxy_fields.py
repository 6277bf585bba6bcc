"""The streaming route's fields: what the upstream is told, and what the client is told."""

import re

import pytest

import scripted
from harness import KEY, Penstock, Upstream, account, request
from origins import outcome, proxy, raw
from scripted import answer

SECRET = "query-slot-secret"


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    def with_auth(id, **auth):
        return {"id": id, "base_url": up.url, "auth": auth}

    accounts = [
        account(up, "ca_up", headers={"X-Version": "2022-11-28", "X-Answer": "no"}),
        account(up, "ca_based", base_url=up.url + "/base/v1"),
        with_auth("ca_none", type="none"),
        with_auth("ca_header", type="header", name="X-Secret", value="hs-1234"),
        with_auth("ca_basic", type="basic", username="me", password="a:b c"),
        with_auth("ca_query", type="query", name="api_key", value=SECRET),
    ]
    with Penstock({"accounts": accounts}, secrets=[SECRET]) as server:
        yield server


@pytest.fixture
def seen(penstock, up):
    """What the upstream got of one request: {name: [values]}."""
    def check(fields=(), account="ca_up", method="GET", path="/x", **more):
        up.handler = scripted.echo
        response = outcome(penstock, proxy(method, path, fields, account=account, **more))
        assert response.status == 200, response
        got = up.requests[-1]
        return {name: got.all(name) for name, _ in got.headers}
    return check


HOP_BY_HOP = [
    ("Keep-Alive", "timeout=5"), ("Proxy-Connection", "keep-alive"), ("TE", "gzip"),
    ("Upgrade", "h2c"), ("Proxy-Authorization", "Basic eDp5")]


@pytest.mark.parametrize("field", HOP_BY_HOP, ids=lambda field: field[0])
def test_hop_by_hop_fields_do_not_go_up(seen, field):
    got = seen([field, ("Connection", field[0]), ("X-End", "1")])
    assert field[0].lower() not in got or field[1] not in got[field[0].lower()]
    assert got["x-end"] == ["1"]
    assert not any("h2c" in value for value in got.get("connection", []))


@pytest.mark.parametrize("connection", [
    ["close, X-Foo"], ["X-Foo"], ["x-foo , , keep-alive"], ["keep-alive", "X-FOO"]])
def test_fields_that_connection_nominates_do_not_go_up(seen, connection):
    got = seen([("Connection", value) for value in connection]
               + [("X-Foo", "1"), ("X-Foo", "2"), ("X-Bar", "3")])
    assert "x-foo" not in got and got["x-bar"] == ["3"]
    assert not any("foo" in value.lower() for value in got.get("connection", []))


@pytest.mark.parametrize("nominated", [
    "Host", "Authorization", "X-Version", "Content-Length", "X-Request-Id", "Via", "x-api-key"])
def test_connection_cannot_strip_what_penstock_adds(seen, up, nominated):
    """Row 195."""
    got = seen([("Connection", nominated)], method="POST", body=b"hello")
    assert got["authorization"] == ["Bearer upstream-secret-of-ca_up"]
    assert got["host"] == [f"127.0.0.1:{up.port}"]
    assert got["x-version"] == ["2022-11-28"]
    assert got["via"] == ["1.1 penstock"] and len(got["x-request-id"]) == 1
    assert up.requests[0].body == b"hello"


def test_a_plain_request_as_the_upstream_sees_it(seen, up):
    """Every field that there is; nothing of the client's network, nothing of its key."""
    got = seen([("Accept", "text/html"), ("User-Agent", "a/1"), ("Cookie", "a=b")])
    assert got.pop("x-request-id")[0]
    got.pop("connection", None)
    assert got == {
        "host": [f"127.0.0.1:{up.port}"], "accept": ["text/html"], "user-agent": ["a/1"],
        "cookie": ["a=b"], "via": ["1.1 penstock"], "x-version": ["2022-11-28"],
        "x-answer": ["no"], "authorization": ["Bearer upstream-secret-of-ca_up"]}
    assert up.requests[0].version == "HTTP/1.1"


def test_nothing_is_added_to_a_bare_request(seen):
    got = seen()
    for name in ("accept", "user-agent", "accept-encoding", "content-length", "content-type",
                 "transfer-encoding", "forwarded", "x-forwarded-for"):
        assert name not in got


@pytest.mark.parametrize("name, value", [
    ("X-Forwarded-For", "198.51.100.7"), ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "https"), ("Forwarded", "for=198.51.100.7")])
def test_no_forwarding_fields_unless_asked_for(seen, name, value):
    assert name.lower() not in seen()
    assert name.lower() not in seen([(name, value)])


def test_the_request_id_is_one_everywhere(penstock, up):
    response = outcome(penstock, proxy("GET", headers=[("X-Request-Id", "mine.1_2-3")]))
    assert response.request_id == "mine.1_2-3"
    assert up.requests[0].all("x-request-id") == ["mine.1_2-3"]
    assert penstock.access_line("mine.1_2-3")["status"] == 200


def test_via_is_appended(seen):
    got = seen([("Via", "1.0 fred")])
    assert re.fullmatch(r"1\.0 fred, ?1\.1 penstock", ", ".join(got["via"]))


def test_end_to_end_fields_pass_in_order_and_as_written(penstock, up):
    up.handler = scripted.echo
    fields = [("X-B", "1"), ("x-a", "2"), ("X-B", "3, 4"), ("X-Empty", ""),
              ("X-Odd", "caf\xe9 \t!")]
    outcome(penstock, proxy("GET", headers=fields))
    got = [(name, value) for name, value in up.requests[0].headers
           if name.startswith("x-") and name in ("x-a", "x-b", "x-empty", "x-odd")]
    assert got == [(name.lower(), value) for name, value in fields]
    for name in (b"\r\nX-B: 1\r\n", b"\r\nx-a: 2\r\n"):
        assert name in up.requests[0].raw_head, "the client's spelling"


# --- Credentials and keys -------------------------------------------------------------------

@pytest.mark.parametrize("account, expected", [
    ("ca_up", {"authorization": ["Bearer upstream-secret-of-ca_up"]}),
    ("ca_header", {"x-secret": ["hs-1234"]}),
    ("ca_basic", {"authorization": ["Basic bWU6YTpiIGM="]}),
    ("ca_none", {})])
def test_the_credential_is_the_account_s(seen, account, expected):
    got = seen([], account=account)
    assert {name: got[name] for name in got if name in ("authorization", "x-secret")} == expected
    assert "x-api-key" not in got


@pytest.mark.parametrize("spelling", ["Authorization", "authorization", "AUTHORIZATION"])
def test_a_client_s_field_in_a_credential_slot_is_dropped(seen, spelling):
    got = seen([(spelling, "Bearer client's own")])
    assert got["authorization"] == ["Bearer upstream-secret-of-ca_up"]


def test_a_client_s_field_in_another_slot_passes(seen):
    got = seen([("Authorization", "Digest x"), ("X-Secret", "forged")], account="ca_header")
    assert got["x-secret"] == ["hs-1234"]
    assert got["authorization"] == ["Digest x"], "the key came in x-api-key; this is end to end"


def test_a_client_s_copy_of_an_account_header_is_replaced(seen):
    assert seen([("X-Version", "1999-01-01")])["x-version"] == ["2022-11-28"]


@pytest.mark.parametrize("account", ["ca_up", "ca_none", "ca_header"])
def test_a_key_as_bearer_works_and_is_consumed(penstock, up, account):
    up.handler = scripted.echo
    data = request("GET", f"/proxy/{account}/x", [("Authorization", f"Bearer {KEY}")])
    response = outcome(penstock, data)
    assert response.status == 200
    assert KEY.encode() not in up.received
    assert penstock.access_line(response.request_id)["project"] == "acme"


@pytest.mark.parametrize("scheme", ["bearer", "BEARER"])
def test_the_scheme_of_a_key_has_no_case(penstock, scheme):
    data = request("GET", "/proxy/ca_up/x", [("Authorization", f"{scheme} {KEY}")])
    assert outcome(penstock, data).status == 200


def test_x_api_key_comes_first(penstock, up):
    """A wrong one is not made good by a right bearer."""
    data = request("GET", "/proxy/ca_up/x",
                   [("x-api-key", "wrong"), ("Authorization", f"Bearer {KEY}")])
    assert outcome(penstock, data).status == 401
    assert up.connections == 0


# --- Target ---------------------------------------------------------------------------------

@pytest.mark.parametrize("query", [
    "?", "?a=b&c=%20d", "?a=1&a=2&&=&b", "?q=%2F%2f%c3%A9+~!$'()*,;:@/?", "?a=b?c=d", "?%61=%41",
    "?u=//evil.example/..%2f", "?" + "x" * 4000])
def test_the_query_passes_byte_for_byte(penstock, up, query):
    up.handler = scripted.echo
    assert outcome(penstock, proxy("GET", f"/x{query}")).status == 200
    assert up.requests[0].target == f"/x{query}"


@pytest.mark.parametrize("path", ["/", "/x", "/x/", "/a//b", "/a/%2F/b", "/%c3%a9", "/a;p=1/b:c@d",
                                  "/~me/!$&'()*+,=", "/x.y/...z", "/" + "x" * 4000])
@pytest.mark.parametrize("account, base", [("ca_up", ""), ("ca_based", "/base/v1")])
def test_the_path_passes_byte_for_byte_under_the_base(penstock, up, account, base, path):
    up.handler = scripted.echo
    assert outcome(penstock, proxy("GET", path, account=account)).status == 200
    assert up.requests[0].target == base + path


@pytest.mark.parametrize("path", ["/../x", "/a/../../x", "/./x", "/a/..", "/%2e%2e/x", "/..%2fx",
                                  "/a/%2E%2e%2f..", "/..;/x", "/%252e%252e/x"])
def test_a_path_never_leaves_its_base(penstock, up, path):
    response = outcome(penstock, proxy("GET", path, account="ca_based"))
    assert response.status in (400, 404), response
    assert up.connections == 0


@pytest.mark.parametrize("query, expected", [
    ("", [f"api_key={SECRET}"]), ("?x=1", ["x=1", f"api_key={SECRET}"]),
    ("?api_key=mine&x=1", ["x=1", f"api_key={SECRET}"]),
    ("?x=1&api%5Fkey=mine", ["x=1", f"api_key={SECRET}"]),
    ("?api_key=a&api_key=b", [f"api_key={SECRET}"])])
def test_a_credential_in_the_query_is_the_only_one(penstock, up, query, expected):
    """Row 180, on the streaming route: dropped rather than refused."""
    up.handler = scripted.echo
    response = outcome(penstock, proxy("GET", f"/x{query}", account="ca_query"))
    assert response.status == 200
    pairs = [pair for pair in up.requests[0].target.partition("?")[2].split("&") if pair]
    assert sorted(pairs) == sorted(expected)
    line = penstock.access_line(response.request_id)
    assert SECRET not in str(line) and "mine" not in line["path"]


# --- Responses ------------------------------------------------------------------------------

def test_hop_by_hop_fields_do_not_come_down(penstock, up):
    """Row 205."""
    up.handler = raw(answer(b"x", headers=[
        ("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("Keep-Alive", "timeout=5"),
        ("Proxy-Connection", "keep-alive"), ("Upgrade", "h2c"), ("X-End", "2")]), "stay")
    response = outcome(penstock, proxy("GET"))
    for name in ("x-hop", "keep-alive", "proxy-connection", "upgrade"):
        assert response.header(name) is None, name
    assert "x-hop" not in (response.header("connection") or "").lower()
    assert (response.header("x-end"), response.body) == ("2", b"x")


def test_end_to_end_fields_come_down_as_they_are(penstock, up):
    fields = [("ETag", '"a"'), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d"), ("Vary", "Accept"),
              ("Cache-Control", "no-store"), ("Server", "their/1"), ("X-Odd", "caf\xe9"),
              ("Location", "https://a.example/?b=c"), ("Date", "Tue, 15 Nov 1994 08:12:31 GMT")]
    up.handler = raw(answer(b"x", 302, "Found", fields), "stay")
    response = outcome(penstock, proxy("GET"))
    assert response.status == 302, "returned, never followed"
    for name, _ in fields:
        assert response.all(name) == [value for key, value in fields if key == name]
    assert up.connections == 1


def test_a_secret_in_a_response_field_is_masked(penstock, up):
    """Row 205: its body is the upstream's own business."""
    up.handler = raw(answer(b"x", headers=[
        ("X-Echo", "Bearer upstream-secret-of-ca_up"), ("X-Plain", "upstream-secret-of-ca_up"),
        ("X-Other", "upstream")]), "stay")
    response = outcome(penstock, proxy("GET"))
    assert "upstream-secret" not in response.raw_head.decode("latin-1")
    assert "***" in response.header("x-echo") and "***" in response.header("x-plain")
    assert response.header("x-other") == "upstream"


def test_the_upstream_s_request_id_does_not_hide_penstock_s(penstock, up):
    """One x-request-id: the one that stands in the log."""
    up.handler = raw(answer(b"x", headers=[("X-Request-Id", "theirs")]), "stay")
    response = outcome(penstock, proxy("GET", headers=[("X-Request-Id", "ours")]))
    assert response.all("x-request-id") == ["ours"]
