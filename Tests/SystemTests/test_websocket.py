"""WebSockets through the streaming route, with a published library at both ends.

test_tunnels.py has what lies beneath: bytes, ends, timeouts, refusals.
"""

import contextlib
import os
import socket
import threading
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.sync.server import serve

from harness import KEY, PATIENCE, Penstock, eventually

MESSAGE = 1 << 20
TOKEN = "upstream-secret-of-the-echo"


class EchoServer:
    """A WebSocket server that sends every message back, and keeps the handshakes."""

    def __init__(self):
        self.handshakes, self.closings = [], []
        self.server = serve(self.echo, "127.0.0.1", 0, max_size=None,
                            select_subprotocol=lambda _, offered: "chat" if offered else None,
                            process_request=self.on_request, close_timeout=1)
        self.port = self.server.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def on_request(self, connection, request):
        self.handshakes.append(request)
        if request.path.endswith("/refused"):
            return connection.respond(403, "not for you\n")
        return None

    def echo(self, connection):
        try:
            for message in connection:
                if message == "leave":
                    connection.close(4001, "as you wish")
                elif message == "die":
                    connection.socket.shutdown(socket.SHUT_RDWR)
                else:
                    connection.send(message)
        except ConnectionClosed:
            pass
        self.closings.append((connection.close_code, connection.close_reason))

    def close(self):
        self.server.shutdown()
        self.thread.join()


@pytest.fixture(scope="module")
def up():
    server = EchoServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def penstock(up):
    auth = {"type": "bearer", "token": TOKEN}
    accounts = [{"id": "ca_ws", "base_url": f"http://127.0.0.1:{up.port}/base", "auth": auth}]
    with Penstock({"accounts": accounts, "timeouts": {"shutdown_grace": "1s"}}) as server:
        yield server


@pytest.fixture(autouse=True)
def fresh(up):
    up.handshakes.clear()
    up.closings.clear()


def open_socket(penstock, path="/echo", **more):
    """A client on the streaming route; the environment's proxies are not for loopback."""
    more.setdefault("compression", None)
    headers = {"x-api-key": KEY, **more.pop("headers", {})}
    return connect(f"ws://127.0.0.1:{penstock.port}/proxy/ca_ws{path}", proxy=None, max_size=None,
                   additional_headers=headers, close_timeout=2, ping_interval=None, **more)


def request_id(client):
    return client.response.headers["x-request-id"]


