"""Large bodies through the streaming route: every byte arrives, and none of them stays.

PENSTOCK_TRANSFER_BYTES sets the size; 256 MiB where nothing is said, 1 GiB before a release.
"""

import contextlib
import os
import threading
import time

import pytest

import harness
import scripted
from harness import PATIENCE, Penstock, Upstream, account
from origins import bulk, pattern_sha256, proxy, receive, send_pattern

SIZE = int(os.environ.get("PENSTOCK_TRANSFER_BYTES", str(256 << 20)))
GROWTH_KIB = 10 << 10
TOTAL_KIB = 40 << 10
SECONDS = 120.0


@pytest.fixture(scope="module", params=["plain", "tls"])
def penstock(request, authority, tmp_path_factory):
    """A server whose account reaches the bulk upstream, plain or over TLS."""
    with contextlib.ExitStack() as stack:
        context = scripted.tls_context(authority) if request.param == "tls" else None
        up = stack.enter_context(Upstream(bulk, tls=context))
        more = {"timeouts": {"first_byte": "60s", "idle": "20s"}}
        if context:
            more["ca_file"] = str(tmp_path_factory.mktemp("ca") / "ca.pem")
            authority.cert_pem.write_to_path(more["ca_file"])
        server = stack.enter_context(Penstock({"accounts": [account(up, "ca_up", **more)]}))
        warm_up(server)
        yield server


def warm_up(penstock):
    """What the first exchange allocates for good is no growth."""
    for framing in ("length", "chunked"):
        assert download(penstock, 1 << 20, framing).sha256 == pattern_sha256(1 << 20)
        assert upload(penstock, 1 << 20, framing)["sha256"] == pattern_sha256(1 << 20)


def download(penstock, size, framing):
    connection = penstock.connect()
    connection.send(proxy("GET", f"/{size}/{framing}"))
    response = connection.read_head(SECONDS)
    assert response.status == 200
    if framing == "length":
        assert response.header("content-length") == str(size)
    else:
        assert response.header("transfer-encoding") == "chunked"
    tally = receive(connection, response)
    connection.close()
    return tally


def upload(penstock, size, framing):
    connection = penstock.connect()
    field = (("Content-Length", str(size)) if framing == "length"
             else ("Transfer-Encoding", "chunked"))
    connection.send(proxy("POST", "/", [field]))
    connection.sock.settimeout(SECONDS)
    send_pattern(connection.sock, size, framing)
    answer = connection.read_response("POST", SECONDS).json()
    connection.close()
    return answer


class Watch:
    """The resident memory while the block runs, sampled every 20 ms."""

    def __init__(self, penstock):
        self.penstock, self.done = penstock, threading.Event()
        self.start = self.peak = penstock.rss_kib()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while not self.done.wait(0.02):
            self.peak = max(self.peak, self.penstock.rss_kib())

    def __enter__(self):
        self.started_at = time.monotonic()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.thread.join()
        seconds = time.monotonic() - self.started_at
        print(f"{SIZE / seconds / 1e6:.0f} MB/s, {self.start} KiB grew to {self.peak}")

    def check(self):
        assert self.peak - self.start < GROWTH_KIB, f"{self.start} KiB grew to {self.peak}"
        if "release" in harness.BINARY:
            assert self.peak < TOTAL_KIB, f"{self.peak} KiB"


@pytest.mark.slow
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_a_large_download_arrives_whole_and_memory_is_flat(penstock, framing):
    with Watch(penstock) as watch:
        tally = download(penstock, SIZE, framing)
    assert tally.count == SIZE and tally.sha256 == pattern_sha256(SIZE)
    watch.check()


@pytest.mark.slow
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_large_upload_arrives_whole_and_memory_is_flat(penstock, framing):
    with Watch(penstock) as watch:
        answer = upload(penstock, SIZE, framing)
    assert answer == {"count": SIZE, "sha256": pattern_sha256(SIZE)}
    watch.check()


@pytest.mark.slow
def test_many_transfers_at_once_arrive_whole(penstock):
    """Eight each way; what one holds up must not reach another."""
    size, faults = SIZE // 32, []

    def run(direction, framing):
        try:
            if direction == "down":
                assert download(penstock, size, framing).sha256 == pattern_sha256(size)
            else:
                assert upload(penstock, size, framing)["sha256"] == pattern_sha256(size)
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(direction, framing))
               for direction in ("down", "up") for framing in ("length", "chunked")
               for _ in range(4)]
    with Watch(penstock) as watch:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(SECONDS * PATIENCE)
    assert not faults, faults
    assert watch.peak - watch.start < 2 * GROWTH_KIB
