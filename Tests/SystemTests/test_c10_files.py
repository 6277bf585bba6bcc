"""C10: binary answers of the execute endpoint, on disk and behind signed links."""

import contextlib
import hashlib
import hmac
import os
import pathlib
import random
import re
import shutil
import stat
import subprocess
import tempfile
import threading
import time

import pytest

from codings import gzipped
from harness import (BINARY, PATIENCE, Ended, Penstock, account, assert_error, eventually, execute,
                     request)
from scripted import answer, fixed, fixed_then_close
from test_slow_readers import Unprivileged, can_be_nobody

SIGNING_KEY = "a-signing-key-of-the-tests-0123456789"
CALL = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_echo"}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
LINK = re.compile(r"http://p(/files/([0-9a-f]{32})\?expires=([0-9]+)&signature=([0-9a-f]{64}))")


def config(upstream, directory, **files):
    return {"accounts": [account(upstream)],
            "files": {"directory": str(directory), "signing_key": SIGNING_KEY, **files}}


@pytest.fixture(scope="module")
def directory():
    path = pathlib.Path(tempfile.mkdtemp(prefix="penstock-c10-")) / "files"
    yield path
    shutil.rmtree(path.parent, ignore_errors=True)


@pytest.fixture(scope="module")
def penstock(upstream, directory):
    with Penstock(config(upstream, directory), secrets=[SIGNING_KEY]) as server:
        yield server


def call(penstock, upstream, body, kind="image/png", headers=(), timeout=20.0):
    upstream.handler = fixed(answer(body, content_type=kind, headers=headers))
    response = penstock.connect().exchange(execute(CALL), timeout=timeout)
    assert response.status == 200, response
    return response.json()


def stored(penstock, upstream, body=PNG, **more):
    """The target of the link to a body that was stored."""
    data = call(penstock, upstream, body, **more)["binary_data"]
    return LINK.fullmatch(data["url"])[1]


def get(penstock, target, method="GET", headers=(), timeout=20.0):
    client = penstock.connect()
    client.send(request(method, target, headers))
    return client.read_response(method, timeout=timeout)


def sign(id, expires, key=SIGNING_KEY):
    message = f"penstock file 1\n{id}\n{expires}".encode()
    return hmac.new(hashlib.sha256(key.encode()).digest(), message, hashlib.sha256).hexdigest()


def link(id, expires, key=SIGNING_KEY):
    return f"/files/{id}?expires={expires}&signature={sign(id, expires, key)}"


def plant(directory, body=PNG, id=None, expires=None, kind=b"image/png"):
    """A stored file, as another process would have left it."""
    id = id or os.urandom(16).hex()
    expires = expires or int(time.time()) + 3600
    head = b"penstock file 1\n%d\n%s\n" % (len(body), kind)
    path = pathlib.Path(directory) / f"{id}-{expires}"
    path.write_bytes(head.ljust(512, b"\n") + body)
    path.chmod(0o600)
    return link(id, expires), path


# --- 309, 326: stored and served ---------------------------------------------------------------

@pytest.mark.parametrize("size", [1, 1000, 70_000, 10_000_000])
def test_a_binary_answer_becomes_a_link(penstock, upstream, size):
    body = random.Random(size).randbytes(size)
    envelope = call(penstock, upstream, body)
    assert envelope["data"] is None and envelope["status"] == 200
    data = envelope["binary_data"]
    assert data["size"] == size and data["content_type"] == "image/png"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z", data["expires_at"])
    match = LINK.fullmatch(data["url"])
    assert match[4] == sign(match[2], match[3])
    response = get(penstock, match[1])
    assert response.status == 200 and response.body == body
    assert response.header("content-length") == str(size)
    assert response.header("accept-ranges") == "bytes"
    line = penstock.access_line(response.request_id)
    assert line["route"] == "files" and match[4] not in str(line), line


def test_an_empty_answer_is_null(penstock, upstream):
    envelope = call(penstock, upstream, b"")
    assert envelope["data"] is None and "binary_data" not in envelope


