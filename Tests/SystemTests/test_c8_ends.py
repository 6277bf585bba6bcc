"""Ends that are easily mistaken: whose they are, what stands before them, and what waits behind.

Rows 85, 204, 224, 231, 280 and 281 where two of them meet: an end and a back-pressure, a leftover
and a queue, a reset and an upload.
"""

import gzip
import os
import time

import pytest

import scripted
from harness import PATIENCE, Penstock, Upstream, account, assert_error, eventually
from messages import Ended
from origins import pattern, proxy, read_outcome
from scripted import answer

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x-raw/1\r\n\r\n"
UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "x-raw/1")]
SERVE = {"address": "127.0.0.1:{port}", "half_close": "serve"}


def cpu_seconds(penstock):
    fields = open(f"/proc/{penstock.pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def assert_idle(penstock, seconds=1.0):
    """Waiting costs nothing: a loop that spins would take all of the time."""
    before = cpu_seconds(penstock)
    time.sleep(seconds)
    assert cpu_seconds(penstock) - before < 0.3 * seconds


def test_what_stands_behind_an_answer_is_not_the_next_one_s():
    """Rows 204 and 224 where the next request already waits for the connection."""
    size = 1 << 20

    def evil(connection):
        while got := connection.read_request():
            if got.target != "/a":
                connection.send(answer(b"for b"))
                continue
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size
                            + bytes(size - 100_000))
            time.sleep(0.1)
            connection.send(bytes(100_000) + answer(b"for another one"))

    with Upstream(evil) as up, \
            Penstock({"accounts": [account(up, "ca_up", pool={"connections": 1})]}) as penstock:
        first, second = penstock.connect(), penstock.connect()
        first.send(proxy("GET", "/a"))
        time.sleep(0.05)
        second.send(proxy("GET", "/b"))
        assert len(first.read_response().body) == size
        assert second.read_response().body == b"for b"


def test_a_reason_phrase_holds_no_secret():
    """Row 205: an upstream may echo anywhere in its head."""
    with Upstream(scripted.echo) as up, Penstock({"accounts": [account(up)]}) as penstock:
        up.handler = scripted.fixed(
            answer(b"no", 401, "bad token upstream-secret-of-ca_echo"))
        response = penstock.connect().exchange(proxy("GET", "/", account="ca_echo"))
        assert (response.status, response.reason) == (401, "")


def test_a_reset_in_an_upload_does_not_end_its_answer():
    """Row 233: the write that meets the reset takes it away from the read that looks for it."""
    def resets(connection):
        connection.read_request(body=False)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n" + bytes(1000))
        connection.sock.settimeout(5)
        connection.sock.recv(65536)
        connection.reset()

    with Upstream(resets) as up, Penstock({"accounts": [account(up, "ca_up")]}) as penstock:
        for _ in range(30):
            client = penstock.connect()
            client.send_in_background(
                proxy("POST", "/", [("Content-Length", str(64 << 20))]) + bytes(4 << 20))
            try:
                outcome = read_outcome(client, "POST", 5)
                assert not outcome.complete or outcome.status == 502, outcome
            except Ended:
                pass
            client.close()


