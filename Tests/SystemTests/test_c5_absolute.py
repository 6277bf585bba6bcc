"""C5: an absolute endpoint goes to the account's own origins, or nowhere."""

import pytest

import harness
import scripted
from harness import Penstock, Upstream, account
from resolution_cases import (FORBIDDEN, FOREIGN, MALFORMED, MALFORMED_OR_FOREIGN, call, echoed,
                              every, refused)

SECURE = {"type": "bearer", "token": "upstream-secret-of-the-secure"}


@pytest.fixture(scope="module")
def trap():
    """The origin that nobody may reach."""
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def sibling():
    """A second origin, allowed by name and port."""
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(upstream, sibling, trap):
    loopback = ["127.0.0.0/8", "::1/128"]
    config = {"accounts": [
        account(upstream, id="ca_base", base_url=upstream.url + "/base/v1"),
        account(upstream, id="ca_name", base_url=f"http://localhost:{upstream.port}/base/v1"),
        account(upstream, id="ca_sibling", allow_private=loopback,
                allowed_hosts=[f"http://localhost:{sibling.port}"]),
        # Nothing is ever dialled for these two: what they are asked must be refused by its text.
        {"id": "ca_secure", "base_url": "https://good.example/base", "auth": SECURE},
        {"id": "ca_family", "base_url": "https://good.example", "auth": SECURE,
         "allowed_hosts": ["*.family.example", "uploads.example:8443"]},
        {"id": "ca_open", "base_url": "https://good.example", "auth": SECURE,
         "allowed_hosts": ["*", "http://*"]},
    ]}
    with Penstock(config) as server:
        yield server


def test_the_base_url_s_origin_is_the_account_s(penstock, upstream):
    """Row 146."""
    def check(case):
        suffix, target = case
        assert echoed(call(penstock, upstream.url + suffix))["target"] == target

    every([("/base/v1/x", "/base/v1/x"), ("/base/v1/x?a=b&c=%20d", "/base/v1/x?a=b&c=%20d"),
           ("/elsewhere", "/elsewhere"), ("/", "/"), ("", "/"), ("?a=b", "/?a=b"),
           ("/a%2Fb", "/a%2Fb")], check)


def test_scheme_and_host_may_be_written_in_capitals(penstock, upstream):
    """Row 153; Host says what the base URL says."""
    for origin in (f"HTTP://LOCALHOST:{upstream.port}", f"Http://LocalHost:{upstream.port}"):
        got = echoed(call(penstock, origin + "/X", account="ca_name"))
        assert got["target"] == "/X"
        assert [value for name, value in got["headers"] if name == "host"] == [
            f"localhost:{upstream.port}"]


def test_a_trailing_dot_makes_another_host(penstock, upstream):
    """Row 153."""
    refused(MALFORMED_OR_FOREIGN, [f"http://localhost.:{upstream.port}/x"],
            lambda endpoint: call(penstock, endpoint, account="ca_name"), upstream)
    refused(MALFORMED_OR_FOREIGN, ["https://good.example./x", "https://good.example.:443/x"],
            lambda endpoint: call(penstock, endpoint, account="ca_secure"))


def test_an_allowed_host_is_reached_with_the_credential(penstock, upstream, sibling):
    """Row 146."""
    got = echoed(call(penstock, f"http://localhost:{sibling.port}/y?z", account="ca_sibling"))
    assert got["target"] == "/y?z"
    assert ["host", f"localhost:{sibling.port}"] in got["headers"]
    assert ["authorization", "Bearer upstream-secret-of-ca_sibling"] in got["headers"]
    assert upstream.connections == 0


def test_an_allowed_host_is_of_one_account_alone(penstock, upstream, sibling):
    refused(FOREIGN, [f"http://localhost:{sibling.port}/y", sibling.url + "/y"],
            lambda endpoint: call(penstock, endpoint), upstream, sibling)


def test_userinfo_is_refused(penstock, upstream, trap):
    """Row 150."""
    own, evil = f"localhost:{upstream.port}", f"127.0.0.1:{trap.port}"
    cases = [f"http://{own}@{evil}/", f"http://localhost@{evil}/", f"http://u:p@{own}/",
             f"http://u@{own}/", f"http://@{own}/", f"http://:@{own}/", f"http://{evil}@{own}/",
             f"http://{own}:80@{evil}", "https://good.example@evil.example/"]
    refused(MALFORMED | "userinfo_not_allowed", cases,
            lambda endpoint: call(penstock, endpoint, account="ca_name"), upstream, trap)


