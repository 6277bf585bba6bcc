"""Upgrades on the streaming route, byte by byte: when a tunnel is one, and how it ends.

Any upgrade token but h2c opens one, when the upstream answers 101; what flows then is nobody's
HTTP any more. test_websocket.py drives the same with a library.
"""

import contextlib
import hashlib
import queue
import select
import signal
import ssl
import time

import pytest

import scripted
from harness import (KEY, PATIENCE, Ended, Penstock, Upstream, account, assert_error, assert_stays,
                     eventually, execute, request)
from origins import PIECE, end_tls, pattern, pattern_sha256, proxy, wait_for_close
from scripted import answer, echo

SOON = 0.1 * PATIENCE + 0.1  # the hundred milliseconds of the catalogue, and a scheduler's
STEP = 3.0 * PATIENCE
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x-raw/1\r\n\r\n"
UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "x-raw/1")]
BINARY = bytes(range(256)) * 40


@pytest.fixture(scope="module", params=["plain", "tls"])
def up(request, authority):
    context = scripted.tls_context(authority) if request.param == "tls" else None
    with Upstream(echo, tls=context) as server:
        server.events = queue.Queue()
        yield server


def settings(up, authority, directory, **timeouts):
    more = {}
    if up.tls:
        more["ca_file"] = str(directory / "ca.pem")
        authority.cert_pem.write_to_path(more["ca_file"])
    return {"accounts": [account(up, "ca_up", **more)], "timeouts": timeouts}


@pytest.fixture(scope="module")
def penstock(up, authority, tmp_path_factory):
    with Penstock(settings(up, authority, tmp_path_factory.mktemp("ca"))) as server:
        yield server


@pytest.fixture(autouse=True)
def no_old_events(up):
    while not up.events.empty():
        up.events.get()


def upgrade(penstock, behind=b"", fields=UPGRADE, method="GET", **more):
    """Asks for an upgrade, with bytes right behind the request."""
    return penstock.connect().send(proxy(method, "/tunnel", fields, **more) + behind)


def opened(connection):
    """The 101, checked."""
    response = connection.read_head(STEP)
    assert response.status == 101, response
    assert response.header("upgrade") == "x-raw/1"
    assert "upgrade" in response.header("connection").lower()
    assert not response.all("content-length") and not response.all("transfer-encoding")
    return response


def switches(then, first=b""):
    """Reads the request, answers 101 with bytes right behind it, and goes on as `then`."""
    def handler(connection):
        connection.read_request()
        connection.send(SWITCH + first)
        then(connection)
    return handler


def echoes(connection):
    """Sends back whatever comes."""
    if connection.buffer:
        connection.send(connection.take(len(connection.buffer), time.monotonic() + 1))
    connection.sock.settimeout(60)
    while data := connection.sock.recv(PIECE):
        connection.sock.sendall(data)


def tunnel(penstock, up, then=echoes):
    """An open tunnel: the client's connection and the 101."""
    up.handler = switches(then)
    connection = upgrade(penstock)
    return connection, opened(connection)


# --- What flows -----------------------------------------------------------------------------

def test_binary_bytes_go_both_ways(penstock, up):
    connection, _ = tunnel(penstock, up)
    for number in range(20):
        data = BINARY[number:number + 5000]
        connection.send(data)
        assert connection.take(len(data), time.monotonic() + STEP) == data


def test_what_looks_like_http_in_it_is_not(penstock, up):
    """Neither requests nor chunks nor a second 101 mean anything any more."""
    connection, _ = tunnel(penstock, up)
    data = request("GET", "/healthz") + b"0\r\n\r\n" + SWITCH + b"\r\n\r\n"
    connection.send(data)
    assert connection.take(len(data), time.monotonic() + STEP) == data
    assert connection.is_quiet(0.1)


def test_the_handshake_as_the_upstream_sees_it(penstock, up):
    up.handler = switches(echoes)
    fields = [*UPGRADE, ("X-Mine", "1"), ("Authorization", "Bearer forged")]
    connection = upgrade(penstock, fields=fields)
    response = opened(connection)
    got = up.requests[0]
    assert got.all("upgrade") == ["x-raw/1"]
    assert [each.lower() for each in got.all("connection")] == ["upgrade"]
    assert got.all("authorization") == ["Bearer upstream-secret-of-ca_up"]
    assert not got.all("x-api-key") and got.all("x-mine") == ["1"]
    assert got.all("x-request-id") == [response.request_id]


