"""What metrics tell of the ways to an upstream: phases, connections, retries, codings, memory."""

import re
import socket
import threading
import time

import pytest

import scripted
from codings import gzipped, prose
from harness import (PATIENCE, Penstock, Upstream, account, connect, eventually, execute, free_port,
                     request)
from origins import outcome, proxy, then
from scripted import answer, closes_after_request, echo

PHASES = ["queue", "dns", "connect", "tls", "send", "first_byte", "body"]


class Grown:
    """How far metrics have come since it was made."""

    def __init__(self, penstock):
        self.penstock, self.before = penstock, penstock.metrics()

    def __call__(self, name, **labels):
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(value - self.before.get(sample, 0)
                   for sample, value in self.penstock.metrics().items()
                   if sample.split("{")[0] == name and all(each in sample for each in wanted))

    def phases(self):
        """{phase: exchanges that went through it}, those without any left out."""
        counts = {phase: self("penstock_upstream_phase_seconds_count", phase=phase)
                  for phase in PHASES}
        return {phase: count for phase, count in counts.items() if count}

    def seconds(self, phase):
        return self("penstock_upstream_phase_seconds_sum", phase=phase)


@pytest.fixture(scope="module")
def up():
    with Upstream(echo) as server:
        yield server


@pytest.fixture(scope="module")
def secure(authority):
    with Upstream(echo, tls=scripted.tls_context(authority)) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, secure, authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    late = {"timeouts": {"connect": "2s", "first_byte": "500ms", "idle": "2s"}}
    accounts = [account(up, "ca_up", **late),
                account(up, "ca_one", pool={"connections": 1}),
                account(secure, "ca_tls", ca_file=str(path), pool={"idle": 0}),
                {"id": "ca_refused", "base_url": f"http://127.0.0.1:{free_port()}"}]
    with Penstock({"accounts": accounts}) as server:
        yield server


@pytest.fixture
def grown(penstock, up):
    up.handler = echo
    return Grown(penstock)


# --- Phases ---------------------------------------------------------------------------------

def test_a_request_on_a_new_connection_goes_through_all_phases(penstock, up, grown):
    up.drop()
    eventually(lambda: penstock.metric(
        "penstock_connections", side="upstream", state="idle") == 0)
    outcome(penstock, proxy("GET"))
    assert grown.phases() == dict.fromkeys(
        ["queue", "dns", "connect", "send", "first_byte", "body"], 1)
    assert grown("penstock_upstream_requests_total", reused="false") == 1


def test_one_on_a_pooled_connection_skips_what_makes_it(penstock, grown):
    outcome(penstock, proxy("GET"))
    before = Grown(penstock)
    outcome(penstock, proxy("GET"))
    assert before.phases() == dict.fromkeys(["queue", "send", "first_byte", "body"], 1)
    assert before("penstock_upstream_requests_total", reused="true") == 1
    assert before("penstock_upstream_requests_total", reused="false") == 0


def test_tls_is_a_phase_and_handshakes_are_counted(penstock, grown):
    for _ in range(3):
        outcome(penstock, proxy("GET", account="ca_tls"))
    assert grown.phases()["tls"] == 3 and grown.seconds("tls") > 0
    handshakes = "penstock_upstream_tls_handshakes_total"
    assert grown(handshakes) == 3
    assert grown(handshakes, resumed="false") >= 1
    assert grown(handshakes, resumed="true") >= 1, "sessions are kept"


def test_time_is_counted_where_it_was_spent(penstock, up, grown):
    up.handler = scripted.after(0.3)
    outcome(penstock, proxy("GET"))
    assert 0.29 < grown.seconds("first_byte") < 0.3 + PATIENCE
    assert grown.seconds("body") < 0.2 * PATIENCE

    def slow_body(connection):
        connection.read_request()
        whole = answer({"body": "x" * 1000})
        connection.send(whole[:-100])
        time.sleep(0.3)
        connection.send(whole[-100:])
        connection.wait_for_end()

    up.drop()
    up.handler = slow_body
    before = Grown(penstock)
    outcome(penstock, proxy("GET"))
    assert 0.29 < before.seconds("body") < 0.3 + PATIENCE


def test_an_upload_s_time_is_the_phase_send_and_not_the_upstream_s(penstock, grown):
    """The time to the first byte counts from the last byte of the request."""
    body = b"x" * 1000
    connection, data = penstock.connect(), proxy("POST", "/slow", body=body)
    connection.send(data[:-500])
    time.sleep(0.3)
    connection.send(data[-500:])
    response = connection.read_response("POST")
    assert response.status == 200
    assert grown.seconds("send") > 0.29
    assert grown("penstock_upstream_ttfb_seconds_sum") < 0.29
    line = penstock.access_line(response.request_id)
    assert line["ttfb_ms"] < 290


