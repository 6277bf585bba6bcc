"""Row 102: one address cannot take all the places; others do not notice."""

import socket

import pytest

import rows
from harness import PATIENCE, Penstock, account, eventually, request
from origins import proxy

LIMIT = 3


@pytest.fixture(params=[1, 4])
def penstock(upstream, request):
    config = {"workers": request.param, "accounts": [account(upstream, "ca_up")],
              "limits": {"connections_per_address": LIMIT},
              "listen": ["127.0.0.1:{port}"]}
    with Penstock(config) as server:
        yield server
        # The harness wants a place of its own.
        for each in rows.clients:
            each.close()
        eventually(lambda: server.metric("penstock_connections", side="downstream") == 0, 2.0,
                   "no connection")


def held(penstock):
    """As many connections as one address may have, each of which has been served."""
    connections = [penstock.connect() for _ in range(LIMIT)]
    for each in connections:
        assert each.exchange(proxy("GET", account="ca_up")).status == 200
    return connections


def another(penstock, source):
    """A status of a client that comes from another address of this machine."""
    with socket.create_connection(("127.0.0.1", penstock.port), 5 * PATIENCE,
                                  source_address=(source, 0)) as sock:
        sock.sendall(request("GET", "/healthz"))
        return sock.recv(4096).split(b" ")[1]


def test_one_more_is_refused_and_closed(penstock):
    connections = held(penstock)
    extra = penstock.connect()
    extra.send(request("GET", "/healthz"))
    answer = extra.read_response()
    assert answer.status == 429
    assert answer.json()["error"]["slug"] == "too_many_connections"
    assert answer.header("retry-after") == "1"
    assert extra.is_closed(3.0)
    limit = {"limit": "connections_per_address"}
    assert penstock.metric("penstock_limit", **limit) == LIMIT
    assert penstock.metric("penstock_limit_hits_total", **limit) == 1
    assert penstock.access_line(answer.request_id)["error"] == "too_many_connections"
    # Those inside, and other addresses, go on.
    assert another(penstock, "127.0.0.2") == b"200"
    for each in connections:
        assert each.exchange(proxy("GET", account="ca_up")).status == 200


def test_who_leaves_makes_room(penstock):
    connections = held(penstock)
    connections[0].close()

    def is_served():
        connection = penstock.connect()
        answer = connection.exchange(request("GET", "/healthz"))
        connection.close()
        return answer.status == 200
    eventually(is_served, 2.0, "room")
    for _ in range(10):
        eventually(is_served, 2.0, "room again")
