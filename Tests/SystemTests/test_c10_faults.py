"""C10, rows 313, 320 and 321: a disk that fails at every step, and clocks that are wrong."""

import glob
import pathlib
import random
import time

import pytest

import server as server_module
from harness import BINARY, PATIENCE, Penstock, assert_error, eventually, execute
from scripted import answer, fixed
from test_c10_files import CALL, PNG, config, get, names, stored
from tracing import needs_strace, traced

FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)


@pytest.fixture
def penstock(upstream, tmp_path):
    with Penstock(config(upstream, tmp_path / "files")) as server:
        yield server


@needs_strace
@pytest.mark.parametrize("fault, reason", [
    ("pwrite64:error=ENOSPC", "enospc"), ("pwrite64:error=EDQUOT", "edquot"),
    ("fdatasync:error=EIO", "eio"), ("fdatasync:error=ENOSPC", "enospc"),
    ("renameat:error=EROFS", "erofs"), ("renameat:error=EACCES", "eacces"),
    ("flock:error=EIO", None)])
@pytest.mark.parametrize("size", [1000, 1_000_000])
def test_whatever_fails_is_told_and_nothing_is_left(penstock, upstream, fault, reason, size):
    directory = pathlib.Path(penstock.config["files"]["directory"])
    upstream.handler = fixed(answer(random.Random(1).randbytes(size), content_type="a/b"))
    if reason is None:
        fault += ":when=1"  # one that was swept away in between is made anew
    call = fault.split(":")[0]
    with traced(penstock, "-e", f"trace={call}", "-e", f"inject={fault}"):
        response = penstock.connect().exchange(execute(CALL), timeout=20.0)
    if reason is None:
        assert response.status == 200 and len(names(directory)) == 1
        return
    assert_error(response, 503, "spool_unavailable")
    assert response.header("retry-after") == "1"
    assert response.header("x-should-retry") == "true"  # GET
    eventually(lambda: names(directory) == [], 3.0, "the part's removal")
    assert penstock.metric("penstock_spool_errors_total", reason=reason) == 1
    assert penstock.metric("penstock_files") == 0
    assert get(penstock, stored(penstock, upstream)).body == PNG


# --- 313: clocks --------------------------------------------------------------------------------

@pytest.mark.parametrize("offset, status", [("+2h", 410), ("-2h", 200)])
def test_expiry_follows_the_wall_clock(upstream, tmp_path, monkeypatch, offset, status):
    """A clock that jumps ends links before their time, or after it, and no time-out of ours."""
    if FAKETIME is None:
        pytest.skip("needs libfaketime")
    clock, script = tmp_path / "clock", tmp_path / "penstock"
    clock.write_text("+0")
    # The library extends the environment of the first program that it is loaded into, and Swift
    # finds its arguments in front of it: so that program is a shell.
    script.write_text(f"#!/bin/sh\nexport FAKETIME_TIMESTAMP_FILE={clock} FAKETIME_NO_CACHE=1 "
                      "FAKETIME_DONT_FAKE_MONOTONIC=1\n"
                      f"exec env LD_PRELOAD={FAKETIME} sh -c 'exec \"$0\" \"$@\"' "
                      f'{BINARY} "$@"\n')
    script.chmod(0o755)
    monkeypatch.setattr(server_module, "BINARY", str(script))
    with Penstock(config(upstream, tmp_path / "files")) as server:
        target = stored(server, upstream)
        assert get(server, target).status == 200
        clock.write_text(offset)
        begun = time.monotonic()
        assert get(server, target).status == status
        assert get(server, "/healthz").status == 200
        assert time.monotonic() - begun < 2.0 * PATIENCE
        clock.write_text("+0")
        assert get(server, target).status in (200, 404), "404 where it was swept meanwhile"