@pytest.mark.parametrize("kind, body", [
    (None, PNG), ("application/octet-stream", b"text"), ("application/json", b'{"a": "\xff"}'),
    ("text/plain", b"\xff\xfe"), ("text/plain; charset=utf-16", "x".encode("utf-16")),
    (None, b"\xff" + b"text" * 40_000)])
def test_what_is_no_text_is_binary(penstock, upstream, kind, body):
    data = call(penstock, upstream, body, kind=kind)["binary_data"]
    response = get(penstock, LINK.fullmatch(data["url"])[1])
    assert response.body == body
    assert response.header("content-type") == kind or kind is None
    assert data["content_type"] == (kind or "application/octet-stream")


def test_a_coded_answer_is_stored_plain(penstock, upstream):
    target = stored(penstock, upstream, gzipped(PNG * 100),
                    headers=[("Content-Encoding", "gzip")])
    assert get(penstock, target).body == PNG * 100


def test_a_coding_that_nobody_knows_is_stored_as_it_is(penstock, upstream):
    envelope = call(penstock, upstream, b"brotli?", kind="application/json",
                    headers=[("Content-Encoding", "br")])
    assert envelope["headers"]["content-encoding"] == "br"
    assert get(penstock, LINK.fullmatch(envelope["binary_data"]["url"])[1]).body == b"brotli?"


def test_files_are_for_their_owner_alone(penstock, upstream, directory):
    stored(penstock, upstream)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for path in directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"upstream-secret" not in path.read_bytes()


def test_files_need_no_api_key_and_answer_every_time(penstock, upstream):
    target = stored(penstock, upstream)
    client = penstock.connect()
    for _ in range(3):
        client.send(request("GET", target))
        assert client.read_response().body == PNG


# --- 310, 311, 312, 316, 330: links ------------------------------------------------------------

def changed(target):
    """Everything that is not the link."""
    path, query = target.split("?")
    id = path.rpartition("/")[2]
    expires, signature = (part.split("=")[1] for part in query.split("&"))
    other = ("0" if id[0] != "0" else "1") + id[1:]
    return {
        "tampered signature": target[:-1] + ("0" if target[-1] != "0" else "1"),
        "truncated signature": target[:-1],
        "longer signature": target + "0",
        "empty signature": f"{path}?expires={expires}&signature=",
        "no signature": f"{path}?expires={expires}",
        "no query": path,
        "other case": f"{path}?expires={expires}&signature={signature.upper()}",
        "tampered expiry": f"{path}?expires={int(expires) + 1}&signature={signature}",
        "leading zero": f"{path}?expires=0{expires}&signature={signature}",
        "tampered id": f"/files/{other}?{query}",
        "extra parameter": target + "&x=1",
        "parameter in front": f"{path}?x=1&{query}",
        "other order": f"{path}?signature={signature}&expires={expires}",
        "another key": link(id, expires, "another-key-of-the-tests-012345"),
        "traversal": f"/files/../../etc/passwd?{query}",
        "encoded traversal": f"/files/%2e%2e%2fetc%2fpasswd?{query}",
        "a slash": f"/files/a/b?{query}",
        "upper-case id": f"/files/{id.upper()}?{query}",
        "no id": f"/files/?{query}",
        "4 KiB of id": f"/files/{'a' * 4096}?{query}",
    }


@pytest.mark.parametrize("name", changed("/files/0a?expires=1&signature=a"))
def test_what_is_not_the_link_is_refused(penstock, upstream, name):
    target = stored(penstock, upstream)
    wrong = changed(target)[name]
    response = get(penstock, wrong)
    if wrong == target:
        pytest.skip("the same")
    assert_error(response, 403, "invalid_signature")
    assert get(penstock, target).status == 200


def test_no_file_is_touched_before_the_signature(penstock, directory):
    """With a FIFO in the way, opening would block."""
    id, expires = os.urandom(16).hex(), int(time.time()) + 60
    os.mkfifo(directory / f"{id}-{expires}")
    try:
        assert_error(get(penstock, link(id, expires)[:-1] + "x"), 403, "invalid_signature")
        assert_error(get(penstock, link(id, expires)), 404, "not_found")
    finally:
        (directory / f"{id}-{expires}").unlink()


