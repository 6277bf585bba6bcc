"""C7, rows 256, 257 and 259: an upstream that answers before it has the whole request."""

import threading
import time

import pytest

import scripted
from harness import Ended, Penstock, Upstream, account, connect, request
from origins import PIECE, proxy, read_outcome
from scripted import answer

SIZE = 10 << 20


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [account(up, "ca_up", timeouts={"first_byte": "3s", "idle": "3s"})]
    with Penstock({"accounts": accounts}) as server:
        yield server


class Upload:
    """A client that sends ten megabytes without a pause, and reads at the same time."""

    def __init__(self, penstock, framing="length"):
        self.connection = penstock.connect()
        self.sent, self.stop, self.framing = 0, False, framing
        field = (("Content-Length", str(SIZE)) if framing == "length"
                 else ("Transfer-Encoding", "chunked"))
        self.connection.send(proxy("POST", "/early", [field]))
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        sock = self.connection.sock
        try:
            while self.sent < SIZE and not self.stop:
                data = bytes(65536)
                sock.settimeout(5.0)
                sock.sendall(b"10000\r\n" + data + b"\r\n" if self.framing == "chunked" else data)
                self.sent += 65536
                time.sleep(0.001)
        except OSError:
            pass


def answers_early(data, then, delay=0.02):
    """Reads the head and a little of the body, answers, and then does what `then` says."""
    def handler(connection):
        connection.read_request(body=False)
        connection.take(1000, time.monotonic() + 5)
        time.sleep(delay)
        connection.answered_at = time.monotonic()
        connection.send(data)
        if then == "reads on":
            while connection.sock.recv(PIECE):
                pass
        elif then == "stops reading":
            while connection.ended is None:
                time.sleep(0.02)
        elif then == "resets":
            time.sleep(0.05)
            connection.reset()
    return handler


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("then", ["reads on", "stops reading", "closes", "resets"])
@pytest.mark.parametrize("status", [413, 401, 200])
def test_an_early_answer_is_delivered_at_once(penstock, up, status, then, framing):
    """Rows 256 and 257: the upload ends there, and its connection serves nobody else."""
    fields = [("Connection", "close")] if then in ("closes", "resets") else []
    up.handler = scripted.in_turn(
        answers_early(answer(b"early", status, "Early", fields), then), scripted.echo)
    upload = Upload(penstock, framing)
    response = read_outcome(upload.connection, "POST")
    came_at = time.monotonic()
    assert (response.status, response.body, response.complete) == (status, b"early", True)
    assert came_at - up.accepted[0].answered_at < 0.2
    upload.thread.join(5)
    upload.stop = True
    assert_drained_or_closed(upload)
    follower = penstock.connect().exchange(proxy("POST", "/next", body=b"x"))
    assert follower.json()["target"] == "/next"
    if then != "reads on":
        assert up.connections == 2, "the half-used connection served another"


def assert_drained_or_closed(upload):
    """Either the client's connection ends, or it has taken the whole body and goes on."""
    connection = upload.connection
    if upload.sent < SIZE:
        assert connection.is_closed(within=3.0)
        return
    tail = b"0\r\n\r\n" if upload.framing == "chunked" else b""
    connection.send(tail + request("GET", "/healthz"))
    try:
        assert connection.read_response().status == 200
    except Ended:
        pass


@pytest.mark.parametrize("then", ["stops reading", "closes"])
def test_the_upload_stops_when_the_answer_is_whole(penstock, up, then):
    """What is still on its way is at most what the kernel and the lingering close hold."""
    up.handler = answers_early(answer(b"no", 413, "Too Large"), then)
    upload = Upload(penstock)
    assert read_outcome(upload.connection, "POST").status == 413
    taken = upload.sent
    upload.thread.join(10)
    if upload.sent < SIZE:
        assert upload.sent - taken < 8 << 20


def test_the_log_blames_nobody_for_an_early_answer(penstock, up):
    up.handler = answers_early(answer(b"no", 413, "Too Large"), "closes")
    upload = Upload(penstock)
    response = read_outcome(upload.connection, "POST")
    upload.stop = True
    upload.thread.join(5)
    upload.connection.close()
    line = penstock.access_line(response.request_id)
    assert line["status"] == line["upstream_status"] == 413
    assert line["bytes_received"] < SIZE + 4096


def test_an_early_answer_to_a_waiting_client(penstock, up):
    """A client that expects 100 gets the final answer; whether a 100 came first is Penstock's."""
    def refuses(connection):
        connection.read_request(body=False)
        connection.send(answer(b"no", 413, "Too Large", [("Connection", "close")]))

    up.handler = refuses
    connection = penstock.connect()
    connection.send(proxy("POST", "/x", [("Content-Length", "1000"), ("Expect", "100-continue")]))
    response = read_outcome(connection, "POST")
    assert response.status == 413 and len(response.interim) <= 1


def test_expect_is_not_passed_to_an_upstream_that_never_says_100(penstock, up):
    """Row 259: Penstock says 100 itself, or waits; the body arrives either way."""
    up.handler = scripted.echo
    connection = penstock.connect()
    connection.send(proxy("POST", "/x", [("Content-Length", "5"), ("Expect", "100-continue")]))
    start, _, _ = connection.head(time.monotonic() + 3)
    assert start == b"HTTP/1.1 100 Continue"
    connection.send(b"hello")
    got = connection.read_response("POST").json()
    assert got["body"] == "hello"
    assert "expect" not in [name for name, _ in got["headers"]]


def test_an_upload_that_stalls_behind_a_whole_answer_is_no_failure(up):
    """The upstream has answered and reads no more; the client does not read the answer yet. How
    much of it is left behind the sockets' buffers is the kernel's to say: so several sizes."""
    def handler(connection):
        head = connection.read_request(body=False)
        size = int(head.target.rsplit("/", 1)[1])
        connection.send(answer(bytes(size), 200, "Early", content_type="application/octet-stream"))
        scripted.never_reads(connection)
    up.handler = handler
    accounts = [account(up, "ca_up", timeouts={"first_byte": "1s", "idle": "1s"})]
    with Penstock({"accounts": accounts}) as server:
        clients = []
        for size in range(1_600_000, 4_800_000, 200_000):
            client = connect(server.port, receive_buffer=4096)
            client.send(proxy("POST", f"/{size}", [("Content-Length", str(SIZE))]))
            client.sock.settimeout(0.05)
            try:
                client.sock.sendall(bytes(SIZE - 1))
            except OSError:
                pass
            clients.append(client)
        time.sleep(2.5)
        assert server.connect().exchange(request("GET", "/healthz")).status == 200
        for client in clients:
            client.close()
