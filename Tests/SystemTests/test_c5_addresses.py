"""C5: an account that may reach any public host reaches no other, by whatever name.

All of it in a network of its own, where listeners on the wildcard addresses, ports 80 and 443, see
every dial. So a refusal is known to have come before the first packet.
"""

import contextlib
import time

import pytest
import trustme

import harness
import scripted
from harness import Penstock
from private_network import PrivateNetwork
from resolution_cases import (FORBIDDEN, FOREIGN, MALFORMED_OR_FOREIGN, UpstreamOn, call, echoed,
                              every, refused, stream)

BLOCKS = [8, 9, 10, 11, 100, 126, 128, 169, 172, 192, 198, 203, 223]

HOSTS = """
10.1.2.3 private.hosts.test
127.0.0.1 loopback.hosts.test
169.254.169.254 metadata.hosts.test
"""

NAMES = {
    "localhost": [["127.0.0.1"]],
    "good.test": [["8.1.1.1"]],
    "private.test": [["10.1.2.3"]],
    "loopback.test": [["127.0.0.1"]],
    "metadata.google.internal": [["169.254.169.254"]],
    "carrier.test": [["100.64.1.1"]],
    "rebind.test": [["8.1.1.2"], ["127.0.0.1"]],
    "both.test": [["8.1.1.3", "10.1.2.3"]],
    "both-reversed.test": [["10.1.2.3", "8.1.1.3"]],
    "half-refused.test": [["8.1.1.4", "10.1.2.3"]],
    "myself.test": [["8.1.1.9"]],
}

LOOPBACK = ["127.0.0.1", "127.1", "127.0.1", "0177.0.0.1", "0x7f.1", "0x7f.0.0.1", "2130706433",
            "0x7f000001", "017700000001", "127.0.0.1.", "0", "0.0.0.0", "127.127.127.127", "0x0",
            "127.255.255.254", "0.1.2.3"]

IPV6 = ["[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:a00:1]",
        "[::127.0.0.1]", "[fe80::1]", "[fc00::1]", "[fd12:3456::1]", "[ff02::1]", "[febf::1]",
        "[fec0::1]", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[0:0:0:0:0:0:0:1]",
        "[fd00:ec2::254]", "[2001:db8::1]", "[100::1]"]

EMBEDDED = ["[64:ff9b::a00:1]", "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]", "[64:ff9b:1::1]",
            "[2002:7f00:1::]", "[2002:a00:1::1]", "[2002:a9fe:a9fe::]",
            "[2001:0:4136:e378:8000:63bf:3fff:fdd2]", "[2001::1]"]

SPECIAL = ["10.0.0.1", "10.255.255.254", "172.16.0.1", "172.31.255.254", "192.168.0.1",
           "192.168.255.254", "100.64.0.1", "100.127.255.254", "100.100.100.200", "169.254.0.1",
           "169.254.169.254", "169.254.170.2", "192.0.0.1", "192.0.0.192", "192.0.2.1",
           "198.18.0.1", "198.19.255.254", "198.51.100.1", "203.0.113.1", "224.0.0.1",
           "239.255.255.255", "240.0.0.1", "255.255.255.255"]

NEIGHBOURS = ["9.255.255.254", "11.0.0.1", "100.63.255.255", "100.128.0.0", "126.255.255.254",
              "128.0.0.1", "169.253.255.255", "169.255.0.1", "172.15.255.255", "172.32.0.0",
              "192.0.1.1", "192.0.3.1", "192.167.255.255", "192.169.0.1", "198.17.255.255",
              "198.20.0.1", "198.51.99.255", "198.51.101.1", "203.0.112.255", "203.0.114.1",
              "223.255.255.254"]

PRIVATE_NAMES = ["localhost", "LOCALHOST", "localhost.", "x.localhost", "a.b.LocalHost",
                 "ip6-localhost", "metadata.google.internal", "private.test", "PRIVATE.test",
                 "private.test.", "loopback.test", "carrier.test", "private.hosts.test",
                 "loopback.hosts.test", "metadata.hosts.test"]


