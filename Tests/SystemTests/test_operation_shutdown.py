"""C11, rows 332 to 337: the end of the process, which no request in flight should notice."""

import contextlib
import json
import signal
import socket
import threading
import time

import pytest

import origins
import scripted
from harness import KEY, PATIENCE, Ended, Penstock, Upstream, account, connect, request
from origins import proxy, read_outcome


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture
def serve(up):
    """Starts a Penstock whose end is the test; further settings under `timeouts`."""
    with contextlib.ExitStack() as stack:
        def start(workers=1, **timeouts):
            config = {"accounts": [account(up, "ca_up")], "timeouts": timeouts,
                      "workers": workers}
            return stack.enter_context(Penstock(config))
        yield start


def terminate(penstock, number=signal.SIGTERM):
    """Sends the signal and does not wait; `penstock.stop(0)` then waits for the end."""
    penstock.stopped = True
    penstock.process.send_signal(number)
    return time.monotonic()


def is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except ConnectionError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_ends_at_once(serve, number):
    """Row 332."""
    penstock = serve()
    start = terminate(penstock, number)
    assert penstock.stop(0) == 0
    assert time.monotonic() - start < 0.2 * PATIENCE + 0.05
    assert is_refused(penstock.port) and is_refused(penstock.admin_port)


@pytest.mark.parametrize("workers", [1, 2])
def test_requests_in_flight_are_answered(serve, up, workers):
    """Row 333: fifty of them, each a second upstream."""
    up.handler = scripted.after(1.0)
    penstock = serve(workers)
    crowd = [penstock.connect().send(proxy("GET", f"/{number}")) for number in range(50)]
    time.sleep(0.3)
    start = terminate(penstock)
    time.sleep(0.1)
    assert is_refused(penstock.port), "still accepting"
    for number, connection in enumerate(crowd):
        response = connection.read_response()
        assert response.status == 200 and response.json()["target"] == f"/{number}"
        assert "close" in response.header("connection").lower()
        assert connection.read_all() == b"" and connection.ended == "fin"
    assert penstock.stop(0) == 0
    assert time.monotonic() - start < 1.5 * PATIENCE
    assert len(penstock.log_lines(50, event="request", account="ca_up", status=200)) == 50


def test_a_download_in_flight_is_finished(serve, up):
    up.handler = origins.bulk
    penstock = serve()
    connection = penstock.connect(receive_buffer=65536).send(proxy("GET", "/33554432/chunked"))
    response = connection.read_head()
    terminate(penstock)
    tally = origins.receive(connection, response)
    assert tally.sha256 == origins.pattern_sha256(33554432)
    assert penstock.stop(0) == 0


