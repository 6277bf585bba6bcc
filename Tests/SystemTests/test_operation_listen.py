"""Listeners: unix sockets, ports in use, and how many connections there may be."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

import pytest
import yaml

import harness
import scripted
from harness import (PATIENCE, Connection, Ended, Penstock, Upstream, account, assert_error,
                     connect, end_row, eventually, free_port, request)
from origins import outcome, proxy

CONNECTIONS = 20


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture
def directory():
    """Short, for a socket's path holds 107 bytes at the most."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="pst-", dir="/tmp"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


def connect_unix(path, penstock):
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(5)
    sock.connect(str(path))
    return Connection(sock, penstock)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_unix_socket_serves_what_a_port_does(up, directory, workers):
    path = directory / "penstock.sock"
    config = {"listen": ["127.0.0.1:{port}", f"unix:{path}"], "workers": workers,
              "accounts": [account(up, "ca_up")]}
    up.handler = scripted.echo
    with Penstock(config) as penstock:
        connections = [connect_unix(path, penstock) for _ in range(8)]
        for number, connection in enumerate(connections * 4):
            response = connection.exchange(proxy("POST", f"/{number}", body=b"x" * number))
            assert response.json()["body_length"] == number
        assert penstock.access_line(response.request_id)["status"] == 200
        assert outcome(penstock, proxy("GET")).status == 200
        for connection in connections:
            connection.close()


def test_a_unix_socket_left_by_a_dead_process_is_no_obstacle(up, directory):
    path = directory / "penstock.sock"
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(path))
    stale.close()
    config = {"listen": ["127.0.0.1:{port}", f"unix:{path}"],
              "accounts": [account(up, "ca_up")]}
    with Penstock(config) as penstock:
        assert connect_unix(path, penstock).exchange(request("GET", "/healthz")).status == 200


def test_several_ports_serve_alike(up):
    second = free_port()
    config = {"listen": ["127.0.0.1:{port}", f"127.0.0.1:{second}"],
              "accounts": [account(up, "ca_up")]}
    up.handler = scripted.echo
    with Penstock(config):
        assert connect(second).exchange(proxy("GET", "/second")).json()["target"] == "/second"