def test_expired_is_gone(penstock, directory):
    target, _ = plant(directory, expires=int(time.time()) - 1)
    assert_error(get(penstock, target), 410, "link_expired")
    now, _ = plant(directory, expires=int(time.time()))
    assert_error(get(penstock, now), 410, "link_expired")


def test_a_link_to_nothing(penstock):
    assert_error(get(penstock, link(os.urandom(16).hex(), int(time.time()) + 60)), 404,
                 "not_found")


def test_a_planted_symlink_is_not_followed(penstock, directory):
    id, expires = os.urandom(16).hex(), int(time.time()) + 60
    target, path = plant(directory)
    (directory / f"{id}-{expires}").symlink_to(path)
    assert get(penstock, target).status == 200
    assert_error(get(penstock, link(id, expires)), 404, "not_found")


@pytest.mark.parametrize("damage", ["short", "long", "empty", "head", "directory"])
def test_a_damaged_file_is_never_served(penstock, directory, damage):
    target, path = plant(directory)
    data = path.read_bytes()
    if damage == "directory":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes({"short": data[:-1], "long": data + b"x", "empty": b"",
                          "head": b"x" + data[1:]}[damage])
    response = get(penstock, target)
    assert response.status in (404, 503), response
    with contextlib.suppress(OSError):
        path.rmdir()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_reading(penstock, upstream, method):
    response = get(penstock, stored(penstock, upstream), method)
    assert_error(response, 405, "method_not_allowed")
    assert response.header("allow") == "GET, HEAD"


def test_guessing_finds_nothing(penstock):
    client = penstock.connect()
    for _ in range(500):
        client.send(request("GET", link(os.urandom(16).hex(), 1 << 33, "guess" * 5)))
        assert client.read_response().status == 403


# --- 315: ranges and conditions ----------------------------------------------------------------

@pytest.mark.parametrize("value, expected", [
    ("bytes=0-0", (0, 1)), ("bytes=-1", (263, 264)), ("bytes=5-", (5, 264)),
    ("bytes=0-99999999", (0, 264)), ("bytes=10-19", (10, 20)), ("bytes=-9999", (0, 264)),
    ("BYTES=1-2", (1, 3)), ("bytes=263-", (263, 264))])
def test_a_range(penstock, upstream, value, expected):
    response = get(penstock, stored(penstock, upstream), headers=[("Range", value)])
    start, end = expected
    assert response.status == 206 and response.body == PNG[start:end]
    assert response.header("content-range") == f"bytes {start}-{end - 1}/264"


