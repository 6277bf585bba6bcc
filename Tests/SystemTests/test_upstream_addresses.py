"""C7, rows 213, 215 and 216: names that do not resolve, and names of several addresses.

Of those, some are refused and some hang; the one that listens is reached, and nobody else waits.
"""

import contextlib
import time

import pytest

import scripted
from harness import PATIENCE, Penstock, Upstream, eventually
from leaving import WAYS, aborted_line, leave, named
from origins import Hanging, assert_fails, outcome, proxy
from private_network import PrivateNetwork

LISTENING = "127.0.0.9"
HANGING = ["127.0.0.11", "127.0.0.12", "::1"]

NAMES = {
    "refused": ["127.0.0.2", "127.0.0.3", LISTENING],
    "many_refused": [f"127.0.0.{last}" for last in (2, 3, 4, 5, 6, 7, 8)] + [LISTENING],
    "hanging": ["127.0.0.11", "127.0.0.2", LISTENING],
    "both_hanging": ["127.0.0.11", "127.0.0.12", LISTENING],
    "family": ["::1", LISTENING],
    "all_refused": ["127.0.0.2", "127.0.0.3", "127.0.0.4"],
    "all_hanging": ["127.0.0.11", "127.0.0.12"],
}
CONNECT_SECONDS = 2.0


class Network(PrivateNetwork):
    """One whose name server, when told to, hears every query and answers none."""

    deaf = False

    def answer_names(self):
        with self.name_server:
            while True:
                query, client = self.name_server.recvfrom(512)
                if not query:
                    return
                if not self.deaf:
                    self.name_server.sendto(self.answer(query), client)


@pytest.fixture(scope="module")
def network():
    hosts = "".join(f"{address} {name}.hosts.test\n" for name, addresses in NAMES.items()
                    for address in addresses)
    with contextlib.ExitStack() as stack:
        try:
            yield stack.enter_context(Network([], hosts))
        except OSError as fault:
            pytest.skip(f"no network of its own here: {fault}")


@pytest.fixture(scope="module")
def penstock(network):
    """The upstream listens on one address; on the same port others hang."""
    with contextlib.ExitStack() as stack:
        up = stack.enter_context(Upstream(scripted.echo, host=LISTENING))
        for host in HANGING:
            stack.enter_context(Hanging(host, up.port))
        accounts = [
            {"id": "ca_near", "base_url": f"http://{LISTENING}:{up.port}"},
            {"id": "ca_unknown", "base_url": f"http://no-such-host.test:{up.port}"}]
        accounts += [
            {"id": name, "base_url": f"http://{name}.hosts.test:{up.port}", "allow_private": True,
             "timeouts": {"connect": "2s"}} for name in NAMES]
        config = {"accounts": accounts, "limits": {"dns_timeout": "500ms"}}
        server = stack.enter_context(Penstock(config))
        outcome(server, proxy("GET", account="all_refused"))
        yield server


def timed(penstock, name, timeout=5.0):
    start = time.monotonic()
    response = outcome(penstock, proxy("GET", "/x", account=name), timeout * PATIENCE)
    return response, time.monotonic() - start


def slowest_of(connection, count=100):
    slowest = 0.0
    for _ in range(count):
        start = time.monotonic()
        assert connection.exchange(proxy("GET", account="ca_near")).status == 200
        slowest = max(slowest, time.monotonic() - start)
        time.sleep(0.002)
    return slowest


@pytest.mark.parametrize("name, seconds", [
    ("refused", 0.1), ("many_refused", 0.15), ("family", 0.6), ("hanging", 1.8),
    ("both_hanging", 1.8)])
def test_the_address_that_listens_is_reached(penstock, name, seconds):
    """Refused ones cost nothing, a hanging one its share of the connect timeout."""
    response, took = timed(penstock, name)
    assert response.status == 200, response
    assert took < seconds * PATIENCE, f"{took:.3f} s"
    line = penstock.access_line(response.request_id)
    assert line["upstream_host"].startswith(f"{name}.hosts.test")
    assert line["connect_ms"] <= line["duration_ms"]


def test_where_all_are_refused_the_answer_comes_at_once(penstock):
    """Row 213."""
    response, took = timed(penstock, "all_refused")
    assert_fails(penstock, response, "upstream_connect_failed", begun=False)
    assert took < 0.15 * PATIENCE, f"{took:.3f} s"


def test_where_all_hang_the_connect_timeout_ends_it(penstock):
    """Row 214, for a name."""
    response, took = timed(penstock, "all_hanging")
    assert_fails(penstock, response, "upstream_connect_timeout", status=504, begun=False)
    assert CONNECT_SECONDS * 0.9 < took < CONNECT_SECONDS * 1.1 + 0.1 * PATIENCE


def test_dials_that_hang_delay_nobody_else(penstock):
    near = penstock.connect()
    near.exchange(proxy("GET", account="ca_near"))
    held = [penstock.connect().send(proxy("GET", account=name))
            for name in ("hanging", "both_hanging", "all_hanging") * 8]
    slowest = slowest_of(near)
    for connection in held:
        assert connection.read_response().status in (200, 504)
    assert slowest < 0.05 * PATIENCE, f"{slowest:.3f} s"


def test_a_name_that_does_not_exist(penstock):
    """Row 215."""
    response, _ = timed(penstock, "ca_unknown")
    line = assert_fails(penstock, response, "upstream_dns_failed", begun=False)
    assert line["termination"] == "upstream:dns"


@pytest.fixture
def deaf(network):
    network.deaf = True
    yield
    network.deaf = False


def test_a_resolver_that_does_not_answer_delays_nobody_else(penstock, deaf):
    """Row 216: `limits.dns_timeout` ends the request, and every other account goes on."""
    near = penstock.connect()
    near.exchange(proxy("GET", account="ca_near"))
    start = time.monotonic()
    held = [penstock.connect().send(proxy("GET", account="ca_unknown")) for _ in range(8)]
    slowest = slowest_of(near)
    for connection in held:
        response = connection.read_response()
        line = assert_fails(penstock, response, "upstream_dns_timeout", status=504, begun=False)
        assert line["termination"] == "upstream:dns"
        assert response.json()["error"]["errors"][0].startswith("dns: "), response
    assert 0.45 < time.monotonic() - start < 1.0 * PATIENCE
    assert slowest < 0.05 * PATIENCE, f"{slowest:.3f} s"


@pytest.mark.parametrize("how", WAYS)
def test_a_client_may_leave_while_its_name_is_looked_up(penstock, deaf, how):
    """Row 216: nothing waits for the lookup, which itself cannot be called back."""
    name = named(penstock)
    connection = penstock.connect().send(proxy("GET", headers=[name], account="ca_unknown"))
    eventually(lambda: penstock.metric("penstock_requests_in_flight")
               > penstock.base_in_flight, what="the request in flight")
    start = leave(connection, how)
    aborted_line(penstock, name, ["dns"])
    assert time.monotonic() - start < 0.3 * PATIENCE