def test_an_upload_in_flight_is_finished(serve, up):
    up.handler = origins.bulk
    penstock = serve()
    connection, size = penstock.connect(), 8 << 20
    connection.send(proxy("POST", "/", [("Content-Length", str(size))]))
    body = origins.pattern(size)
    connection.send(body[:size // 2])
    terminate(penstock)
    time.sleep(0.2)
    connection.send(body[size // 2:])
    assert connection.read_response("POST").json() == {
        "count": size, "sha256": origins.pattern_sha256(size)}
    assert penstock.stop(0) == 0


def test_what_outlasts_the_grace_is_aborted(serve, up):
    """Row 334: one before its answer, one in the middle of it."""
    def streams(connection):
        connection.read_request()
        with contextlib.suppress(OSError):
            connection.send(b"HTTP/1.1 200 OK\r\n\r\nbegun")
            connection.wait_for_end()

    up.handler = scripted.in_turn(scripted.never_answers, streams)
    penstock = serve(shutdown_grace="500ms")
    silent = penstock.connect().send(proxy("GET", "/silent"))
    time.sleep(0.1)
    begun = penstock.connect().send(proxy("GET", "/begun"))
    response = begun.read_head()
    start = terminate(penstock)
    body = read_rest(begun, response)
    assert not body.complete, "an abort must not look like an end"
    with contextlib.suppress(Ended):
        assert read_outcome(silent).status in (502, 503, 504)
    assert penstock.stop(0) in (0, 1)
    assert 0.45 < time.monotonic() - start < 1.5 * PATIENCE
    lines = penstock.log_lines(2, event="request", account="ca_up")
    assert len(lines) == 2
    assert {line["error"] for line in lines} == {"shutdown_forced"}
    assert {line["termination"].split(":")[0] for line in lines} == {"internal"}


def read_rest(connection, response):
    with contextlib.suppress(Ended):
        connection.read_body(response, time.monotonic() + 5, to_end=True)
    return response


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_ends_it_at_once(serve, up, second):
    """Row 335."""
    up.handler = scripted.never_answers
    penstock = serve()
    connection = penstock.connect().send(proxy("GET"))
    time.sleep(0.1)
    terminate(penstock)
    time.sleep(0.2)
    assert penstock.process.poll() is None, "it waits for the request"
    start = terminate(penstock, second)
    penstock.process.wait(5)
    assert time.monotonic() - start < 0.3 * PATIENCE
    connection.close()
    penstock.stop(0)


def test_idle_connections_are_closed(serve):
    """Row 336."""
    penstock = serve()
    idle = [penstock.connect() for _ in range(20)]
    for connection in idle[:10]:
        assert connection.exchange(request("GET", "/healthz")).status == 200
    time.sleep(0.05)
    terminate(penstock)
    for connection in idle:
        assert connection.is_closed(1.0) and connection.ended == "fin"
    assert penstock.stop(0) == 0


def test_a_request_that_has_already_arrived_is_served(serve, up):
    """Row 336: the process sleeps while they arrive, so that it finds them with the signal."""
    up.handler = scripted.echo
    penstock = serve()
    kept = penstock.connect()
    assert kept.exchange(proxy("GET", "/first")).status == 200
    penstock.process.send_signal(signal.SIGSTOP)
    kept.send(proxy("GET", "/kept"))
    fresh = [penstock.connect().send(proxy("GET", f"/{number}")) for number in range(10)]
    terminate(penstock)
    penstock.process.send_signal(signal.SIGCONT)
    assert kept.read_response().json()["target"] == "/kept"
    for number, connection in enumerate(fresh):
        response = connection.read_response()
        assert response.status == 200 and response.json()["target"] == f"/{number}"
    assert penstock.stop(0) == 0


def test_shutdown_delay_keeps_the_door_open_and_says_draining(serve, up):
    """Row 337: a balancer sees the 503 and goes elsewhere before the listener closes."""
    up.handler = scripted.echo
    penstock = serve(shutdown_delay="800ms")
    start = terminate(penstock)
    time.sleep(0.1)
    for port, host in ((penstock.port, "p"),
                       (penstock.admin_port, f"127.0.0.1:{penstock.admin_port}")):
        response = connect(port).exchange(request("GET", "/readyz", host=host))
        assert response.status == 503, response
        assert connect(port).exchange(request("GET", "/healthz", host=host)).status == 200
    assert penstock.connect().exchange(proxy("GET", "/late")).json()["target"] == "/late"
    assert penstock.stop(0) == 0
    assert 0.75 < time.monotonic() - start < 1.5 * PATIENCE


class Hammer(threading.Thread):
    """One client in a closed loop; it stops at the first `Connection: close` or end."""

    def __init__(self, penstock, number):
        super().__init__(daemon=True)
        self.connection, self.number = penstock.connect(), number
        self.answered, self.cut_short, self.faults = [], [], []

    def run(self):
        count = 0
        with contextlib.suppress(Ended, OSError):
            while True:
                target, count = f"/{self.number}/{count}", count + 1
                self.connection.send(proxy("GET", target))
                try:
                    response = self.connection.read_response()
                except Ended:
                    if self.connection.buffer or count == 1:
                        self.cut_short.append(target)
                    raise
                if response.status != 200 or response.json()["target"] != target:
                    self.faults.append(response)
                self.answered.append(target)
                if "close" in (response.header("connection") or "").lower():
                    return


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_under_load_no_request_is_lost(serve, up, workers):
    """Whatever reached the upstream was answered; a request sent into the FIN never did."""
    up.handler = scripted.after(0.02)
    penstock = serve(workers)
    crowd = [Hammer(penstock, number) for number in range(32)]
    for each in crowd:
        each.start()
    time.sleep(1.0)
    terminate(penstock)
    for each in crowd:
        each.join(10)
    assert penstock.stop(0) == 0
    assert [each.faults for each in crowd if each.faults] == []
    assert [each.cut_short for each in crowd if each.cut_short] == []
    answered = {target for each in crowd for target in each.answered}
    reached = {each.target for each in up.requests}
    assert len(answered) > 100 and reached == answered
    lines = penstock.log_lines(len(answered), event="request", account="ca_up")
    assert len(lines) == len(answered) and {line["status"] for line in lines} == {200}


def test_the_log_is_whole_when_the_process_has_ended(serve, up):
    """The ring is written out before the exit: the last line of the last request is there."""
    up.handler = scripted.echo
    penstock = serve()
    connection = penstock.connect()
    ids = [connection.exchange(proxy("GET", f"/{number}")).request_id for number in range(500)]
    terminate(penstock)
    assert penstock.stop(0) == 0
    lines = [json.loads(line) for line in penstock.log_text().splitlines()]
    logged = [line["request_id"] for line in lines
              if line["event"] == "request" and line.get("account") == "ca_up"]
    assert logged == ids
    assert KEY not in penstock.log_text()