def test_an_ipv6_listener(up):
    port = free_port()
    try:
        socket.create_server(("::1", port), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 here")
    config = {"listen": ["127.0.0.1:{port}", f"[::1]:{port}"], "accounts": [account(up, "ca_up")]}
    up.handler = scripted.echo
    with Penstock(config) as penstock:
        response = connect(port, host="::1").exchange(proxy("GET", "/six"))
        assert response.json()["target"] == "/six"
        assert "::1" in penstock.access_line(response.request_id)["client"]


@pytest.mark.parametrize("taken", ["listen", "admin"])
def test_a_port_in_use_ends_the_start_with_one_line(up, directory, taken):
    """Row 342."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        config = {"listen": f"127.0.0.1:{free_port()}", "admin": f"127.0.0.1:{free_port()}",
                  "accounts": [account(up, "ca_up")], "log": {"path": str(directory / "log")},
                  "api_keys": [{"name": "a", "key": "k1-test-key", "accounts": ["*"]}]}
        config[taken] = f"127.0.0.1:{port}"
        path = directory / "penstock.yaml"
        path.write_text(yaml.safe_dump(config))
        start = time.monotonic()
        done = subprocess.run([harness.BINARY, "serve", "--config", str(path)], text=True,
                              capture_output=True, timeout=10)
        assert time.monotonic() - start < 1.0 * PATIENCE
        assert done.returncode not in (0, -6, -11), "an exit code, neither a success nor a crash"
        lines = done.stderr.strip().splitlines()
        assert len(lines) == 1 and str(port) in lines[0] and "in use" in lines[0], done.stderr


@pytest.fixture(scope="module")
def small(up):
    """Row 101: a server that takes twenty connections."""
    config = {"accounts": [account(up, "ca_up")], "limits": {"connections": CONNECTIONS}}
    with Penstock(config) as server:
        yield server


@pytest.fixture
def full(small):
    held = []
    for _ in range(CONNECTIONS):
        connection = small.connect()
        assert connection.exchange(request("GET", "/healthz")).status == 200
        held.append(connection)
    yield held
    end_row()
    eventually(lambda: is_served(small.port), 1.0, "a served connection")


def test_one_connection_more_is_told_to_come_back_or_waits(small, full):
    """Row 101."""
    extra = small.connect().send(request("GET", "/healthz"))
    try:
        response = extra.read_response(timeout=0.5)
    except TimeoutError:
        return  # in the backlog
    assert_error(response, 503, "overloaded")
    assert response.header("retry-after") == "1"
    assert extra.is_closed(3.0) and len(full) == CONNECTIONS


def test_those_inside_do_not_notice(small, full, up):
    up.handler = scripted.echo
    extra = [small.connect().send(request("GET", "/healthz")) for _ in range(30)]
    for number, connection in enumerate(full):
        assert connection.exchange(proxy("GET", f"/{number}")).status == 200
    assert len(extra) == 30


def test_a_freed_place_is_taken_within_a_second(small, full):
    for connection in full[:5]:
        connection.close()
    eventually(lambda: is_served(small.port), 1.0, "a served connection")


def test_hitting_the_limit_is_counted(small, full):
    """A full server still answers its admin plane, row 371."""
    was = small.metric("penstock_limit_hits_total", limit="connections")
    extra = [small.connect().send(request("GET", "/healthz")) for _ in range(3)]
    eventually(lambda: small.metric("penstock_limit_hits_total", limit="connections") > was,
               what="the count of hits")
    assert small.metric("penstock_limit", limit="connections") == len(full)
    assert len(extra) == 3


def test_more_connections_than_descriptors_lower_the_limit_with_one_warning(up, directory):
    """`connections` is by default what fits; only an operator's own number must fit."""
    wrapper = directory / "few-descriptors"
    wrapper.write_text(f"#!/bin/sh\nulimit -n 256\nexec '{harness.BINARY}' \"$@\"\n")
    wrapper.chmod(0o755)
    base = {"admin": f"127.0.0.1:{free_port()}", "accounts": [account(up, "ca_up")],
            "api_keys": [{"name": "a", "key": "k1-test-key", "accounts": ["*"]}]}
    for limits, fits in (({}, True), ({"connections": 5000}, False)):
        port = free_port()
        config = {**base, "listen": f"127.0.0.1:{port}", "limits": limits,
                  "log": {"path": str(directory / f"log-{fits}")}}
        path = directory / "penstock.yaml"
        path.write_text(yaml.safe_dump(config))
        process = subprocess.Popen([str(wrapper), "serve", "--config", str(path)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            if fits:
                eventually(lambda: is_served(port), 5.0, "the server")
                process.terminate()
                assert process.wait(10) == 0
            else:
                assert process.wait(5) not in (0, -6, -11)
                assert "connections" in process.stderr.read()
        finally:
            process.kill()
            process.wait()
            process.stderr.close()


def is_served(port):
    try:
        connection = connect(port)
    except OSError:
        return False
    try:
        return connection.exchange(request("GET", "/healthz"), timeout=0.5).status == 200
    except (Ended, TimeoutError):
        return False
    finally:
        connection.close()


def test_the_process_is_not_dumpable(up):
    """Row 362: a core file would hold every secret."""
    with Penstock({"accounts": [account(up, "ca_up")]}) as penstock:
        limits = pathlib.Path(f"/proc/{penstock.pid}/limits").read_text()
        assert [line.split()[4] for line in limits.splitlines()
                if line.startswith("Max core file size")] == ["0"]
        assert os.path.exists(f"/proc/{penstock.pid}")
