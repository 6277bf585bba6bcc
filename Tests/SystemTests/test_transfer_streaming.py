"""The streaming route holds nothing back: events, bodies both ways at once, the head itself."""

import contextlib
import queue
import time

import pytest

import scripted
from harness import PATIENCE, Penstock, Upstream, account
from origins import end_tls, proxy

STEP = 3.0 * PATIENCE
FRAMINGS = {"chunked": "Transfer-Encoding: chunked\r\n", "close": "",
            "length": "Content-Length: 200\r\n"}


@pytest.fixture(scope="module", params=["plain", "tls"])
def up(request, authority):
    context = scripted.tls_context(authority) if request.param == "tls" else None
    with Upstream(scripted.echo, tls=context) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, authority, tmp_path_factory):
    more = {}
    if up.tls:
        more["ca_file"] = str(tmp_path_factory.mktemp("ca") / "ca.pem")
        authority.cert_pem.write_to_path(more["ca_file"])
    with Penstock({"accounts": [account(up, "ca_up", **more)]}) as server:
        yield server


def take_body(connection, count, framing):
    """The next `count` bytes of a body, however they are cut into chunks."""
    deadline, body = time.monotonic() + STEP, b""
    while len(body) < count:
        if framing != "length":
            size = int(connection.line(deadline), 16)
            body += connection.take(size, deadline)
            assert connection.take(2, deadline) == b"\r\n"
        else:
            body += connection.take(count, deadline)
    assert len(body) == count
    return body


@pytest.mark.parametrize("framing", FRAMINGS)
def test_every_event_arrives_before_the_next_is_sent(penstock, up, framing):
    """Twenty events of ten bytes; the upstream waits until the client has each."""
    seen = queue.Queue()

    def events(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                        + FRAMINGS[framing].encode() + b"\r\n")
        seen.get(timeout=STEP)
        for number in range(20):
            event = b"data: %02d\n\n" % number
            connection.send(b"a\r\n%s\r\n" % event if framing == "chunked" else event)
            seen.get(timeout=STEP)
        if framing == "chunked":
            connection.send(b"0\r\n\r\n")
        end_tls(connection)

    up.handler = events
    connection = penstock.connect().send(proxy("GET", headers=[("Accept", "text/event-stream")]))
    head = connection.read_head(STEP)
    assert head.header("content-type") == "text/event-stream"
    seen.put("head")
    times = []
    for number in range(20):
        start = time.monotonic()
        assert take_body(connection, 10, framing) == b"data: %02d\n\n" % number
        times.append(time.monotonic() - start)
        seen.put(number)
    assert sorted(times)[10] < 0.05 * PATIENCE, f"held back: {times}"
    if framing != "length":
        assert connection.line(time.monotonic() + STEP) == b"0"


@pytest.mark.parametrize("framing", ["chunked", "length"])
def test_the_upload_arrives_as_it_is_sent(penstock, up, framing):
    """The upstream has each piece before the client sends the next."""
    got = queue.Queue()

    def reads(connection):
        request = connection.read_request(body=False)
        got.put(request)
        for _ in range(10):
            got.put(take_body(connection, 10, framing))
        if framing == "chunked":
            assert connection.take(5, time.monotonic() + STEP) == b"0\r\n\r\n"
        connection.send(scripted.answer(b"done"))
        connection.wait_for_end()

    up.handler = reads
    field = ("Transfer-Encoding", "chunked") if framing == "chunked" else ("Content-Length", "100")
    connection = penstock.connect().send(proxy("POST", headers=[field]))
    assert got.get(timeout=STEP).method == "POST"
    for number in range(10):
        piece = b"piece %03d\n" % number
        connection.send(b"a\r\n%s\r\n" % piece if framing == "chunked" else piece)
        assert got.get(timeout=STEP) == piece
    if framing == "chunked":
        connection.send(b"0\r\n\r\n")
    assert connection.read_response("POST").body == b"done"


def test_the_upstream_may_answer_while_the_upload_runs(penstock, up):
    """Both directions in lockstep: each piece is echoed before the next is sent."""
    def echoes(connection):
        connection.read_request(body=False)
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            connection.send(b"a\r\n%s\r\n" % take_body(connection, 10, "chunked"))
        assert connection.take(5, time.monotonic() + STEP) == b"0\r\n\r\n"
        connection.send(b"0\r\n\r\n")
        scripted.echo(connection)

    up.handler = echoes
    connection = penstock.connect().send(
        proxy("POST", headers=[("Transfer-Encoding", "chunked")]))
    assert connection.read_head(STEP).status == 200
    for number in range(20):
        piece = b"piece %03d\n" % number
        connection.send(b"a\r\n%s\r\n" % piece)
        assert take_body(connection, 10, "chunked") == piece
    connection.send(b"0\r\n\r\n")
    assert connection.take(5, time.monotonic() + STEP) == b"0\r\n\r\n"
    follower = connection.exchange(proxy("GET", "/next"))
    assert follower.json()["target"] == "/next"
    assert up.connections == 1, "both halves ended in good order, so the connection is reused"


def test_an_answer_that_outlives_its_upload(penstock, up):
    """The request ends first, the response much later; nothing waits for the other."""
    def goes_on(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(5):
            time.sleep(0.05)
            connection.send(b"5\r\nhello\r\n")
        connection.send(b"0\r\n\r\n")
        connection.wait_for_end()

    up.handler = goes_on
    response = penstock.connect().exchange(proxy("POST", body=b"x" * 100_000))
    assert response.body == b"hello" * 5


def test_the_head_leaves_before_the_body_exists(penstock, up):
    """A head on its own, with neither a byte of body nor an end."""
    def head_only(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Early: yes\r\n\r\n")
        time.sleep(0.5)
        connection.send(b"hello")
        connection.wait_for_end()

    up.handler = head_only
    connection = penstock.connect().send(proxy("GET"))
    start = time.monotonic()
    assert connection.read_head().header("x-early") == "yes"
    assert time.monotonic() - start < 0.3 * PATIENCE
    assert connection.take(5, time.monotonic() + STEP) == b"hello"


def test_the_request_head_leaves_before_its_body_comes(penstock, up):
    got = queue.Queue()

    def waits(connection):
        request = connection.read_request(body=False)
        got.put(request)
        connection.read_body(request, time.monotonic() + STEP, to_end=False)
        connection.send(scripted.answer(request.body))
        connection.wait_for_end()

    up.handler = waits
    connection = penstock.connect()
    connection.send(proxy("POST", "/early", [("Content-Length", "5")]))
    assert got.get(timeout=STEP).target == "/early"
    connection.send(b"hello")
    assert connection.read_response("POST").body == b"hello"


def test_a_long_quiet_stream_stays_open(penstock, up):
    """An event stream says nothing for a while; only `idle`, a minute, ends it."""
    def quiet(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n: hello\n\n")
        with contextlib.suppress(OSError):
            time.sleep(2.0)
            connection.send(b"data: 1\n\n")
            end_tls(connection)

    up.handler = quiet
    response = penstock.connect().exchange(proxy("GET"), timeout=STEP + 3)
    assert response.body == b": hello\n\ndata: 1\n\n"