def test_a_failure_is_counted_in_the_phase_that_it_was_in(penstock, up, grown):
    up.handler = scripted.never_answers
    up.drop()
    assert outcome(penstock, proxy("GET")).status == 504
    assert 0.45 < grown.seconds("first_byte") < 0.5 + PATIENCE
    assert "body" not in grown.phases()
    before = Grown(penstock)
    assert outcome(penstock, proxy("GET", account="ca_refused")).status == 502
    assert before.phases().get("connect") == 1 and "send" not in before.phases()


def test_a_client_that_leaves_is_counted_where_it_left(penstock, up, grown):
    held = threading.Event()
    up.handler = scripted.when(held)
    up.drop()
    connection = penstock.connect()
    connection.send(proxy("GET", "/left"))
    eventually(lambda: "/left" in [each.target for each in up.requests])
    connection.reset()
    eventually(lambda: grown.phases().get("first_byte") == 1)
    held.set()
    assert "body" not in grown.phases()


# --- Connections ----------------------------------------------------------------------------

def test_retries_are_counted_by_account(penstock, up, grown):
    up.handler = scripted.in_turn(then(answer({"first": True}), closes_after_request), echo)
    outcome(penstock, proxy("GET", "/first"))
    assert outcome(penstock, proxy("GET", "/second")).status == 200
    assert grown("penstock_retries_total", account="ca_up") == 1
    assert grown("penstock_retries_total") == 1


def test_who_waits_for_a_connection_is_in_a_gauge(penstock, up, grown):
    held = threading.Event()
    up.handler = scripted.when(held)
    clients = [penstock.connect() for _ in range(3)]
    for client in clients:
        client.send(proxy("GET", account="ca_one"))
    queued = "penstock_upstream_requests_queued"
    eventually(lambda: penstock.metric(queued) == 2)
    clients.pop().reset()
    eventually(lambda: penstock.metric(queued) == 1)
    held.set()
    up.handler = echo
    for client in clients:
        assert client.read_response().status == 200
    eventually(lambda: penstock.metric(queued) == 0)
    assert grown.seconds("queue") > 0