@pytest.fixture(scope="module")
def network():
    names = {name: list(answers) for name, answers in NAMES.items()}
    with contextlib.ExitStack() as stack:
        try:
            private = stack.enter_context(PrivateNetwork(BLOCKS, HOSTS, names))
        except OSError as fault:
            pytest.skip(f"no network of its own here: {fault}")
        yield private


def echo_and_note_address(connection):
    """Echoes, and says which of this machine's addresses was dialled."""
    connection.dialled = connection.sock.getsockname()[0]
    scripted.echo(connection)


def answer_once_and_note_address(connection):
    connection.dialled = connection.sock.getsockname()[0]
    scripted.fixed_then_close(scripted.answer({}))(connection)


@pytest.fixture(scope="module")
def plain(network):
    """Port 80 of every IPv4 address there is."""
    with UpstreamOn(echo_and_note_address, 80, host="0.0.0.0") as server:
        yield server


@pytest.fixture(scope="module")
def everything(network, plain):
    """Ports 80 and 443 of every address there is."""
    with UpstreamOn(scripted.echo, 443, host="0.0.0.0") as secure, \
            UpstreamOn(scripted.echo, 80, host="::") as plain6, \
            UpstreamOn(scripted.echo, 443, host="::") as secure6:
        yield [plain, secure, plain6, secure6]


@pytest.fixture(scope="module")
def penstock(network, everything):
    def bearer(name):
        return {"type": "bearer", "token": f"upstream-secret-of-{name}"}

    quick = {"connect": "1s", "first_byte": "2s"}
    anywhere = {"base_url": "http://good.test", "allowed_hosts": ["*", "http://*"],
                "timeouts": quick}
    config = {
        "listen": ["127.0.0.1:{port}", "8.1.1.9:{port}"],
        "limits": {"dns_cache": "1s"},
        "accounts": [
            {"id": "ca_open", "auth": bearer("ca_open"), **anywhere},
            {"id": "ca_query", "auth": {"type": "query", "name": "token",
                                        "value": "upstream-secret-of-ca_query"}, **anywhere},
            {"id": "ca_inside", "auth": bearer("ca_inside"), "base_url": "http://good.test",
             "allow_private": True, "timeouts": quick,
             "allowed_hosts": ["http://10.1.2.3", "http://169.254.169.254", "http://private.test",
                               "http://metadata.google.internal"]},
            {"id": "ca_block", "auth": bearer("ca_block"), "base_url": "http://good.test",
             "allow_private": ["10.1.0.0/16"], "timeouts": quick,
             "allowed_hosts": ["http://10.1.2.3", "http://10.2.2.3", "http://127.0.0.1"]},
            {"id": "ca_literal", "auth": bearer("ca_literal"), "base_url": "http://10.1.2.3",
             "allowed_hosts": ["http://10.1.2.3:81", "http://10.1.2.4"]},
            {"id": "ca_named_private", "auth": bearer("ca_named_private"),
             "base_url": "http://private.test"},
            {"id": "ca_odd_port", "auth": bearer("ca_odd_port"), "base_url": "http://good.test",
             "allowed_hosts": ["http://half-refused.test:81"], "timeouts": quick},
            {"id": "ca_self", "auth": bearer("ca_self"), "base_url": "http://127.0.0.1:{port}",
             "allowed_hosts": ["http://127.0.0.1:{admin_port}", "http://8.1.1.9:{port}",
                               "http://myself.test:{port}", "http://localhost:{port}"],
             "allow_private": True},
        ]}
    with Penstock(config) as server:
        yield server


def both_schemes(hosts):
    return [f"{scheme}://{host}/" for host in hosts for scheme in ("http", "https")]


def test_the_scheme_s_own_port_may_be_written(penstock, everything):
    """Row 153."""
    for endpoint in ("http://good.test/x", "http://good.test:80/x", "HTTP://GOOD.test/x"):
        got = echoed(call(penstock, endpoint, account="ca_block"))
        assert got["target"] == "/x"
        assert ["host", "good.test"] in got["headers"]
    refused(MALFORMED_OR_FOREIGN, ["http://good.test.:80/x", "http://good.test./x"],
            lambda endpoint: call(penstock, endpoint, account="ca_block"))