def test_no_spelling_confuses_where_the_host_ends(penstock, upstream, trap):
    """Row 151: refused, or the account's own host and no other."""
    own, evil = f"localhost:{upstream.port}", f"127.0.0.1:{trap.port}"

    def check(endpoint):
        response = call(penstock, endpoint, account="ca_name")
        if response.status == 200:
            assert ["host", own] in echoed(response)["headers"]
        else:
            slugs = MALFORMED_OR_FOREIGN.slugs + ("userinfo_not_allowed",)
            harness.assert_error(response, 400, slugs)
        assert trap.connections == 0, "it reached the other host"

    every([f"http://{own}\\@{evil}/", f"http://{evil}\\.{own}", f"http://{own}#@{evil}/",
           f"http://{own}?@{evil}/", f"http://{own}/@{evil}/", f"http://{own}\\{evil}/",
           f"http://{own};@{evil}/", f"http://{own},{evil}/", f"http://{own}&@{evil}/",
           f"http://{own} {evil}/", f"http://{own}\t@{evil}/", f"http://{own}\n@{evil}/",
           f"http://[{own}]@{evil}/", f"http://{evil}#{own}", f"http://{evil}?{own}"], check)


def test_a_scheme_needs_its_two_slashes_and_a_host(penstock, upstream, trap):
    """Row 152."""
    evil = f"127.0.0.1:{trap.port}"
    cases = [f"http:/{evil}", f"http:///{evil}", f"http:{evil}", "https:/evil.example", "http://",
             "https://", "http:", f"http:\\\\{evil}/", f"http:/\\{evil}/", f"http:////{evil}/",
             f" http://{evil}/", f"\thttp://{evil}/", f"http ://{evil}/", f"http://{evil} ",
             f"http:\n//{evil}/", "http://:80/", "http://?x", "http://#x"]
    refused(MALFORMED | "invalid_scheme", cases,
            lambda endpoint: call(penstock, endpoint, account="ca_name"), upstream, trap)


def test_a_name_that_only_looks_like_the_host_is_foreign(penstock, upstream, trap):
    """Row 154."""
    cases = ["https://good.example.evil.example", "https://evilgood.example/x",
             "https://sub.good.example", "https://good.exampl", "https://example/x",
             "https://good-example/x", "https://family.example/", "https://evilfamily.example/",
             "https://a.family.example.evil.example/", "https://uploads.example/",
             "https://a.uploads.example:8443/", f"http://127.0.0.1:{trap.port}/x"]
    for name in ("ca_secure", "ca_family"):
        refused(FOREIGN, cases, lambda endpoint, name=name: call(penstock, endpoint, account=name),
                trap)
    refused(MALFORMED_OR_FOREIGN, ["https://good.example%2eevil.example/"],
            lambda endpoint: call(penstock, endpoint, account="ca_secure"))


def test_an_encoded_host_is_refused(penstock, upstream):
    """Rows 155 and 156."""
    cases = ["https://good%2eexample/", "https://%67ood.example/", "https://good.exampl%65",
             "https://good.example%2f@evil.example/", "https://good.example%00/",
             "https://good.example%00.evil.example/", "https://good.example%0d%0a/",
             "https://good.example%09/", "https://good.example%20/", "https://good.example%3a443/",
             "https://good.example%23@evil.example/"]
    refused(MALFORMED | "userinfo_not_allowed", cases,
            lambda endpoint: call(penstock, endpoint, account="ca_secure"))
    port = upstream.port
    refused(MALFORMED, [f"http://127.0.0.1%3a{port}/", f"http://127%2e0.0.1:{port}/"],
            lambda endpoint: call(penstock, endpoint), upstream)


def test_a_host_is_ascii(penstock):
    """Row 157."""
    cases = ["https://\uff47ood.example/", "https://good\u3002example",
             "https://\u24d6ood.example", "https://fa\u00df.example",
             "https://g\u043e\u043ed.example",
             "https://good.example\u00ad/", "https://good\u200b.example/",
             "https://good\uff0eexample/", "https://good.exam\u0140e/"]
    for name in ("ca_secure", "ca_open"):
        refused(MALFORMED, cases,
                lambda endpoint, name=name: call(penstock, endpoint, account=name))
    refused(FOREIGN, ["https://xn--80ak6aa92e.example"],
            lambda endpoint: call(penstock, endpoint, account="ca_secure"))