def test_a_dial_under_way_is_in_a_gauge(authority):
    """A listener whose queue is full takes no connection."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        with socket.create_connection(address), Penstock({"accounts": [
                {"id": "ca_full", "base_url": f"http://127.0.0.1:{address[1]}",
                 "timeouts": {"connect": "10s"}}]}) as server:
            client = server.connect()
            client.send(proxy("GET", account="ca_full"))
            eventually(lambda: server.metric("penstock_dials_in_flight") == 1)
            client.reset()
            eventually(lambda: server.metric("penstock_dials_in_flight") == 0)


# --- Bodies and memory ----------------------------------------------------------------------

def test_bytes_before_and_after_compression(penstock, up, grown):
    body = prose(40_000)
    up.handler = scripted.fixed(answer(body, content_type="text/plain"))
    response = outcome(penstock, proxy("GET", headers=[("Accept-Encoding", "gzip")]))
    assert response.header("content-encoding") == "gzip"
    assert grown("penstock_compression_input_bytes_total", stage="encode") == len(body)
    assert grown("penstock_compression_output_bytes_total", stage="encode") == len(response.body)
    assert grown("penstock_compression_input_bytes_total", stage="decode") == 0

    coded = gzipped(body)
    up.drop()
    up.handler = scripted.fixed(answer(coded, content_type="text/plain",
                                       headers=[("Content-Encoding", "gzip")]))
    before = Grown(penstock)
    response = outcome(penstock, proxy("GET"))
    assert response.body == body
    assert before("penstock_compression_input_bytes_total", stage="decode") == len(coded)
    assert before("penstock_compression_output_bytes_total", stage="decode") == len(body)


def test_buffers_are_counted_while_they_hold_something(penstock, up, grown):
    buffered = "penstock_buffered_bytes"
    idle = penstock.metric(buffered)
    clients = [penstock.connect() for _ in range(50)]
    for client in clients:
        client.send(b"GET /healthz HTTP/1.1\r\n")
    eventually(lambda: penstock.metric(buffered) >= idle + 50 * 512)
    for client in clients:
        client.reset()
    eventually(lambda: penstock.metric(buffered) < idle + 50 * 512)


def test_replays_are_counted(penstock, grown):
    call = execute({"endpoint": "/x", "method": "GET", "connected_account_id": "ca_up"},
                   headers=[("Idempotency-Key", "of-metrics")])
    for _ in range(3):
        assert penstock.connect().exchange(call).status == 200
    assert grown("penstock_idempotent_replays_total") == 2


def test_the_allocator_and_the_turns_are_told(penstock, grown):
    outcome(penstock, proxy("GET"))
    assert penstock.metric("penstock_allocator_bytes", state="used") > 100_000
    assert penstock.metric("penstock_allocator_bytes", state="free") >= 0
    assert grown("penstock_event_loop_turns_total") > 0


# --- Exemplars ------------------------------------------------------------------------------

OPEN_METRICS = [("Accept", "application/openmetrics-text; version=1.0.0")]
EXEMPLAR = re.compile(
    r'penstock_request_duration_seconds_bucket\{account="ca_up",le="([^"]+)"\} \d+'
    r' # \{request_id="([^"]+)"\} (\S+) (\S+)')


def test_a_bucket_names_its_last_request(penstock, up, grown):
    """`request_id` is as the log line has it, so that the slow one can be looked up."""
    longest = "x" * 64
    outcome(penstock, proxy("GET", headers=[("x-request-id", longest)]))
    up.handler = scripted.after(0.3)
    up.drop()
    slow = outcome(penstock, proxy("GET"))
    page = penstock.admin(headers=OPEN_METRICS)
    assert page.header("content-type").startswith("application/openmetrics-text; version=1.0.0")
    found = {name: (float(bound), float(value), float(when))
             for bound, name, value, when in EXEMPLAR.findall(page.body.decode())}
    assert longest in found, "never cut"
    bound, value, when = found[slow.request_id]
    assert 0.3 <= value <= bound
    assert abs(when - time.time()) < 60
    assert b" # {" not in penstock.admin().body


def test_exemplars_can_be_turned_off(up):
    with Penstock({"accounts": [account(up)], "metrics": {"exemplars": False}}) as server:
        outcome(server, proxy("GET", account="ca_echo"))
        page = server.admin(headers=OPEN_METRICS).body
        assert page.endswith(b"# EOF\n") and b" # {" not in page


# --- Accounts -------------------------------------------------------------------------------

def test_accounts_have_series_in_the_order_of_use_and_then_share_one(up):
    accounts = [account(up, f"ca_{number}") for number in range(20)]
    with Penstock({"accounts": accounts, "metrics": {"accounts_max": 2}}) as server:
        assert server.metric("penstock_accounts_folded") == 0
        for number in (19, 7, 3, 0, 19, 3):
            outcome(server, proxy("GET", account=f"ca_{number}"))
        requests = "penstock_requests_total"
        assert server.metric(requests, account="ca_19") == 2
        assert server.metric(requests, account="ca_7") == 1
        assert server.metric(requests, account="other") == 3
        assert server.metric("penstock_accounts_folded") == 2


# --- Scrapers -------------------------------------------------------------------------------

def scraper(penstock):
    connection = connect(penstock.admin_port)
    connection.send(request("GET", "/metrics", host=f"127.0.0.1:{penstock.admin_port}"))
    return connection


def test_a_scraper_that_ends_its_side_gets_its_page(penstock):
    """As `nc -N` does."""
    for _ in range(20):
        connection = scraper(penstock)
        connection.half_close()
        assert b"penstock_build_info" in connection.read_response().body
        connection.close()


def test_scrapers_that_leave_hold_nobody_up(penstock):
    for _ in range(200):
        scraper(penstock).reset()
    assert penstock.metric("penstock_build_info") == 1


# --- The configuration ----------------------------------------------------------------------

def digest_of(server):
    sample, = [name for name in server.metrics() if name.startswith("penstock_config_info")]
    return sample


def test_the_digest_tells_configurations_apart_but_not_by_their_secrets(up):
    """Whoever could compare digests of guesses would have a way to check a guessed secret."""
    def bearer(token):
        return [account(up, auth={"type": "bearer", "token": token})]

    with Penstock({"accounts": bearer("token-one-0123456789")}) as server:
        one = digest_of(server)
        for change, is_same in [({"accounts": bearer("token-two-9876543210")}, True),
                                ({"workers": 3}, False)]:
            server.stop()
            server.config |= change
            server.start()
            server.stopped = False
            assert (digest_of(server) == one) is is_same, change
