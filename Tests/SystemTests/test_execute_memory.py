"""A quarter of a gigabyte through the execute endpoint costs it next to no memory."""

import hashlib
import json
import os
import random
import socket
import threading
import time

import pytest

from harness import PATIENCE, Penstock, Upstream, account, execute, request

SIZE = int(os.environ.get("PENSTOCK_LARGE_BYTES", 250_000_000))
PIECE = random.Random(4).randbytes(1 << 19).hex().encode()
CALL = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_echo"}
ALLOWED_KIB = 4096


@pytest.fixture
def penstock(upstream, tmp_path):
    with Penstock({"accounts": [account(upstream)], "limits": {"files_free_percent": 0},
                   "files": {"directory": str(tmp_path / "files")}}) as server:
        for _ in range(20):  # what a first request makes is made
            server.connect().exchange(execute({**CALL, "connected_account_id": "none"}))
        yield server


class Watch:
    """The most memory that was resident while something ran."""

    def __init__(self, server):
        self.server, self.most, self.ended = server, 0, False
        self.before = server.rss_kib()

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def run(self):
        while not self.ended:
            self.most = max(self.most, self.server.rss_kib())
            time.sleep(0.01)

    def __exit__(self, *_):
        self.ended = True
        self.thread.join()
        self.grown = self.most - self.before


def large(head, prefix, suffix):
    """Serves `head`, then SIZE bytes from `prefix` to `suffix`; returns their digest, too."""
    count = (SIZE - len(prefix) - len(suffix)) // len(PIECE)
    digest = hashlib.sha256(prefix)
    for _ in range(count):
        digest.update(PIECE)
    digest.update(suffix)
    size = len(prefix) + count * len(PIECE) + len(suffix)

    def handler(connection):
        while connection.read_request():
            connection.send(head % size + prefix)
            for _ in range(count):
                connection.send(PIECE)
            connection.send(suffix)
    return handler, size, digest.hexdigest()


def read(server, data, skip, drop):
    """Digest and size of a chunked body without its first and last bytes; the last ones, too."""
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.settimeout(60 * PATIENCE)
        sock.sendall(data)
        stream = sock.makefile("rb", buffering=1 << 20)
        assert b" 200 " in stream.readline()
        fields = {}
        while (line := stream.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            fields[name.lower()] = value.strip()
        digest, size, tail, front = hashlib.sha256(), 0, b"", b""
        for piece in pieces(stream, fields):
            tail += piece
            if len(front) < skip:
                front, tail = front + tail[:skip - len(front)], tail[skip - len(front):]
            if len(tail) > drop:
                digest.update(tail[:-drop] if drop else tail)
                size += len(tail) - drop
                tail = tail[-drop:] if drop else b""
        return digest, size, front, tail


def pieces(stream, fields):
    if b"content-length" in fields:
        left = int(fields[b"content-length"])
        while left and (piece := stream.read(min(left, 1 << 20))):
            left -= len(piece)
            yield piece
        return
    while count := int(stream.readline(), 16):
        yield stream.read(count)
        assert stream.readline() == b"\r\n"


def test_a_large_json_answer_streams(penstock, upstream):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    upstream.handler, size, expected = large(head, b'["', b'", 12345678901234567890]')
    with Watch(penstock) as watch:
        digest, got, front, tail = read(penstock, execute(CALL), len(b'{"data":'), 300)
    end = tail.index(b',"status":200')
    digest.update(tail[:end])
    assert (got + end, digest.hexdigest()) == (size, expected)
    assert front == b'{"data":' and json.loads(b"{" + tail[end + 1:])["status"] == 200
    assert watch.grown < ALLOWED_KIB, f"{watch.grown} KiB more"


def test_a_large_binary_answer_goes_to_the_disk_and_comes_back(penstock, upstream):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: %d\r\n\r\n"
    upstream.handler, size, expected = large(head, b"", b"end")
    with Watch(penstock) as watch:
        data = penstock.connect().exchange(execute(CALL), timeout=60 * PATIENCE).json()
    assert data["binary_data"]["size"] == size
    assert watch.grown < ALLOWED_KIB, f"{watch.grown} KiB more"
    target = data["binary_data"]["url"].removeprefix("http://p")
    with Watch(penstock) as watch:
        digest, got, _, _ = read(penstock, request("GET", target), 0, 0)
    assert (got, digest.hexdigest()) == (size, expected)
    assert watch.grown < ALLOWED_KIB, f"{watch.grown} KiB more"


def test_a_large_upload_by_url_streams(upstream, penstock):
    """What binary_body.url brings goes up as it comes."""
    def swallow(connection):
        got = connection.read_request(body=False)
        left = int(got.header("content-length"))
        digest = hashlib.sha256(connection.buffer)
        left -= len(connection.buffer)
        while left:
            piece = connection.sock.recv(1 << 20)
            assert piece
            digest.update(piece)
            left -= len(piece)
        body = json.dumps({"sha256": digest.hexdigest()}).encode()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                        b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    handler, _, expected = large(head, b"", b"end")
    upstream.handler = swallow
    with Upstream(handler) as files, Penstock({
            "accounts": [account(upstream)],
            "execute": {"binary_url_allow": ["127.0.0.1/32"]}}) as server:
        server.connect().exchange(execute({**CALL, "connected_account_id": "none"}))
        envelope = {**CALL, "method": "POST", "binary_body": {"url": files.url}}
        with Watch(server) as watch:
            answer = server.connect().exchange(execute(envelope), timeout=60 * PATIENCE)
        assert answer.json()["data"] == {"sha256": expected}
        # Both ends are plain: what is under way stands in a pipe of the kernel's.
        assert watch.grown < ALLOWED_KIB, f"{watch.grown} KiB more"