def test_loopback_is_refused_in_every_notation(penstock, everything):
    """Row 162."""
    for name in ("ca_open", "ca_query"):
        refused(FORBIDDEN, both_schemes(LOOPBACK),
                lambda endpoint, name=name: call(penstock, endpoint, account=name), *everything)


def test_special_ipv6_addresses_are_refused(penstock, everything):
    """Row 163."""
    refused(FORBIDDEN, both_schemes(IPV6),
            lambda endpoint: call(penstock, endpoint, account="ca_open"), *everything)


def test_an_ipv6_zone_is_refused(penstock, everything):
    """Row 163; an encoded byte in a host may as well be malformed."""
    def check(endpoint):
        harness.assert_error(call(penstock, endpoint, account="ca_open"), (400, 403),
                             ("invalid_endpoint", "destination_not_allowed"))
    every(both_schemes(["[fe80::1%25eth0]", "[fe80::1%25lo]", "[fe80::1%eth0]", "[::1%25lo]"]),
          check)
    assert sum(each.connections for each in everything) == 0


def test_an_ipv4_address_inside_an_ipv6_address_is_refused(penstock, everything):
    """Row 164."""
    refused(FORBIDDEN, both_schemes(EMBEDDED),
            lambda endpoint: call(penstock, endpoint, account="ca_open"), *everything)


def test_private_and_special_addresses_are_refused(penstock, everything):
    """Row 165."""
    refused(FORBIDDEN, both_schemes(SPECIAL),
            lambda endpoint: call(penstock, endpoint, account="ca_open"), *everything)


def test_their_public_neighbours_are_reached(penstock, plain, everything):
    """Row 165: the boundaries are where they belong."""
    def check(address):
        got = echoed(call(penstock, f"http://{address}/x", account="ca_open"))
        assert ["host", address] in got["headers"]

    every(NEIGHBOURS, check)
    assert {connection.dialled for connection in plain.accepted} == set(NEIGHBOURS)


def test_a_name_is_what_it_resolves_to(penstock, everything):
    """Rows 166 and 168."""
    refused(FORBIDDEN, both_schemes(PRIVATE_NAMES),
            lambda endpoint: call(penstock, endpoint, account="ca_open"), *everything)


def test_a_refused_address_is_told_in_the_log(penstock, everything):
    """Row 168."""
    response = call(penstock, "http://private.test/x", account="ca_open")
    harness.assert_error(response, 403, "destination_not_allowed")
    line = penstock.access_line(response.request_id)
    assert line["error"] == "destination_not_allowed"
    assert "private.test" in line["upstream_host"]
    assert "10.1.2.3" not in response.body.decode(), "the answer maps the inside"


def test_a_base_url_that_names_a_private_host_is_refused_too(penstock, everything):
    """Row 168: only a literal address, or localhost, has said so."""
    refused(FORBIDDEN, ["/x"], lambda path: call(penstock, path, account="ca_named_private"),
            *everything)
    refused(FORBIDDEN, ["/x"], lambda path: stream(penstock, path, account="ca_named_private"),
            *everything)


def test_a_name_that_changes_its_address_is_checked_at_each_dial(penstock, plain, everything):
    """Row 169."""
    plain.handler = answer_once_and_note_address
    try:
        first = call(penstock, "http://rebind.test/x", account="ca_open")
        assert first.status == 200, first
        time.sleep(1.1)  # past the cache of names
        second = call(penstock, "http://rebind.test/x", account="ca_open")
        assert second.status == 403, second
        harness.assert_error(second, 403, "destination_not_allowed")
        assert [connection.dialled for connection in plain.accepted] == ["8.1.1.2"]
    finally:
        plain.handler = echo_and_note_address
    assert sum(each.connections for each in everything) == 1