def test_messages_of_a_mebibyte_go_both_ways(penstock, up):
    """Binary and text, each echoed byte for byte; the log counts both directions."""
    with open_socket(penstock) as client:
        id = request_id(client)
        for number in range(3):
            message = os.urandom(MESSAGE)
            client.send(message)
            assert client.recv(timeout=10 * PATIENCE) == message
            text = f"{number}\u00e9" * (MESSAGE // 3)
            client.send(text)
            assert client.recv(timeout=10 * PATIENCE) == text
    line = penstock.access_line(id)
    least = 3 * (MESSAGE + len(text.encode()))
    assert line["status"] == line["upstream_status"] == 101 and "error" not in line, line
    for name in ("bytes_received", "bytes_sent"):
        assert least < line[name] < least + 65536, line
    assert line["method"] == "GET" and line["account"] == "ca_ws" and line["project"] == "acme"


def test_the_handshake_carries_the_credential_and_not_the_key(penstock, up):
    with open_socket(penstock, "/echo?room=1", subprotocols=["chat"],
                     headers={"Authorization": "Bearer the client's", "Cookie": "a=b"}) as client:
        assert client.subprotocol == "chat"
        got = up.handshakes[0]
        assert got.path == "/base/echo?room=1"
        assert got.headers.get_all("Authorization") == [f"Bearer {TOKEN}"]
        assert got.headers["Host"] == f"127.0.0.1:{up.port}"
        assert got.headers["Cookie"] == "a=b" and got.headers["Via"] == "1.1 penstock"
        assert got.headers["x-request-id"] == request_id(client)
        assert got.headers["Upgrade"].lower() == "websocket"
        assert "x-api-key" not in got.headers
        assert KEY not in str(got.headers)
        client.send("hello")
        assert client.recv(timeout=5) == "hello"


def test_a_key_as_bearer_is_consumed(penstock, up):
    uri = f"ws://127.0.0.1:{penstock.port}/proxy/ca_ws/echo"
    with connect(uri, proxy=None, additional_headers={"Authorization": f"Bearer {KEY}"}) as client:
        client.send("hello")
        assert client.recv(timeout=5) == "hello"
    assert up.handshakes[0].headers.get_all("Authorization") == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize("headers, status", [({"x-api-key": "wrong"}, 401), ({}, 401)])
def test_without_a_key_nothing_is_upgraded(penstock, up, headers, status):
    uri = f"ws://127.0.0.1:{penstock.port}/proxy/ca_ws/echo"
    with pytest.raises(InvalidStatus) as fault:
        connect(uri, proxy=None, additional_headers=headers)
    assert fault.value.response.status_code == status and not up.handshakes


def test_the_library_s_own_compression_passes(penstock):
    """permessage-deflate is between the ends; Penstock compresses no tunnel."""
    with open_socket(penstock, compression="deflate") as client:
        assert "permessage-deflate" in client.response.headers["Sec-WebSocket-Extensions"]
        for message in ("a" * MESSAGE, "b", os.urandom(100_000)):
            client.send(message)
            assert client.recv(timeout=10 * PATIENCE) == message


def test_pings_are_answered_through_it(penstock):
    with open_socket(penstock) as client:
        for _ in range(5):
            start = time.monotonic()
            assert client.ping().wait(5)
            assert time.monotonic() - start < 0.1 * PATIENCE


def test_the_client_s_closing_reaches_the_server(penstock, up):
    with open_socket(penstock) as client:
        client.send("hello")
        assert client.recv(timeout=5) == "hello"
        client.close(4000, "enough")
        assert client.close_code == 4000
    eventually(lambda: up.closings == [(4000, "enough")], what="the closing at the server")
    assert penstock.access_line(request_id(client))["status"] == 101


def test_the_server_s_closing_reaches_the_client(penstock):
    with open_socket(penstock) as client:
        client.send("leave")
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=5)
        assert (client.close_code, client.close_reason) == (4001, "as you wish")


def test_a_server_that_dies_takes_the_client_along(penstock):
    with open_socket(penstock) as client:
        client.send("die")
        start = time.monotonic()
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=5)
        assert time.monotonic() - start < 0.1 * PATIENCE + 0.1
        assert client.close_code == 1006


def test_a_refusal_is_an_ordinary_answer(penstock, up):
    """Its body included."""
    with pytest.raises(InvalidStatus) as fault:
        open_socket(penstock, "/refused")
    response = fault.value.response
    assert response.status_code == 403 and response.body == b"not for you\n"
    assert "proxy-status" not in response.headers, "the upstream's own answer"
    line = penstock.access_line(response.headers["x-request-id"])
    assert line["status"] == line["upstream_status"] == 403 and "error" not in line


def test_many_sockets_at_a_time_do_not_mix(penstock, up):
    with contextlib.ExitStack() as stack:
        crowd = [stack.enter_context(open_socket(penstock)) for _ in range(40)]
        for turn in range(5):
            for number, client in enumerate(crowd):
                client.send(f"{number}/{turn}/" + "x" * (number * 997))
            for number, client in enumerate(crowd):
                message = client.recv(timeout=5 * PATIENCE)
                assert message == f"{number}/{turn}/" + "x" * (number * 997)
    assert len(up.handshakes) == 40


def test_a_conversation_in_both_directions_at_once(penstock):
    """The client sends on while it reads; neither side waits for the other."""
    count, size = 64, 262_144
    messages = [bytes([number]) * size for number in range(count)]
    with open_socket(penstock) as client:
        sender = threading.Thread(target=lambda: [client.send(each) for each in messages])
        sender.start()
        for message in messages:
            assert client.recv(timeout=10 * PATIENCE) == message
        sender.join()
