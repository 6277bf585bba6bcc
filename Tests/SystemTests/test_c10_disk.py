"""C10, where the disk is to blame: it fails, is slow, or does not answer while files are served."""

import contextlib
import pathlib
import random
import re
import shutil
import tempfile
import time

import pytest

from harness import Ended, PATIENCE, Penstock, assert_error, request
from test_c10_files import PNG, config, get, plant
from tracing import needs_strace, put_out, traced

pytestmark = needs_strace


@pytest.fixture
def directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="penstock-c10-")) / "files"
    yield path
    shutil.rmtree(path.parent, ignore_errors=True)


def download(penstock, target, name, receive_buffer=65536):
    client = penstock.connect(receive_buffer=receive_buffer)
    client.send(request("GET", target, [("X-Request-Id", name)]))
    return client


@pytest.mark.parametrize("error, reason", [("EIO", "eio"), ("EINVAL", "other")])
def test_a_disk_that_fails_in_the_middle_cuts_the_download(upstream, directory, error, reason):
    """321: reset, never ended in order nor filled up; and the client is not the one to blame."""
    with Penstock(config(upstream, directory)) as server:
        target, _ = plant(directory, random.Random(1).randbytes(30_000_000))
        with traced(server, "-e", "trace=sendfile", "-e",
                    f"inject=sendfile:error={error}:when=2+"):
            client = download(server, target, "broken")
            with pytest.raises(Ended):
                client.read_response(timeout=10.0)
            assert client.ended == "reset"
        line = server.access_line("broken")
        assert line["status"] == 200 and line["error"] == "spool_unavailable", line
        assert line["termination"] == "internal:respond"
        assert 0 < line["bytes_sent"] < 30_000_000
        assert server.metric("penstock_spool_errors_total", reason=reason) == 1
        assert get(server, target).status == 200


def test_a_disk_that_fails_while_it_is_read_ahead_cuts_the_download(upstream, directory):
    """The first read is the head of the file, by which it is known for whole."""
    with Penstock(config(upstream, directory)) as server:
        target, path = plant(directory, random.Random(1).randbytes(5_000_000))
        put_out(path)
        with traced(server, "-e", "trace=pread64", "-e", "inject=pread64:error=EIO:when=2+"):
            client = download(server, target, "unread")
            with pytest.raises(Ended):
                client.read_response(timeout=10.0)
        assert server.access_line("unread")["error"] == "spool_unavailable"
        assert server.metric("penstock_spool_errors_total", reason="eio") == 1


@pytest.mark.parametrize("call, error, status, slug", [
    ("openat", "EIO", 503, "spool_unavailable"), ("openat", "EACCES", 503, "spool_unavailable"),
    ("pread64", "EIO", 503, "spool_unavailable")])
def test_a_file_that_cannot_be_opened_is_told(upstream, directory, call, error, status, slug):
    with Penstock(config(upstream, directory)) as server:
        target, _ = plant(directory)
        with traced(server, "-e", f"trace={call}", "-e", f"inject={call}:error={error}"):
            response = get(server, target)
        assert_error(response, status, slug)
        assert response.header("retry-after") == "1"
        response = get(server, target)
        assert response.status == 200 and response.body == PNG


def test_a_disk_that_does_not_answer_is_not_waited_for_without_end(upstream, directory):
    """As long as for a client that does not read; what comes later is thrown away."""
    settings = config(upstream, directory) | {"timeouts": {"write_stall": "500ms"}}
    with Penstock(settings) as server:
        target, path = plant(directory, random.Random(1).randbytes(5_000_000))
        with traced(server, "-e", "trace=pread64", "-e", "inject=pread64:delay_enter=2000000"):
            begun = time.monotonic()
            response = get(server, target)
            assert_error(response, 503, "spool_unavailable")
            assert 0.4 < time.monotonic() - begun < 1.5 * PATIENCE
            time.sleep(2.1)
        put_out(path)
        with traced(server, "-e", "trace=pread64", "-e",
                    "inject=pread64:delay_enter=2000000:when=2+"):
            client = download(server, target, "waited")
            with pytest.raises(Ended):
                client.read_response(timeout=10.0)
            assert client.ended == "reset"
            time.sleep(2.1)
        assert server.access_line("waited")["error"] == "spool_unavailable"
        assert get(server, target).status == 200


def test_a_dead_disk_does_not_keep_the_process(upstream, directory):
    """SIGTERM ends it in time, whatever a helper thread is waiting for."""
    settings = config(upstream, directory) | {"timeouts": {"shutdown_grace": "1s"}}
    with Penstock(settings) as server:
        target, _ = plant(directory)
        with traced(server, "-e", "trace=pread64", "-e", "inject=pread64:delay_enter=30000000"):
            client = server.connect()
            client.send(request("GET", target))
            time.sleep(0.5)
            begun = time.monotonic()
            server.process.terminate()
            # The process is gone from its clients' view; its tracer lets it go in its own time.
            with pytest.raises(Ended):
                client.read_response(timeout=10.0 * PATIENCE)
            assert time.monotonic() - begun < 5.0 * PATIENCE
        server.kill()
        server.stopped = True


def test_a_slow_disk_slows_nobody_else(upstream, directory):
    """328: each read of the disk takes half a second; a request beside it does not notice."""
    with Penstock(config(upstream, directory)) as server:
        body = random.Random(9).randbytes(3_000_000)
        target, file = plant(directory, body)
        put_out(file)
        with traced(server, "-e", "trace=pread64", "-e", "inject=pread64:delay_enter=500000"):
            client = server.connect()
            client.send(request("GET", target))
            slowest = 0.0
            for _ in range(20):
                begun = time.monotonic()
                assert get(server, "/healthz").status == 200
                slowest = max(slowest, time.monotonic() - begun)
                time.sleep(0.02)
            assert slowest < 0.2 * PATIENCE, slowest
            assert client.read_response(timeout=60.0).body == body


def test_a_fast_client_gets_a_share_of_a_turn(upstream, directory):
    """Each piece of a file is followed by a look at what the others want."""
    with Penstock(config(upstream, directory)) as server:
        body = random.Random(2).randbytes(40_000_000)
        target, _ = plant(directory, body)
        trace = directory.parent / "trace"
        with traced(server, "-e", "trace=sendfile,epoll_wait", output=trace):
            assert get(server, target, timeout=60.0).body == body
        calls = re.findall(r"(sendfile|epoll_wait)\(", trace.read_text())
        assert calls.count("sendfile") >= 30
        assert ("sendfile", "sendfile") not in list(zip(calls, calls[1:]))


def test_a_request_that_is_broken_while_its_file_is_opened_is_answered_once(upstream, directory):
    """The answer waits for a client that does not read; meanwhile the file is there."""
    with Penstock(config(upstream, directory)) as server:
        large, _ = plant(directory, bytes(2_000_000))
        target, _ = plant(directory)
        with traced(server, "-e", "trace=pread64", "-e", "inject=pread64:delay_enter=300000"):
            client = server.connect(receive_buffer=4096)
            fields = [("Transfer-Encoding", "chunked")]
            broken = request("GET", target, fields) + b"5\r\nhello"
            client.send(request("GET", large) + broken)
            time.sleep(1.0)
            client.send(b"not a chunk's end\r\n")
            assert client.read_response(timeout=20.0).status == 200
            with contextlib.suppress(Ended):
                assert client.read_response(timeout=5.0).status in (200, 400)
        assert get(server, target).status == 200