def test_a_private_address_among_public_ones_is_never_dialled(penstock, plain, everything):
    """Row 170."""
    for name in ("both.test", "both-reversed.test"):
        response = call(penstock, f"http://{name}/x", account="ca_open")
        if response.status != 200:
            harness.assert_error(response, 403, "destination_not_allowed")
    assert {connection.dialled for connection in plain.accepted} <= {"8.1.1.3"}


def test_a_private_address_is_no_fallback(penstock, network):
    """Row 170: the public one refuses, the private one would answer."""
    with UpstreamOn(scripted.echo, 81, host="10.1.2.3") as inside:
        response = call(penstock, "http://half-refused.test:81/x", account="ca_odd_port")
        harness.assert_error(response, (502, 403),
                             ("upstream_connect_failed", "destination_not_allowed"))
        time.sleep(0.3)
        assert inside.connections == 0


def test_an_account_may_be_allowed_inside_but_never_to_the_metadata(penstock, plain, everything):
    for endpoint in ("http://10.1.2.3/x", "http://private.test/x"):
        assert echoed(call(penstock, endpoint, account="ca_inside"))["target"] == "/x"
    plain.begin_row()
    refused(FORBIDDEN, ["http://169.254.169.254/x", "http://metadata.google.internal/x"],
            lambda endpoint: call(penstock, endpoint, account="ca_inside"), *everything)


def test_an_account_allowed_to_one_block_stays_in_it(penstock, plain, everything):
    assert echoed(call(penstock, "http://10.1.2.3/x", account="ca_block"))["target"] == "/x"
    plain.begin_row()
    refused(FORBIDDEN, ["http://10.2.2.3/x", "http://127.0.0.1/x"],
            lambda endpoint: call(penstock, endpoint, account="ca_block"), *everything)


def test_a_private_base_url_speaks_for_its_own_host_and_port_alone(penstock, plain, everything):
    assert echoed(call(penstock, "/x", account="ca_literal"))["target"] == "/x"
    assert echoed(stream(penstock, "/x", account="ca_literal"))["target"] == "/x"
    plain.begin_row()
    with UpstreamOn(scripted.echo, 81, host="10.1.2.3") as other:
        refused(FORBIDDEN, ["http://10.1.2.4/x", "http://10.1.2.3:81/x"],
                lambda endpoint: call(penstock, endpoint, account="ca_literal"),
                other, *everything)
    refused(FOREIGN, ["http://10.1.2.3:82/x", "http://10.1.2.5/x"],
            lambda endpoint: call(penstock, endpoint, account="ca_literal"), *everything)


def test_penstock_does_not_call_itself(penstock):
    """Row 171: however it is named, and whatever the account may reach."""
    port, admin_port = penstock.port, penstock.admin_port

    def denied(response):
        status = response.status
        if status == 200 and "data" in response.json():
            status = response.json()["status"]
        assert status in (403, 508), response

    def check(endpoint):
        denied(call(penstock, endpoint, account="ca_self"))

    every(["/healthz", f"http://127.0.0.1:{port}/healthz", f"http://8.1.1.9:{port}/healthz",
           f"http://myself.test:{port}/healthz", f"http://localhost:{port}/healthz",
           f"http://127.0.0.1:{admin_port}/metrics"], check)
    for path in ("/healthz", "/proxy/ca_self/healthz"):
        response = stream(penstock, path, account="ca_self")
        assert response.status in (403, 508), response


def test_tls_is_spoken_to_the_name_that_was_asked_for(everything, tmp_path):
    """Row 153, over TLS on port 443, which only a network of its own leaves free."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    config = {"accounts": [{"id": "ca_base", "base_url": "https://good.test/base",
                            "auth": {"type": "bearer", "token": "upstream-secret-of-good"},
                            "ca_file": str(tmp_path / "ca.pem")}]}
    secure = everything[1]
    secure.tls = scripted.tls_context(authority, "good.test")
    try:
        with Penstock(config) as penstock:
            for endpoint in ("https://good.test/x", "https://good.test:443/x",
                             "HTTPS://GOOD.TEST/x"):
                got = echoed(call(penstock, endpoint))
                assert got["target"] == "/x"
                assert ["host", "good.test"] in got["headers"]
    finally:
        secure.tls = None