@pytest.mark.parametrize("value", [
    "bytes=9-2", "bytes=abc", "bytes=", "bytes=-", "bytes=0-0,2-3", "lines=0-1", "bytes 0-1",
    "bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), "bytes=0-0x"])
def test_what_is_no_single_range_is_ignored(penstock, upstream, value):
    response = get(penstock, stored(penstock, upstream), headers=[("Range", value)])
    assert response.status == 200 and response.body == PNG


@pytest.mark.parametrize("value", ["bytes=264-", "bytes=9999-10000", "bytes=-0"])
def test_an_unsatisfiable_range(penstock, upstream, value):
    response = get(penstock, stored(penstock, upstream), headers=[("Range", value)])
    assert_error(response, 416, "range_not_satisfiable")
    assert response.header("content-range") == "bytes */264"


def test_head_says_what_get_would_bring(penstock, upstream):
    target = stored(penstock, upstream)
    response = get(penstock, target, "HEAD", headers=[("Range", "bytes=0-0")])
    assert response.status == 200 and response.body == b""
    assert response.header("content-length") == "264"


def test_conditions(penstock, upstream):
    target = stored(penstock, upstream)
    tag = get(penstock, target).header("etag")
    for known in (tag, "W/" + tag, f'"x", {tag}', "*"):
        response = get(penstock, target, headers=[("If-None-Match", known)])
        assert response.status == 304 and response.body == b"", known
        assert response.header("etag") == tag
    for other in ('"x"', tag.upper(), tag.strip('"'), tag + "x"):
        assert get(penstock, target, headers=[("If-None-Match", other)]).status == 200, other
    part = [("Range", "bytes=0-3")]
    assert get(penstock, target, headers=[*part, ("If-Range", tag)]).status == 206
    for other in ('"x"', tag.upper(), "W/" + tag, "Wed, 21 Oct 2026 07:28:00 GMT"):
        assert get(penstock, target, headers=[*part, ("If-Range", other)]).status == 200


# --- 317, 318: what a browser sees -------------------------------------------------------------

@pytest.mark.parametrize("kind", ["application/x-html+thing", "image/svg+thing", "video/mp4"])
def test_nothing_is_a_page_of_ours(penstock, upstream, kind):
    target = stored(penstock, upstream, b"\xff<script>", kind=kind, headers=[
        ("Content-Disposition", 'inline; filename="../../x"')])
    response = get(penstock, target, headers=[("Accept-Encoding", "gzip")])
    assert response.header("content-type") == kind
    assert response.header("x-content-type-options") == "nosniff"
    assert response.header("content-disposition") == "attachment"
    assert response.header("cache-control") == "private, no-store"
    assert "sandbox" in response.header("content-security-policy")
    assert response.header("content-encoding") is None


@pytest.mark.parametrize("kind", [
    "text/html; charset=utf-16", "image/svg+xml; charset=utf-16", "text/xml; charset=utf-16",
    "text/javascript; charset=utf-16", "multipart/x-mixed-replace; boundary=x"])
def test_what_a_browser_would_run_is_bytes(penstock, upstream, kind):
    """The envelope says what it was; the link does not."""
    data = call(penstock, upstream, "<script>".encode("utf-16"), kind=kind)["binary_data"]
    assert data["content_type"] == kind
    response = get(penstock, LINK.fullmatch(data["url"])[1])
    assert response.header("content-type") == "application/octet-stream"


@pytest.mark.parametrize("kind", [
    b"image/png\rX: y", b"image/png\x00", b"image/png; x=\"\xff\"", b"image", b" ", b"text/html"])
def test_a_type_that_was_planted_is_no_field(penstock, directory, kind):
    target, path = plant(directory, kind=kind)
    response = get(penstock, target)
    assert response.status == 200 and response.body == PNG
    assert response.header("content-type") == "application/octet-stream"
    path.unlink()


@pytest.mark.parametrize("kind", [
    "image/png; x=" + "y" * 600, "image/png; x=" + "y" * 235, 'image/png; x="\xff"', "image", "/"])
def test_a_type_that_is_none_is_not_kept(penstock, upstream, kind):
    """Nor does it break the envelope."""
    data = call(penstock, upstream, PNG, kind=kind)["binary_data"]
    response = get(penstock, LINK.fullmatch(data["url"])[1])
    assert response.status == 200 and response.body == PNG


# --- 319, 320, 322: what cannot be stored -------------------------------------------------------

def names(directory):
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("size", [1000, 5_000_000])
def test_a_truncated_answer_leaves_nothing(penstock, upstream, directory, size):
    before = names(directory)
    upstream.handler = fixed_then_close(answer(bytes(size), content_type="image/png")[:-1])
    response = penstock.connect().exchange(execute(CALL), timeout=10.0)
    assert_error(response, 502, "upstream_truncated")
    eventually(lambda: names(directory) == before, 3.0, "the part's removal")


def test_a_client_that_leaves_leaves_nothing(penstock, upstream, directory):
    before = names(directory)

    def slow(connection):
        connection.read_request()
        connection.send(answer(bytes(5_000_000), content_type="image/png")[:2_000_000])
        connection.wait_for_end(10.0)
    upstream.handler = slow
    client = penstock.connect()
    client.send(execute(CALL))
    eventually(lambda: names(directory) != before, 3.0, "a part")
    client.close()
    eventually(lambda: names(directory) == before, 3.0, "the part's removal")


@pytest.fixture
def full_disk():
    path = pathlib.Path(tempfile.mkdtemp(prefix="penstock-tmpfs-"))
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", path])
    if made.returncode != 0:
        pytest.skip("needs to mount")
    yield path
    subprocess.run(["umount", "-l", path])
    path.rmdir()


@pytest.mark.parametrize("size", [3_000_000, 20_000_000])
def test_a_full_disk_is_told(upstream, full_disk, size):
    """Nothing is left of it, text still works, and so does what fits."""
    with Penstock(config(upstream, full_disk / "files") | {
            "limits": {"files_free_percent": 0}}) as server:
        upstream.handler = fixed(answer(random.Random(1).randbytes(size), content_type="a/b"))
        response = server.connect().exchange(execute(CALL), timeout=20.0)
        assert_error(response, 503, "spool_unavailable")
        assert response.header("retry-after") == "1"
        eventually(lambda: names(full_disk / "files") == [], 3.0, "the part's removal")
        assert server.metric("penstock_spool_errors_total", reason="enospc") >= 1
        upstream.begin_row()
        assert call(server, upstream, b'{"a": 1}', kind="application/json")["data"] == {"a": 1}
        upstream.begin_row()
        target = stored(server, upstream)
        assert get(server, target).body == PNG


def test_the_disk_is_left_to_others(upstream, full_disk):
    (full_disk / "other").write_bytes(bytes(1_500_000))
    with Penstock(config(upstream, full_disk / "files") | {
            "limits": {"files_free_percent": 50}}) as server:
        upstream.handler = fixed(answer(PNG, content_type="a/b"))
        response = server.connect().exchange(execute(CALL))
        assert_error(response, 503, "spool_unavailable")
        assert server.metric("penstock_spool_errors_total", reason="free_space") == 1
        assert server.metric("penstock_limit_hits_total", limit="files_free_percent") == 1


def test_the_quota_of_files(upstream, directory):
    path = directory.parent / "quota"
    with Penstock(config(upstream, path, max_files=3, ttl="2s")) as server:
        upstream.handler = fixed(answer(PNG, content_type="a/b"))
        client = server.connect()
        for _ in range(3):
            assert client.exchange(execute(CALL)).status == 200
        assert_error(client.exchange(execute(CALL)), 503, "spool_unavailable")
        assert len(names(path)) == 3, "what has not expired stays"
        assert server.metric("penstock_spool_errors_total", reason="max_files") == 1
        assert server.metric("penstock_limit_hits_total", limit="files_max_files") == 1
        time.sleep(3.1)
        assert client.exchange(execute(CALL)).status == 200, "what has expired makes room"
        assert len(names(path)) == 1


def test_the_quota_of_bytes(upstream, directory):
    path = directory.parent / "quota-bytes"
    with Penstock(config(upstream, path, max_bytes="1MiB")) as server:
        upstream.handler = fixed(answer(bytes(300_000), content_type="a/b"))
        client = server.connect()
        for _ in range(3):
            assert client.exchange(execute(CALL)).status == 200
        assert_error(client.exchange(execute(CALL)), 503, "spool_unavailable")
        assert server.metric("penstock_limit_hits_total", limit="files_max_bytes") == 1
        assert server.metric("penstock_files") == 3
        assert 900_000 < server.metric("penstock_file_bytes") < 1 << 20
        assert len(names(path)) == 3


def test_a_file_over_the_limit(upstream, directory):
    path = directory.parent / "limit"
    with Penstock(config(upstream, path) | {"limits": {"file_bytes": "1MiB"}}) as server:
        upstream.handler = fixed(answer(bytes(2_000_000), content_type="a/b"))
        response = server.connect().exchange(execute(CALL))
        assert_error(response, 502, "upstream_response_too_large")
        upstream.begin_row()
        upstream.handler = fixed_then_close(
            b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n\r\n" + bytes(2_000_000))
        response = server.connect().exchange(execute(CALL))
        assert_error(response, 502, "upstream_response_too_large")
        eventually(lambda: names(path) == [], 3.0, "the part's removal")
        assert server.metric("penstock_limit_hits_total", limit="file_bytes") == 2
        assert server.metric("penstock_limit_hits_total", limit="execute_response_bytes") == 0


# --- 323, 324, 325: lives of the process and the directory -------------------------------------

def test_kill_while_writing(upstream, directory):
    """The part goes, whole files stay with the same links, expired ones go."""
    path = directory.parent / "killed"

    def slow(connection):
        connection.read_request()
        connection.send(answer(bytes(9_000_000), content_type="image/png")[:5_000_000])
        connection.wait_for_end(20.0)
    with Penstock(config(upstream, path)) as server:
        target = stored(server, upstream)
        upstream.begin_row()
        upstream.handler = slow
        client = server.connect()
        client.send(execute(CALL))
        eventually(lambda: any(name.endswith(".part") for name in names(path)), 5.0, "a part")
        time.sleep(0.4)  # the log is written five times a second
        server.kill()
        server.stopped = True
        with contextlib.suppress(Ended):
            client.read_response()
    assert any(name.endswith(".part") for name in names(path))
    old, old_path = plant(path, expires=int(time.time()) - 5)
    with Penstock(config(upstream, path)) as server:
        assert get(server, target).body == PNG
        eventually(lambda: len(names(path)) == 1, 3.0, "the sweep")
        assert_error(get(server, old), 410, "link_expired")
        assert not old_path.exists()


def test_two_processes_share_a_directory(upstream, directory):
    """Neither takes the other's part for one that nobody writes."""
    path = directory.parent / "shared"
    go = threading.Event()

    def slow(connection):
        connection.read_request()
        data = answer(bytes(3_000_000), content_type="image/png")
        connection.send(data[:2_000_000])
        go.wait(20)
        connection.send(data[2_000_000:])
    with Penstock(config(upstream, path)) as first:
        upstream.handler = slow
        client = first.connect()
        client.send(execute(CALL))
        eventually(lambda: any(name.endswith(".part") for name in names(path)), 5.0, "a part")
        with Penstock(config(upstream, path)) as second:
            time.sleep(0.3)  # its first sweep
            go.set()
            response = client.read_response(timeout=10.0)
            assert response.status == 200, response
            target = LINK.fullmatch(response.json()["binary_data"]["url"])[1]
            assert get(second, target).body == bytes(3_000_000)


def test_the_directory_may_vanish(upstream, directory):
    path = directory.parent / "vanishing"
    with Penstock(config(upstream, path)) as server:
        stored(server, upstream)
        shutil.rmtree(path)
        target = stored(server, upstream)
        assert get(server, target).body == PNG


@pytest.mark.parametrize("kind", ["file", "open", "link"])
def test_a_directory_that_will_not_do(upstream, directory, kind):
    path = directory.parent / f"bad-{kind}"
    if kind == "file":
        path.write_text("")
    elif kind == "open":
        path.mkdir(mode=0o755)
        path.chmod(0o755)
    else:
        path.symlink_to(directory)
    server = Penstock(config(upstream, path))
    with pytest.raises(AssertionError, match="exit code 1"):
        with server:
            pass


def test_without_a_directory_there_is_no_place(upstream):
    """None is configured, and none can be made: text works, and binary answers say why not.

    Where root could make one, nobody is asked to.
    """
    if os.geteuid() == 0 and not can_be_nobody():
        pytest.skip("needs a user that may not make directories")
    kind = Unprivileged if os.geteuid() == 0 else Penstock
    with kind({"accounts": [account(upstream)]},
              env={"TMPDIR": "/proc/none", "STATE_DIRECTORY": "/proc/none"}) as server:
        upstream.handler = fixed(answer(PNG, content_type="a/b"))
        response = server.connect().exchange(execute(CALL))
        assert_error(response, 501, "binary_answer_unsupported")
        assert server.log_lines(1, event="files_off")


@pytest.mark.parametrize("variable", ["STATE_DIRECTORY", "TMPDIR"])
def test_a_directory_is_found_where_none_is_configured(upstream, variable, tmp_path):
    """What systemd gives, or one in the directory for temporary files; of a list, the first."""
    if os.geteuid() == 0 and not can_be_nobody():
        pytest.skip("needs a user that may not make directories")
    root = pathlib.Path(tempfile.mkdtemp(prefix="penstock-state-", dir="/tmp"))
    root.chmod(0o777)
    kind = Unprivileged if os.geteuid() == 0 else Penstock
    values = {"STATE_DIRECTORY": f"{root}/state:/elsewhere", "TMPDIR": str(root)}
    env = {name: values[name] if name == variable else "/proc/none" for name in values}
    try:
        with kind({"accounts": [account(upstream)]}, env=env) as server:
            target = stored(server, upstream)
            assert get(server, target).body == PNG
            uid = os.stat(f"/proc/{server.pid}").st_uid
            name = "state/files" if variable == "STATE_DIRECTORY" else f"penstock-files-{uid}"
            path = root / name
            assert stat.S_IMODE(path.stat().st_mode) == 0o700 and path.stat().st_uid == uid
            assert len(names(path)) == 1
            lines = [line["message"] for line in server.log_lines(2, event="files")]
            assert any(str(path) in line for line in lines), lines
            assert any("signing_key" in line for line in lines), lines
    finally:
        shutil.rmtree(root)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to give a directory away")
@pytest.mark.parametrize("trap", ["owner", "open", "link"])
def test_a_directory_that_somebody_else_made_is_not_used(upstream, trap, tmp_path):
    """After a cleaner, say, while the server runs: its files do not go there."""
    root = pathlib.Path(tempfile.mkdtemp(prefix="penstock-trap-", dir="/tmp"))
    path = root / "files"
    try:
        with Penstock(config(upstream, path)) as server:
            target = stored(server, upstream)
            shutil.rmtree(path)
            elsewhere = root / "elsewhere"
            elsewhere.mkdir(mode=0o700)
            if trap == "link":
                path.symlink_to(elsewhere)
            else:
                path.mkdir(mode=0o700)
                if trap == "owner":
                    os.chown(path, 65534, 65534)
                else:
                    path.chmod(0o777)
            response = server.connect().exchange(execute(CALL))
            assert_error(response, 503, "spool_unavailable")
            assert_error(get(server, target), 503, "spool_unavailable")
            assert names(path) == [] and names(elsewhere) == []
            path.unlink() if trap == "link" else path.rmdir()
            assert get(server, stored(server, upstream)).body == PNG
            assert_error(get(server, target), 404, "not_found")
    finally:
        shutil.rmtree(root)


@pytest.mark.parametrize("kind, message", [
    ("file", "the directory is none"), ("open", "the directory is open to other users"),
    ("closed", "the directory is closed to its owner"), ("link", "the directory is none"),
    ("below a file", "the directory is none")])
def test_check_says_what_serving_would(upstream, directory, kind, message):
    """342: the same verdict, at the key that it is about."""
    path = directory.parent / f"check-{kind.replace(' ', '-')}"
    if kind in ("file", "below a file"):
        path.write_text("")
    elif kind == "link":
        path.symlink_to(directory)
    else:
        path.mkdir()
        path.chmod(0o755 if kind == "open" else 0o400)
    if kind == "below a file":
        path = path / "files"
    server = Penstock(config(upstream, path))
    server.write_config(server.config)
    done = subprocess.run([BINARY, "check", "--config", str(server.config_path)],
                          capture_output=True, text=True)
    assert done.returncode == 1
    line, = [line for line in done.stdout.splitlines() if " error: " in line]
    assert message in line and "penstock.yaml:" in line
    shutil.rmtree(server.directory)


def test_a_missing_directory_is_made_with_all_above_it(upstream, directory):
    path = directory.parent / "made" / "for" / "files"
    with Penstock(config(upstream, path)) as server:
        assert get(server, stored(server, upstream)).body == PNG
    for each in (path, path.parent, path.parent.parent):
        assert stat.S_IMODE(each.stat().st_mode) == 0o700


def test_links_die_with_a_random_key(upstream, directory):
    path = directory.parent / "random"
    with Penstock({"accounts": [account(upstream)], "files": {"directory": str(path)}}) as server:
        target = stored(server, upstream)
        assert get(server, target).body == PNG
        assert any("signing_key" in line["message"]
                   for line in server.log_lines(1, event="configuration"))
    with Penstock({"accounts": [account(upstream)], "files": {"directory": str(path)}}) as server:
        assert_error(get(server, target), 403, "invalid_signature")


def test_keys_rotate(upstream, directory):
    """331: the new one signs, the old one is still good."""
    path = directory.parent / "rotating"
    new = "a-new-signing-key-of-the-tests-0123"
    with Penstock(config(upstream, path)) as server:
        target = stored(server, upstream)
    with Penstock(config(upstream, path, signing_key=[new, SIGNING_KEY])) as server:
        assert get(server, target).body == PNG
        fresh = stored(server, upstream)
        match = LINK.fullmatch("http://p" + fresh)
        assert match[4] == sign(match[2], match[3], new)
    with Penstock(config(upstream, path, signing_key=new)) as server:
        assert_error(get(server, target), 403, "invalid_signature")
        assert get(server, fresh).body == PNG


def test_links_may_begin_with_a_url(upstream, directory):
    path = directory.parent / "public"
    with Penstock(config(upstream, path, public_url="https://proxy.example")) as server:
        url = call(server, upstream, PNG)["binary_data"]["url"]
        assert url.startswith("https://proxy.example/files/")


# --- 314, 327, 328: downloads -------------------------------------------------------------------

def test_a_download_goes_on_when_its_file_goes(penstock, upstream, directory):
    body = random.Random(3).randbytes(30_000_000)
    target, path = plant(directory, body, expires=int(time.time()) + 2)
    client = penstock.connect(receive_buffer=65536)
    client.send(request("GET", target))
    client.fill(time.monotonic() + 5)
    path.unlink()
    time.sleep(2.1)
    assert client.read_response(timeout=20.0).body == body


def test_a_stalled_download_ends(upstream, directory):
    path = directory.parent / "stalled"
    with Penstock(config(upstream, path) | {"timeouts": {"write_stall": "1s"}}) as server:
        target, _ = plant(path, bytes(30_000_000))
        base = server.fds()
        client = server.connect(receive_buffer=4096)
        client.send(request("GET", target))
        eventually(lambda: server.fds() > base + 1, 3.0, "an open file")
        eventually(lambda: server.fds() <= base, 6.0 * PATIENCE, "the end")


def test_a_file_that_shrinks_cuts_its_download(penstock, directory):
    target, path = plant(directory, bytes(30_000_000))
    client = penstock.connect(receive_buffer=65536)
    client.send(request("GET", target))
    client.fill(time.monotonic() + 5)
    os.truncate(path, 10_000_000)
    with pytest.raises(Ended):
        client.read_response(timeout=10.0)
    path.unlink()


def test_the_start_is_quick_with_many_files(upstream, directory):
    """323, 329: a hundred thousand expired files are swept beside the work."""
    path = directory.parent / "many"
    path.mkdir(mode=0o700)
    old = int(time.time()) - 10
    for number in range(20_000):
        (path / f"{number:032x}-{old}").touch()
    begun = time.monotonic()
    with Penstock(config(upstream, path)) as server:
        assert time.monotonic() - begun < 1.5 * PATIENCE
        assert get(server, "/healthz").status == 200
        eventually(lambda: len(os.listdir(path)) == 0, 20.0, "the sweep")
        eventually(lambda: server.metric("penstock_files_expired_total") == 20_000, 5.0, "a count")