def test_bytes_right_behind_the_101_arrive(penstock, up):
    """In the segment of the head; they are the tunnel's first."""
    for first in (b"\x00", b"hello", BINARY, pattern(100_000)):
        up.handler = switches(echoes, first)
        connection = upgrade(penstock)
        opened(connection)
        assert connection.take(len(first), time.monotonic() + STEP) == first
        connection.send(b"more")
        assert connection.take(4, time.monotonic() + STEP) == b"more"
        connection.close()


def test_bytes_right_behind_the_request_arrive(penstock, up):
    """A client that does not wait for the 101: they go up once it is there, and first."""
    for behind in (b"\x00", b"GET / HTTP/1.1\r\n\r\n", BINARY[:5000]):
        up.handler = switches(echoes)
        connection = upgrade(penstock, behind)
        opened(connection)
        connection.send(b"more")
        wanted = behind + b"more"
        assert connection.take(len(wanted), time.monotonic() + STEP) == wanted
        connection.close()


def test_the_handshake_may_come_byte_by_byte(penstock, up):
    def slowly(connection):
        connection.read_request()
        for at in range(len(SWITCH)):
            connection.send(SWITCH[at:at + 1])
        echoes(connection)

    up.handler = slowly
    connection = penstock.connect()
    connection.send_slowly(proxy("GET", "/tunnel", UPGRADE), 0)
    opened(connection)
    connection.send_slowly(b"hello", 0.01)
    assert connection.take(5, time.monotonic() + STEP) == b"hello"


def test_other_interim_answers_come_before_it(penstock, up):
    def handler(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + SWITCH)
        echoes(connection)

    up.handler = handler
    connection = upgrade(penstock)
    opened(connection)
    connection.send(b"hello")
    assert connection.take(5, time.monotonic() + STEP) == b"hello"


def send_and_receive(sock, body):
    """Sends the body and reads as much of the other's, whichever is ready; the digest of that."""
    digest, left, rest = hashlib.sha256(), len(body), memoryview(body)
    sock.setblocking(False)
    deadline = time.monotonic() + 60 * PATIENCE
    while (left or rest) and time.monotonic() < deadline:
        select.select([sock], [sock] if rest else [], [], 1)
        with contextlib.suppress(*NOT_YET):
            rest = rest[sock.send(rest[:65536]):] if rest else rest
        with contextlib.suppress(*NOT_YET):
            while left:
                data = sock.recv(min(left, PIECE))
                assert data, f"ended {left} bytes early"
                digest.update(data)
                left -= len(data)
    sock.settimeout(5)
    return digest.hexdigest()


NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


@pytest.mark.slow
def test_megabytes_in_both_directions_at_once(penstock, up):
    """Neither direction waits for the other, and no byte is lost or doubled."""
    size = 16 << 20
    body = pattern(size)

    def both(connection):
        connection.sock.settimeout(STEP)
        connection.sock.recv(1)  # and not a byte of what follows
        up.events.put(send_and_receive(connection.sock, body))
        connection.wait_for_end()

    before = penstock.rss_kib()
    connection, response = tunnel(penstock, up, both)
    assert not connection.buffer
    connection.send(b"!")
    assert send_and_receive(connection.sock, body) == pattern_sha256(size)
    assert up.events.get(timeout=60) == pattern_sha256(size)
    assert penstock.rss_kib() - before < 8192
    connection.close()
    line = penstock.access_line(response.request_id)
    assert line["status"] == line["upstream_status"] == 101
    for name in ("bytes_received", "bytes_sent"):
        assert size < line[name] < size + 8192, line


def test_one_side_that_does_not_read_stops_the_other(penstock, up):
    """What waits in between is bounded."""
    sent = [0]

    def floods(connection):
        try:
            while True:
                connection.send(bytes(65536))
                sent[0] += 65536
        except OSError:
            pass

    before = penstock.rss_kib()
    connection, _ = tunnel(penstock, up, floods)
    time.sleep(0.7)
    at_first = sent[0]
    time.sleep(0.5)
    assert sent[0] - at_first < 1 << 20, "still reading for a client that does not"
    assert penstock.rss_kib() - before < 4096
    connection.reset()


# --- How it ends ----------------------------------------------------------------------------

@pytest.mark.parametrize("how", ["reset", "fin"])
def test_a_client_s_death_ends_the_upstream_s_connection(penstock, up, how):
    connection, response = tunnel(penstock, up, lambda each: up.events.put(wait_for_close(each)))
    left_at = time.monotonic()
    connection.reset() if how == "reset" else connection.close()
    ended_at = up.events.get(timeout=6)
    assert ended_at and ended_at - left_at < SOON
    assert penstock.access_line(response.request_id)["status"] == 101