@pytest.mark.parametrize("framing", ["length", "chunked", "gzip"])
def test_a_reader_that_stops_costs_no_time(authority, ca_file, framing):
    """OpenSSL holds the rest of a record meanwhile, which epoll does not know of."""
    size = 32 << 20
    context = scripted.tls_context(authority)

    def floods(connection):
        connection.read_request()
        kind = b"application/json" if framing == "gzip" else b"image/png"
        coded = b"Content-Length: %d" % size
        if framing == "chunked":
            coded = b"Transfer-Encoding: chunked"
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\n%s\r\n\r\n" % (kind, coded))
        block = os.urandom(60_001)
        for _ in range(size // len(block)):
            prefix = b"%x\r\n" % len(block) if framing == "chunked" else b""
            connection.send(prefix + block + (b"\r\n" if prefix else b""))

    with Upstream(floods, tls=context) as up, \
            Penstock({"accounts": [account(up, "ca_up", ca_file=ca_file)]}) as penstock:
        clients = [penstock.connect(receive_buffer=65536).send(
            proxy("GET", "/", [("Accept-Encoding", "gzip")])) for _ in range(3)]
        time.sleep(1.0)
        assert_idle(penstock)
        for client in clients:
            client.reset()


def test_all_that_a_tunnel_was_sent_goes_up_before_its_end():
    """The upstream reads slowly, the client has left long ago: a FIN behind every byte."""
    size, got = 8 << 20, []

    def slow(connection):
        connection.read_request()
        connection.send(SWITCH)
        count = len(connection.buffer)
        while data := connection.sock.recv(65536):
            count += len(data)
            if count < 4 << 20:
                time.sleep(0.005)
        got.append(count)

    with Upstream(slow) as up, Penstock({"accounts": [account(up, "ca_up")]}) as penstock:
        client = penstock.connect()
        client.send(proxy("GET", "/", UPGRADE))
        client.read_head()
        client.sock.settimeout(30)
        client.sock.sendall(bytes(size))
        client.half_close()
        eventually(lambda: got, within=15, what="the end of the tunnel")
        assert got == [size]


def test_who_is_only_done_sending_has_a_large_upload_served():
    """Row 85: all of it was sent before the FIN, though not yet read."""
    size = 6 << 20

    def slow(connection):
        got = connection.read_request(body=False)
        time.sleep(0.5)
        connection.read_body(got, time.monotonic() + 20, to_end=False)
        connection.send(answer({"count": len(got.body)}))

    with Upstream(slow) as up, \
            Penstock({"accounts": [account(up, "ca_up")], "listen": SERVE}) as penstock:
        client = penstock.connect()
        client.sock.settimeout(30)
        client.send(proxy("POST", "/", body=pattern(size)))
        client.half_close()
        assert client.read_response("POST", 20).json() == {"count": size}


@pytest.mark.parametrize("fields", [[], UPGRADE], ids=["request", "tunnel"])
def test_a_reset_behind_a_fin_is_seen(fields):
    """Rows 85 and 86: nothing is read any more, yet the hang-up must neither spin nor wait."""
    def waits(connection):
        connection.read_request()
        if fields:
            connection.send(SWITCH)
        connection.wait_for_end()

    with Upstream(waits) as up, \
            Penstock({"accounts": [account(up, "ca_up")], "listen": SERVE}) as penstock:
        client = penstock.connect()
        client.send(proxy("GET", "/", fields))
        eventually(lambda: up.requests, what="the request")
        client.half_close()
        time.sleep(0.1)
        assert_idle(penstock, 0.5)
        client.reset()
        start = time.monotonic()
        eventually(lambda: up.accepted[0].ended_at, what="the end of the upstream's connection")
        assert fields or up.accepted[0].ended_at - start < 0.2 * PATIENCE


def test_the_time_of_a_slow_client_is_not_its_upstream_s():
    """Row 281: what waited in the upstream's socket meanwhile is read, not timed out."""
    size = 24 << 20

    def floods(connection):
        while connection.read_request():
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
            connection.sock.settimeout(30)
            connection.sock.sendall(bytes(size))

    with Upstream(floods) as up, Penstock(
            {"accounts": [account(up, "ca_up", timeouts={"idle": "400ms"})]}) as penstock:
        for _ in range(6):
            client = penstock.connect(receive_buffer=65536).send(proxy("GET"))
            time.sleep(0.8)
            assert len(client.read_response(timeout=20).body) == size


def test_an_answer_that_begins_early_has_the_upload_s_time():
    """Row 257's neighbour: its head comes first, its body behind all of a long upload."""
    def early(connection):
        got = connection.read_request(body=False)
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")
        connection.read_body(got, time.monotonic() + 20, to_end=False)
        connection.send(b"done")

    with Upstream(early) as up, Penstock(
            {"accounts": [account(up, "ca_up", timeouts={"idle": "400ms"})]}) as penstock:
        client = penstock.connect()
        client.send(proxy("POST", "/", [("Content-Length", "10000")]))
        for _ in range(10):
            client.send(bytes(1000))
            time.sleep(0.1)
        assert client.read_response("POST").body == b"done"


@pytest.mark.parametrize("more", [
    {"request_buffering": "on"}, {"request_compression": "gzip"}, {"request_decompression": True}])
def test_a_tunnel_s_bytes_do_not_take_its_request_s_way(more):
    """An upgrade may stand behind a body that is collected or coded; the tunnel is neither."""
    def switches(connection):
        connection.read_request()
        connection.send(SWITCH)
        while data := connection.sock.recv(65536):
            connection.sock.sendall(data)

    with Upstream(switches) as up, \
            Penstock({"accounts": [account(up, "ca_up", **more)]}) as penstock:
        client = penstock.connect()
        client.send(proxy("POST", "/", UPGRADE, body=pattern(100_000)))
        client.read_head()
        client.send(b"hello tunnel")
        assert client.take(12, time.monotonic() + 5) == b"hello tunnel"
        client.close()


@pytest.mark.parametrize("framing", [b"Content-Length: 0\r\n\r\n",
                                     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"])
@pytest.mark.parametrize("status", [b"200 OK", b"302 Found"])
def test_no_body_in_gzip_is_no_body(framing, status):
    """Servers say Content-Encoding of answers without one; its framing says that it is whole."""
    data = b"HTTP/1.1 %s\r\nContent-Encoding: gzip\r\nLocation: /x\r\n%s" % (status, framing)
    with Upstream(scripted.fixed(data)) as up, \
            Penstock({"accounts": [account(up, "ca_up")]}) as penstock:
        response = penstock.connect().exchange(proxy("GET"))
        assert (response.status, response.body) == (int(status[:3]), b"")
        assert response.header("location") == "/x" and not response.all("content-encoding")


def test_a_length_that_cannot_be_collected_is_refused_at_once():
    """Row 89: nobody is asked to send what will not be taken."""
    with Upstream(scripted.echo) as up, Penstock(
            {"accounts": [account(up, "ca_up", request_buffering="on")],
             "limits": {"request_spool_bytes": "1MiB"}}) as penstock:
        fields = [("Content-Length", str(100 << 20)), ("Expect", "100-continue")]
        response = penstock.connect().exchange(proxy("POST", "/", fields))
        assert_error(response, 413, "body_too_large")
        assert not response.interim and up.connections == 0


def test_who_wants_no_transforming_gets_none():
    """RFC 9111 section 5.2.1.6: neither packed nor unpacked."""
    body = b'{"a": "' + bytes(1000).replace(b"\0", b"b") + b'"}'
    packed = gzip.compress(body)
    with Upstream(scripted.fixed(answer(body))) as up, \
            Penstock({"accounts": [account(up, "ca_up")]}) as penstock:
        for accept, data, wanted in [("gzip", answer(body), body), ("identity", answer(
                packed, headers=[("Content-Encoding", "gzip")]), packed)]:
            up.handler = scripted.fixed(data)
            up.drop()
            fields = [("Accept-Encoding", accept), ("Cache-Control", "no-transform")]
            response = penstock.connect().exchange(proxy("GET", "/", fields))
            assert response.body == wanted, response
