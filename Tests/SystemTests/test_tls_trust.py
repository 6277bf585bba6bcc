"""TLS to the upstream: whom the streaming route trusts, what it offers, what it resumes."""

import datetime
import ssl

import pytest
import trustme

import scripted
from harness import Penstock, Upstream, account
from origins import assert_fails, outcome, proxy

UNTRUSTED = "upstream_tls_untrusted"


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def up(authority):
    with Upstream(scripted.echo, tls=scripted.tls_context(authority)) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, ca_file):
    timeouts = {"timeouts": {"connect": "2s", "first_byte": "3s"}}
    accounts = [
        account(up, "ca_up", ca_file=ca_file, **timeouts),
        account(up, "ca_address", base_url=f"https://127.0.0.1:{up.port}", ca_file=ca_file,
                **timeouts),
        account(up, "ca_other", ca_file=ca_file, **timeouts),
        account(up, "ca_system", **timeouts),
    ]
    with Penstock({"accounts": accounts}) as server:
        yield server


@pytest.fixture
def presenting(up):
    """Exchanges what the upstream presents for the length of a row."""
    usual = up.tls

    def present(context):
        up.tls = context

    yield present
    up.tls = usual


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


@pytest.mark.parametrize("account, host", [("ca_up", "localhost"), ("ca_address", "127.0.0.1")])
def test_a_private_authority_vouches_for_names_and_addresses(penstock, up, account, host):
    up.handler = scripted.echo
    response = outcome(penstock, proxy("POST", "/x?y", body=b"x" * 50_000, account=account))
    assert response.json()["body_length"] == 50_000
    assert up.requests[0].header("host") == f"{host}:{up.port}"
    line = penstock.access_line(response.request_id)
    assert line["tls_ms"] > 0 and line["upstream_host"].startswith(host)


@pytest.mark.parametrize("account, name", [("ca_up", "localhost"), ("ca_address", None)])
def test_the_server_is_asked_for_by_name_and_never_by_address(
        penstock, up, authority, presenting, account, name):
    """RFC 6066 §3: a literal address is no server name."""
    context, asked = scripted.tls_context(authority), []
    context.sni_callback = lambda _, server_name, __: asked.append(server_name)
    presenting(context)
    assert outcome(penstock, proxy("GET", account=account)).status == 200
    assert asked == [name]


@pytest.mark.parametrize("protocols, chosen", [
    (["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1"), (["h2"], None), ([], None)])
def test_http_1_1_is_spoken_whatever_the_upstream_prefers(
        penstock, up, authority, presenting, protocols, chosen):
    selected = []

    def note(connection):
        selected.append(connection.sock.selected_alpn_protocol())
        scripted.echo(connection)

    up.handler = note
    presenting(scripted.tls_context(authority, alpn=protocols))
    assert outcome(penstock, proxy("GET", "/x")).json()["target"] == "/x"
    assert selected == [chosen]
    assert up.requests[0].version == "HTTP/1.1"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_modern_versions_are_spoken(penstock, up, authority, presenting, version):
    context = scripted.tls_context(authority)
    context.minimum_version = context.maximum_version = version
    presenting(context)
    up.handler = scripted.echo
    connection = penstock.connect()
    for number in range(3):
        assert connection.exchange(proxy("GET", f"/{number}")).status == 200
    assert up.connections == 1


def days(count):
    return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=count)


def expired(authority):
    return server_context(authority.issue_cert("localhost", not_before=days(-9),
                                               not_after=days(-1)))


def not_yet_valid(authority):
    return server_context(authority.issue_cert("localhost", not_before=days(2), not_after=days(9)))


def without_its_intermediate(authority):
    """The leaf alone: nobody can build the chain up to the root."""
    certificate = authority.create_child_ca().issue_cert("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with (certificate.cert_chain_pems[0].tempfile() as chain,
          certificate.private_key_pem.tempfile() as key):
        context.load_cert_chain(chain, key)
    return context


UNTRUSTED_CERTIFICATES = {
    "another authority's": lambda _: server_context(trustme.CA().issue_cert("localhost")),
    "expired": expired,
    "not yet valid": not_yet_valid,
    "for another name": lambda ca: server_context(ca.issue_cert("other.example")),
    "for a part of the name": lambda ca: server_context(ca.issue_cert("host", "localhost.evil")),
    "for an address": lambda ca: server_context(ca.issue_cert("127.0.0.1")),
    "without its intermediate": without_its_intermediate,
}


@pytest.mark.parametrize("case", UNTRUSTED_CERTIFICATES)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_certificate_that_proves_nothing_is_told_nothing(
        penstock, up, authority, presenting, case, method):
    """Row 186: not a byte of the request, the credential least of all."""
    presenting(UNTRUSTED_CERTIFICATES[case](authority))
    response = outcome(penstock, proxy(method, "/x", body=b"x" * (method == "POST")))
    line = assert_fails(penstock, response, UNTRUSTED, begun=False)
    assert line["termination"] == "upstream:tls"
    assert up.received == b"" and up.requests == []


def test_the_system_does_not_know_a_private_authority(penstock, up):
    response = outcome(penstock, proxy("GET", account="ca_system"))
    assert_fails(penstock, response, UNTRUSTED, begun=False)
    assert up.received == b""


def test_an_old_version_is_refused(penstock, up, authority, presenting):
    context = scripted.tls_context(authority)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    presenting(context)
    response = outcome(penstock, proxy("GET"))
    assert_fails(penstock, response, "upstream_tls_failed", UNTRUSTED, begun=False)
    assert up.received == b""


def note_resumption(found):
    def handler(connection):
        found.append(connection.sock.session_reused)
        if connection.read_request():
            connection.send(scripted.answer(b"x", headers=[("Connection", "close")]))
    return handler


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_is_resumed_and_never_across_accounts(
        penstock, up, authority, presenting, version):
    """A resumed session is what another account has proved."""
    context, found = scripted.tls_context(authority), []
    context.minimum_version = context.maximum_version = version
    presenting(context)
    up.handler = note_resumption(found)
    for _ in range(3):
        assert outcome(penstock, proxy("GET")).status == 200
    assert outcome(penstock, proxy("GET", account="ca_other")).status == 200
    assert found[1:3] == [True, True] and found[3] is False, found


def test_a_session_of_a_former_certificate_proves_nothing(penstock, up, authority, presenting):
    """A server that has changed hands cannot resume, and is checked like any other."""
    up.handler = note_resumption([])
    assert outcome(penstock, proxy("GET")).status == 200
    presenting(server_context(trustme.CA().issue_cert("localhost")))
    response = outcome(penstock, proxy("GET", "/second"))
    assert_fails(penstock, response, UNTRUSTED, begun=False)
    assert [each.target for each in up.requests] == ["/"]