@pytest.mark.parametrize("how", ["reset", "fin"])
def test_the_upstream_s_death_ends_the_client_s_connection(penstock, up, how):
    def dies(connection):
        connection.take(5, time.monotonic() + STEP)
        up.events.put(time.monotonic())
        connection.reset() if how == "reset" else end_tls(connection)

    connection, response = tunnel(penstock, up, dies)
    connection.send(b"hello")
    connection.read_all(STEP)
    took = time.monotonic() - up.events.get(timeout=1)
    assert connection.ended and took < SOON
    connection.close()
    assert penstock.access_line(response.request_id)["status"] == 101


def test_what_was_sent_before_an_end_arrives_before_it(penstock, up):
    """Half a mebibyte and a FIN at once, either way."""
    body = pattern(1 << 19)

    def sends_and_closes(connection):
        connection.send(body)
        end_tls(connection)

    connection, _ = tunnel(penstock, up, sends_and_closes)
    assert connection.read_all(STEP) == body
    connection.close()

    def receives(connection):
        data = bytearray(connection.buffer)
        connection.sock.settimeout(5)
        try:
            while more := connection.sock.recv(PIECE):
                data += more
        except OSError:
            pass
        up.events.put(bytes(data))

    up.handler = switches(receives)
    connection = upgrade(penstock)
    opened(connection)
    connection.send(body)
    connection.close()
    assert up.events.get(timeout=6) == body


def test_hundreds_of_tunnels_leave_nothing_behind(penstock, up):
    """Each ended at another point of its life; descriptors are counted afterwards."""
    up.handler = switches(echoes)
    for number in range(120):
        connection = upgrade(penstock)
        if number % 4:
            opened(connection)
        if number % 4 > 1:
            connection.send(BINARY)
        if number % 4 > 2:
            connection.take(len(BINARY), time.monotonic() + STEP)
        connection.reset() if number % 8 < 4 else connection.close()


def test_an_idle_tunnel_is_closed(up, authority, tmp_path):
    """`timeouts.tunnel_idle`: a second of silence in both directions; bytes in one are enough."""
    up.handler = switches(lambda each: up.events.put(wait_for_close(each, 6)))
    with Penstock(settings(up, authority, tmp_path, tunnel_idle="1s")) as penstock:
        idle = upgrade(penstock)
        response = opened(idle)
        start = time.monotonic()
        idle.read_all(STEP)
        assert idle.ended and 0.9 < time.monotonic() - start < 1.0 + 1.0 * PATIENCE
        assert up.events.get(timeout=3), "the upstream's side, too"
        idle.close()
        line = penstock.access_line(response.request_id)
        assert line["status"] == 101 and line["duration_ms"] > 900, line

        busy = upgrade(penstock)
        opened(busy)
        for _ in range(6):
            busy.send(b"still here")
            assert busy.is_quiet(0.4), "closed although bytes went up"
        busy.close()
        up.events.get(timeout=3)
        up.handler = switches(talks)
        busy = upgrade(penstock)
        opened(busy)
        assert busy.take(60, time.monotonic() + 6) == b"still here" * 6


def talks(connection):
    for _ in range(6):
        connection.send(b"still here")
        time.sleep(0.4)


def test_a_tunnel_s_silence_is_not_an_account_s_idle_time(up, authority, tmp_path):
    """Nor anything else that bounds requests: only `tunnel_idle` counts."""
    config = settings(up, authority, tmp_path, body_idle="1s", keep_alive="1s", header="1s",
                      write_stall="1s")
    config["accounts"][0]["timeouts"] = {"idle": "1s", "first_byte": "1s"}
    with Penstock(config) as penstock:
        connection, _ = tunnel(penstock, up)
        assert connection.is_quiet(2.0)
        connection.send(b"hello")
        assert connection.take(5, time.monotonic() + STEP) == b"hello"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_drain_ends_tunnels_at_the_grace(up, authority, tmp_path, workers):
    """They have no end of their own to wait for, and until then they work."""
    config = settings(up, authority, tmp_path, shutdown_grace="700ms")
    with Penstock({**config, "workers": workers}) as penstock:
        connection, response = tunnel(penstock, up)
        penstock.stopped = True
        start = time.monotonic()
        penstock.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        connection.send(b"hello")
        assert connection.take(5, time.monotonic() + STEP) == b"hello"
        connection.read_all(STEP)
        assert connection.ended and 0.6 < time.monotonic() - start < 0.7 + 1.0 * PATIENCE
        assert penstock.process.wait(5 * PATIENCE) in (0, 1)
        assert penstock.access_line(response.request_id)["status"] == 101


# --- When it is none ------------------------------------------------------------------------

