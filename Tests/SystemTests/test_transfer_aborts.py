"""C8, rows 277, 278 and 86: a client that goes away takes its upstream exchange with it."""

import queue
import time

import pytest

import scripted
from harness import Penstock, Upstream, account, eventually
from leaving import LEAVES, SOON, WAYS, aborted_line, leave, named
from origins import PIECE, proxy, response_head, wait_for_close

@pytest.fixture(scope="module", params=["plain", "tls"])
def up(request, authority):
    context = scripted.tls_context(authority) if request.param == "tls" else None
    with Upstream(scripted.echo, tls=context) as server:
        server.events = queue.Queue()
        yield server


@pytest.fixture(scope="module")
def penstock(up, authority, tmp_path_factory):
    more = {}
    if up.tls:
        more["ca_file"] = str(tmp_path_factory.mktemp("ca") / "ca.pem")
        authority.cert_pem.write_to_path(more["ca_file"])
    with Penstock({"accounts": [account(up, "ca_up", **more)]}) as server:
        yield server


@pytest.mark.parametrize("how", LEAVES)
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_an_abort_in_the_upload_ends_the_upstream_request(penstock, up, framing, how):
    """Row 277: the upstream sees an incomplete body and the end, never a whole one."""
    def reads(connection):
        connection.read_request(body=False)
        connection.take(1000, time.monotonic() + 5)
        up.events.put("begun")
        body = bytearray()
        try:
            while data := connection.sock.recv(PIECE):
                body += data
        except OSError:
            pass
        up.events.put((time.monotonic(), bytes(body)))

    up.handler = reads
    field = (("Content-Length", "10000000") if framing == "length"
             else ("Transfer-Encoding", "chunked"))
    name = named(penstock)
    connection = penstock.connect().send(proxy("POST", "/up", [field, name]))
    data = b"x" * 4096
    connection.send(b"1000\r\n" + data + b"\r\n" if framing == "chunked" else data)
    assert up.events.get(timeout=5) == "begun"
    left_at = leave(connection, how)
    ended_at, body = up.events.get(timeout=5)
    assert ended_at - left_at < SOON
    assert not body.endswith(b"0\r\n\r\n") and len(body) < 10_000_000
    aborted_line(penstock, name, ["receive", "send", "body", "first_byte"])


@pytest.mark.parametrize("how", LEAVES)
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_an_abort_in_the_download_ends_the_upstream_response(penstock, up, framing, how):
    """Row 278: not drained to its end; the upstream's next writes fail."""
    def floods(connection):
        connection.read_request()
        connection.send(response_head(1 << 40, framing))
        connection.sock.settimeout(5)
        data = bytes(65536)
        piece = b"10000\r\n" + data + b"\r\n" if framing == "chunked" else data
        try:
            while True:
                connection.sock.sendall(piece)
        except OSError:
            up.events.put(time.monotonic())

    up.handler, name = floods, named(penstock)
    connection = penstock.connect().send(proxy("GET", headers=[name]))
    assert connection.read_head().status == 200
    connection.take(100_000, time.monotonic() + 5)
    left_at = leave(connection, how)
    assert up.events.get(timeout=6) - left_at < SOON
    aborted_line(penstock, name, ["respond", "body"], (200, 499))


@pytest.mark.parametrize("how", LEAVES)
def test_an_abort_in_a_quiet_stream_is_noticed(penstock, up, how):
    """Nothing is written that could fail: the client's end itself must be seen."""
    def quiet(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\n\r\n: hello\n\n")
        up.events.put(wait_for_close(connection))

    up.handler, name = quiet, named(penstock)
    connection = penstock.connect().send(proxy("GET", headers=[name]))
    assert connection.read_head().status == 200
    left_at = leave(connection, how)
    ended_at = up.events.get(timeout=6)
    assert ended_at and ended_at - left_at < SOON
    aborted_line(penstock, name, ["respond", "body"], (200, 499))


@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("method, body", [("GET", b""), ("POST", b"x" * 1000)])
def test_an_abort_before_the_answer_is_a_499(penstock, up, method, body, how):
    """Rows 86 and 87. A FIN alone means the same, unless the listener says otherwise."""
    def silent(connection):
        connection.read_request()
        up.events.put("read")
        up.events.put(wait_for_close(connection))

    up.handler, name = silent, named(penstock)
    connection = penstock.connect().send(proxy(method, "/", [name], body))
    assert up.events.get(timeout=5) == "read"
    left_at = leave(connection, how)
    ended_at = up.events.get(timeout=6)
    assert ended_at and ended_at - left_at < SOON
    line = aborted_line(penstock, name, ["first_byte"])
    assert "upstream_status" not in line
    assert line["upstream_host"].split(":")[0] in ("127.0.0.1", "localhost")


def test_an_aborted_connection_is_never_reused(penstock, up):
    """Nor may what the upstream still says reach the next client."""
    def late(connection):
        connection.read_request()
        up.events.put("read")
        wait_for_close(connection, 0.3)
        connection.send(scripted.answer(b"late"))

    up.handler = scripted.in_turn(late, scripted.echo)
    connection = penstock.connect().send(proxy("GET", "/first"))
    assert up.events.get(timeout=5) == "read"
    connection.reset()
    for number in range(5):
        response = penstock.connect().exchange(proxy("GET", f"/{number}"))
        assert response.json()["target"] == f"/{number}"


def test_hundreds_of_aborts_leave_nothing_behind(penstock, up):
    """Rows 284 and 290: at every point of an exchange; descriptors are counted afterwards."""
    def floods(connection):
        connection.sock.settimeout(5)
        while connection.read_request():
            connection.send(response_head(1 << 20))
            for _ in range(16):
                connection.sock.sendall(bytes(65536))

    up.handler = floods
    for number in range(200):
        connection = penstock.connect().send(proxy("GET", f"/{number}"))
        if number % 4 == 1:
            time.sleep(0.002)
        if number % 4 == 2:
            connection.read_head()
        if number % 4 == 3:
            connection.read_head()
            connection.take(300_000, time.monotonic() + 5)
        LEAVES["reset" if number % 8 < 4 else "fin"](connection)
    eventually(lambda: len(penstock.log_lines(event="request", account="ca_up")) >= 100,
               what="the access lines")


def test_only_the_aborted_one_of_many_ends(penstock, up):
    """Its neighbours on the same worker, in the same turn, go on."""
    def slow(connection):
        while got := connection.read_request():
            time.sleep(0.3)
            connection.send(scripted.answer(got.target.encode()))

    up.handler = slow
    crowd = [penstock.connect().send(proxy("GET", f"/{number}")) for number in range(20)]
    time.sleep(0.1)
    for connection in crowd[::2]:
        connection.reset()
    for number in range(1, 20, 2):
        assert crowd[number].read_response().body == b"/%d" % number
