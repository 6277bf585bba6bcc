"""C5: the secret is spoken to a peer that has proved its name, and to no other."""

import datetime
import pathlib
import ssl
import subprocess
import warnings

import pytest
import trustme
import yaml

import harness
import scripted
from harness import Penstock, Upstream, account
from resolution_cases import call, echoed, stream

ALMOST = datetime.timedelta(hours=1)
FAILED = ("upstream_tls_untrusted", "upstream_tls_failed")


def serving(tmp_path, chain, private_key):
    """A server context that shows exactly this chain."""
    path = pathlib.Path(tmp_path) / "server.pem"
    path.write_bytes(b"".join([private_key.bytes()] + [each.bytes() for each in chain]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.set_alpn_protocols(["http/1.1"])
    return context


def issued(authority, tmp_path, *names, **terms):
    leaf = authority.issue_cert(*(names or ("localhost",)), **terms)
    return serving(tmp_path, leaf.cert_chain_pems, leaf.private_key_pem)


def expired(authority, tmp_path):
    now = datetime.datetime.now(datetime.timezone.utc)
    return issued(authority, tmp_path, not_before=now - 48 * ALMOST, not_after=now - ALMOST)


def not_yet_valid(authority, tmp_path):
    now = datetime.datetime.now(datetime.timezone.utc)
    return issued(authority, tmp_path, not_before=now + 24 * ALMOST, not_after=now + 48 * ALMOST)


def self_signed(authority, tmp_path):
    other = trustme.CA()
    return serving(tmp_path, [other.cert_pem], other.private_key_pem)


def unknown_authority(authority, tmp_path):
    return issued(trustme.CA(), tmp_path)


def wrong_name(authority, tmp_path):
    return issued(authority, tmp_path, "other.example", "*.localhost", "127.0.0.1")


def missing_intermediate(authority, tmp_path):
    leaf = authority.create_child_ca().issue_cert("localhost")
    return serving(tmp_path, leaf.cert_chain_pems[:1], leaf.private_key_pem)


def old_version(authority, tmp_path):
    context = issued(authority, tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


UNTRUSTED = [self_signed, unknown_authority, expired, not_yet_valid, wrong_name,
             missing_intermediate, old_version]


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="module")
def secure(authority):
    """An upstream whose context each row exchanges."""
    with Upstream(scripted.echo, tls=scripted.tls_context(authority, "localhost")) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(secure, upstream, ca_file):
    config = {"accounts": [account(secure, id="ca_base", ca_file=ca_file),
                           account(secure, id="ca_roots"),
                           account(secure, id="ca_address", ca_file=ca_file,
                                   base_url=f"https://127.0.0.1:{secure.port}"),
                           account(upstream, id="ca_plain_port", ca_file=ca_file,
                                   base_url=f"https://localhost:{upstream.port}")]}
    with Penstock(config) as server:
        yield server


def refused_before_a_byte(penstock, secure, slugs, account="ca_base"):
    """Through both doors; the upstream's application saw nothing."""
    for response in (call(penstock, "/x", account=account, method="POST", body={"a": 1}),
                     stream(penstock, "/x", account=account)):
        harness.assert_error(response, 502, slugs)
        assert penstock.access_line(response.request_id)["error"] in slugs
    assert secure.received == b"", "it was told something"


@pytest.mark.parametrize("made", UNTRUSTED, ids=lambda made: made.__name__)
def test_a_certificate_that_proves_nothing_ends_it(penstock, secure, authority, tmp_path, made):
    """Row 186."""
    slugs = FAILED if made is old_version else FAILED[:1]
    secure.tls, before = made(authority, tmp_path), secure.tls
    try:
        refused_before_a_byte(penstock, secure, slugs)
    finally:
        secure.tls = before


def test_the_system_s_roots_do_not_know_a_private_authority(penstock, secure):
    """Row 186."""
    refused_before_a_byte(penstock, secure, FAILED[:1], account="ca_roots")


def test_a_name_is_no_address(penstock, secure):
    """Row 186: the certificate says localhost alone."""
    refused_before_a_byte(penstock, secure, FAILED[:1], account="ca_address")


def test_an_address_may_be_certified_too(penstock, secure, authority):
    secure.tls, before = scripted.tls_context(authority, "127.0.0.1"), secure.tls
    try:
        assert echoed(call(penstock, "/x", account="ca_address"))["target"] == "/x"
    finally:
        secure.tls = before


def test_a_peer_without_tls_is_told_nothing(penstock, upstream):
    """Row 186."""
    def speaks_plainly(connection):
        connection.send(scripted.answer(b"{}"))
        connection.wait_for_end()

    upstream.handler, before = speaks_plainly, upstream.handler
    try:
        response = call(penstock, "/x", account="ca_plain_port")
        harness.assert_error(response, 502, FAILED[1:])
        assert b"upstream-secret" not in upstream.received
    finally:
        upstream.handler = before


@pytest.mark.parametrize("key", ["verify_tls", "insecure", "tls_verify", "skip_verify"])
def test_verification_cannot_be_turned_off(upstream, tmp_path, key):
    """Row 187: there is no such key."""
    path = tmp_path / "penstock.yaml"
    path.write_text(yaml.safe_dump({
        "listen": "127.0.0.1:1", "api_keys": [{"name": "a", "key": "k" * 20, "accounts": ["*"]}],
        "accounts": [account(upstream, **{key: False})]}))
    done = subprocess.run([harness.BINARY, "check", "--config", str(path)], capture_output=True,
                          text=True, timeout=10)
    assert done.returncode == 1, done
    assert key in done.stdout + done.stderr


def test_the_peer_is_asked_for_by_the_base_url_s_name(penstock, secure, authority):
    """Row 188: SNI and Host come from the base URL, whatever the client says."""
    asked = []
    context = scripted.tls_context(authority, "localhost")
    context.sni_callback = lambda tls, name, _: asked.append(name)
    secure.tls, before = context, secure.tls
    try:
        host = f"localhost:{secure.port}"
        responses = [call(penstock, "/x"), call(penstock, f"HTTPS://LOCALHOST:{secure.port}/x"),
                     harness.connect(penstock.port).exchange(harness.request(
                         "GET", "/proxy/ca_base/x", [("x-api-key", harness.KEY)],
                         host="evil.example"))]
        for response in responses:
            assert [value for name, value in echoed(response)["headers"] if name == "host"] == [
                host]
        assert set(asked) == {"localhost"}
    finally:
        secure.tls = before


def test_no_server_name_is_sent_for_an_address(penstock, secure, authority):
    """Row 188, RFC 6066 §3: literal addresses are not permitted there."""
    asked = []
    context = scripted.tls_context(authority, "127.0.0.1")
    context.sni_callback = lambda tls, name, _: asked.append(name)
    secure.tls, before = context, secure.tls
    try:
        got = echoed(call(penstock, "/x", account="ca_address"))
        assert ["host", f"127.0.0.1:{secure.port}"] in got["headers"]
        assert asked == [None]
    finally:
        secure.tls = before


def test_http_1_1_is_what_is_offered(penstock, secure):
    agreed = []

    def echo_and_note_protocol(connection):
        agreed.append(connection.sock.selected_alpn_protocol())
        scripted.echo(connection)

    secure.handler = echo_and_note_protocol
    try:
        assert echoed(call(penstock, "/x"))["target"] == "/x"
    finally:
        secure.handler = scripted.echo
    assert agreed == ["http/1.1"]
