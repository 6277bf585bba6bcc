"""Rows 288 and 289: bodies around the sizes of buffers, both ways, cut at random.

A failure prints the seed; PENSTOCK_TRANSFER_SEED takes one.
"""

import contextlib
import hashlib
import os
import random

import pytest

import scripted
from harness import Penstock, Upstream, account
from origins import bulk, pattern, proxy, send_split

SIZES = [0, 1, 16383, 16384, 16385, 65535, 65536, 65537]
SEED = int(os.environ.get("PENSTOCK_TRANSFER_SEED", str(random.randrange(1 << 32))))


@pytest.fixture(scope="module", params=["plain", "tls"])
def penstock(request, authority, tmp_path_factory):
    with contextlib.ExitStack() as stack:
        context = scripted.tls_context(authority) if request.param == "tls" else None
        up = stack.enter_context(Upstream(bulk, tls=context))
        more = {}
        if context:
            more["ca_file"] = str(tmp_path_factory.mktemp("ca") / "ca.pem")
            authority.cert_pem.write_to_path(more["ca_file"])
        yield stack.enter_context(Penstock({"accounts": [account(up, "ca_up", **more)]}))


def digest(size):
    return hashlib.sha256(pattern(size)).hexdigest()


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_responses_of_every_size_arrive(penstock, framing, split):
    """Row 288, on one client connection."""
    print(f"PENSTOCK_TRANSFER_SEED={SEED}")
    connection = penstock.connect()
    for number, size in enumerate(SIZES * (3 if split else 1)):
        query = f"?{SEED + number}" if split else ""
        response = connection.exchange(proxy("GET", f"/{size}/{framing}{query}"))
        assert response.body == pattern(size), f"{size} bytes, seed {SEED}"
        if framing == "length":
            assert response.header("content-length") == str(size)


@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_requests_of_every_size_arrive(penstock, framing, split):
    """Row 289, on one client connection."""
    print(f"PENSTOCK_TRANSFER_SEED={SEED}")
    connection = penstock.connect()
    for number, size in enumerate(SIZES * (3 if split else 1)):
        field = (("Content-Length", str(size)) if framing == "length"
                 else ("Transfer-Encoding", "chunked"))
        connection.send(proxy("POST", "/", [field]))
        connection.sock.settimeout(5)
        if split:
            send_split(connection.sock, pattern(size), SEED + number, framing)
        elif framing == "length":
            connection.send(pattern(size))
        else:
            body = pattern(size)
            connection.send((b"%x\r\n%s\r\n" % (size, body) if size else b"") + b"0\r\n\r\n")
        answer = connection.read_response("POST").json()
        assert answer == {"count": size, "sha256": digest(size)}, f"seed {SEED}"


def test_a_request_of_every_size_around_the_chunk_header_arrives(penstock):
    """Where a chunk's size line is one digit longer, an off-by-one would show."""
    connection = penstock.connect()
    for size in [15, 16, 17, 255, 256, 257, 4095, 4096, 4097, 1 << 20]:
        body = pattern(size)
        connection.send(proxy("POST", "/", [("Transfer-Encoding", "chunked")]))
        connection.send(b"%x\r\n%s\r\n0\r\n\r\n" % (size, body))
        answer = connection.read_response("POST").json()
        assert answer == {"count": size, "sha256": digest(size)}
        response = connection.exchange(proxy("GET", f"/{size}/chunked"))
        assert response.body == body


def test_pipelined_requests_with_bodies_keep_apart(penstock):
    """Row 285: what follows a body is the next request, never a part of this one."""
    choose = random.Random(SEED)
    sizes = [choose.choice(SIZES) for _ in range(12)]
    connection = penstock.connect()
    connection.sock.settimeout(10)
    data = b"".join(
        proxy("POST", "/", [("Content-Length", str(size))]) + pattern(size) for size in sizes)
    send_split(connection.sock, data, SEED, "length")
    for size in sizes:
        answer = connection.read_response("POST").json()
        assert answer == {"count": size, "sha256": digest(size)}, f"seed {SEED}"