def test_digits_in_circles_are_no_digits(penstock):
    """Row 167."""
    cases = ["http://①②⑦.⓪.⓪.①/", "https://１２７.０.０.１/", "https://127.0.0.①/",
             "https://127。0。0。1/", "https://②①③⓪⑦⓪⑥④③③/"]
    refused(MALFORMED, cases, lambda endpoint: call(penstock, endpoint, account="ca_open"))


def test_a_port_is_a_plain_number(penstock, upstream):
    """Row 158."""
    ports = [":0", ":65536", ":00443", ":-1", ":4 43", ":443:80", ":４43", ":", ":+443", ":0x1bb",
             ":443a", ":99999999999999999999", f":0{upstream.port}", ": 443", ":443 ", ":%34%34%33",
             ":4_43", ":443.0"]
    for name, host in (("ca_secure", "https://good.example"), ("ca_base", "http://127.0.0.1")):
        refused(MALFORMED, [f"{host}{port}/x" for port in ports],
                lambda endpoint, name=name: call(penstock, endpoint, account=name), upstream)


def test_the_port_is_part_of_the_origin(penstock, upstream, trap):
    """Row 159."""
    ports = [22, 25, 80, 443, 6379, 11211, trap.port, upstream.port - 1, upstream.port + 1]
    refused(FOREIGN, [f"http://127.0.0.1:{port}/x" for port in ports] + ["http://127.0.0.1/x"],
            lambda endpoint: call(penstock, endpoint), upstream, trap)
    refused(FOREIGN, ["https://good.example:22/", "https://good.example:80/",
                      "https://good.example:8443/"],
            lambda endpoint: call(penstock, endpoint, account="ca_secure"))


def test_two_spellings_of_one_address_are_two_hosts(penstock, upstream):
    """Row 153: an origin is compared, never resolved."""
    port = upstream.port
    refused(MALFORMED_OR_FOREIGN, [f"http://{host}:{port}/x" for host in (
                "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]",
                "[::ffff:127.0.0.1]", "127.0.0.1.", "127.0.0.01")],
            lambda endpoint: call(penstock, endpoint), upstream)
    refused(MALFORMED_OR_FOREIGN, [upstream.url + "/x", f"http://[::1]:{port}/x"],
            lambda endpoint: call(penstock, endpoint, account="ca_name"), upstream)


def test_no_other_scheme_exists(penstock, trap):
    """Row 160."""
    evil = f"127.0.0.1:{trap.port}"
    cases = ["file:///etc/passwd", "FILE:///etc/passwd", "file://localhost/etc/passwd",
             f"gopher://{evil}/_x", f"dict://{evil}/x", f"ftp://{evil}/x", f"sftp://{evil}/x",
             f"ldap://{evil}/x", f"scp://{evil}/x", f"smb://{evil}/x", f"ws://{evil}/x",
             f"wss://{evil}/x", f"tElNeT://{evil}/", f"imap://{evil}/", f"mqtt://{evil}/x",
             "data:text/plain,x", "javascript:alert(1)", "jar:http://good.example!/x",
             f"httpx://{evil}/", f"http+unix://{evil}/", f"url:http://{evil}/", f"hTTpss://{evil}/",
             "about:blank", "mailto:a@b.example", f"view-source:http://{evil}/"]
    for name in ("ca_base", "ca_open"):
        refused(MALFORMED | "invalid_scheme", cases,
                lambda endpoint, name=name: call(penstock, endpoint, account=name), trap)


def test_an_account_of_https_never_speaks_in_the_clear(penstock, upstream):
    """Row 161, and the other way round."""
    refused(FOREIGN | "insecure_scheme",
            ["http://good.example/x", "http://good.example:443/x", "http://good.example:80/x"],
            lambda endpoint: call(penstock, endpoint, account="ca_secure"))
    refused(FOREIGN, [f"https://127.0.0.1:{upstream.port}/x"],
            lambda endpoint: call(penstock, endpoint), upstream)


def test_any_public_host_is_no_loopback_host(penstock):
    """Rows 162 and 166, with what needs no network of its own; the rest is in the next file."""
    cases = ["https://127.0.0.1/", "https://localhost/", "https://LOCALHOST/",
             "https://x.localhost/", "http://127.0.0.1/", "http://localhost/", "https://[::1]/",
             "http://0.0.0.0/", "https://[::ffff:127.0.0.1]/"]
    refused(FORBIDDEN, cases, lambda endpoint: call(penstock, endpoint, account="ca_open"))