@pytest.mark.parametrize("status", [200, 400, 403, 426])
def test_a_refused_upgrade_is_an_ordinary_exchange(penstock, up, status):
    """Its answer has a length, and the connection serves on, for either side."""
    up.handler = scripted.by_path({"/tunnel": answer(b"no upgrade", status, "Whatever")},
                                  lambda each, got: each.send(answer(scripted.described(got))))
    connection = upgrade(penstock)
    response = connection.read_response(timeout=STEP)
    assert (response.status, response.body) == (status, b"no upgrade")
    assert connection.exchange(proxy("GET", "/next")).json()["target"] == "/next"
    assert up.connections == 1
    assert penstock.access_line(response.request_id)["status"] == status


def test_what_a_refused_client_sent_early_is_no_request_of_someone_else(penstock, up):
    """The next request on its connection at most; never a tunnel's bytes upstream."""
    up.handler = scripted.fixed(answer(b"no", 403, "Forbidden"))
    connection = upgrade(penstock, b"\x81\x85\x00\x00\x00\x00hello")
    response = connection.read_response(timeout=STEP)
    assert (response.status, response.body) == (403, b"no")
    with_rest = connection.read_all(STEP)
    assert not with_rest or with_rest.startswith(b"HTTP/1.1 400 ")
    assert b"\x81\x85" not in up.received


def forwarded(up):
    """What the upstream was asked to upgrade to."""
    return [token.strip().lower() for line in up.requests[-1].all("upgrade")
            for token in line.split(",")]


@pytest.mark.parametrize("fields", [
    [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")],
    [("Connection", "Upgrade"), ("Upgrade", "H2C")],
    [("Connection", "Upgrade"), ("Upgrade", "h2c, websocket")],
    [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Upgrade", "h2c")]])
def test_h2c_is_never_forwarded(penstock, up, fields):
    """What it would open is a way around every rule."""
    up.handler = echo
    connection = penstock.connect()
    response = connection.exchange(proxy("GET", "/x", fields))
    assert response.status == 200, response
    assert "h2c" not in forwarded(up)
    assert not up.requests[0].all("http2-settings")
    assert_stays(connection)


@pytest.mark.parametrize("fields", [
    [("Upgrade", "x-raw/1")], [("Connection", "keep-alive"), ("Upgrade", "x-raw/1")],
    [("Connection", "Upgrade")]])
def test_half_an_upgrade_is_none(penstock, up, fields):
    """RFC 9110 §7.8: both fields, or it is only a hop's."""
    up.handler = echo
    connection = penstock.connect()
    assert connection.exchange(proxy("GET", "/x", fields)).status == 200
    assert not forwarded(up)
    assert "upgrade" not in " ".join(up.requests[0].all("connection")).lower()
    assert_stays(connection)


def test_an_upgrade_of_http_1_0_is_ignored(penstock, up):
    """RFC 9110 §7.8."""
    up.handler = echo
    connection = penstock.connect()
    fields = [("x-api-key", KEY), *UPGRADE]
    response = connection.exchange(request("GET", "/proxy/ca_up/x", fields, version="HTTP/1.0"))
    assert response.status == 200 and response.json()["target"] == "/x"
    assert not forwarded(up)


def test_the_execute_endpoint_upgrades_nothing(penstock, up):
    up.handler = echo
    envelope = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_up"}
    connection = penstock.connect()
    response = connection.exchange(execute(envelope, UPGRADE))
    assert response.status == 200 and response.json()["status"] == 200
    assert not forwarded(up)
    assert_stays(connection)


@pytest.mark.parametrize("fields", [
    [], [("Upgrade", "x-raw/1")], [("Connection", "Upgrade"), ("Upgrade", "h2c")]])
def test_a_101_that_nobody_asked_for_is_an_error(penstock, up, fields):
    """Row 252; also where the client asked and Penstock did not."""
    up.handler = switches(echoes)
    response = penstock.connect().exchange(proxy("GET", "/x", fields))
    assert_error(response, 502, "upstream_unexpected_upgrade")
    eventually(lambda: up.accepted[0].ended or up.accepted[0].sock.fileno() < 0,
               what="its connection closed")


def test_an_upstream_that_dies_in_the_handshake_is_an_error(penstock, up):
    """As with any answer that never comes; nothing was switched."""
    for data in (b"", b"HTTP/1.1 101 Switching", SWITCH[:-2]):
        up.begin_row()
        up.handler = scripted.fixed_then_close(data)
        connection = upgrade(penstock)
        try:
            response = connection.read_response(timeout=STEP)
        except Ended:
            raise AssertionError("closed without an answer") from None
        assert_error(response, 502, ("upstream_closed", "upstream_truncated_headers",
                                     "upstream_protocol_error"))
