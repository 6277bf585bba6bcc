"""The notation of the catalogue, as assertions: closed (↯), stays (∞), silent, error."""

import functools
import os
import pathlib
import re
import subprocess
import time

import pytest

from messages import PATIENCE, request

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("PENSTOCK_BIN", str(REPOSITORY / ".build" / "release" / "penstock"))


def assert_closed(connection, response, within=3.0):
    """↯: the answer says so, and nothing but an orderly end follows it."""
    tokens = [token.strip().lower() for value in response.all("connection")
              for token in value.split(",")]
    assert "close" in tokens, f"no Connection: close in {response}"
    rest = connection.read_all(within * PATIENCE)
    assert rest == b"", f"bytes after the last answer: {rest[:300]!r}"
    assert connection.ended == "fin", "reset instead of an orderly close"


def assert_stays(connection):
    """∞: the same connection serves a next request."""
    response = connection.exchange(request("GET", "/healthz"))
    assert response.status == 200, response
    assert "close" not in (response.header("connection") or "").lower()


def assert_keeps_its_word(connection, response):
    """Where a row leaves open whether the connection stays, the answer must still say which."""
    if "close" in (response.header("connection") or "").lower():
        assert_closed(connection, response)
    else:
        assert_stays(connection)


def assert_silent(connection, within):
    """Closed without a byte."""
    rest = connection.read_all(within * PATIENCE)
    assert rest == b"", f"a byte where silence was due: {rest[:300]!r}"


PROXY_STATUS = re.compile(r"penstock; ?error=[a-z_]+")
ERROR_FIELDS = {"message": str, "code": int, "slug": str, "status": int, "request_id": str,
                "suggested_fix": str, "errors": list}


@functools.cache
def error_table():
    """What `penstock errors` prints: the code, slug, status and fix of every error."""
    done = subprocess.run([BINARY, "errors"], capture_output=True, text=True, check=True)
    rows = [line.split(maxsplit=4) for line in done.stdout.splitlines()[1:]]
    return {(int(code), slug, int(status), fix) for code, slug, status, _, fix in rows}


def assert_error(response, status, slug=None):
    """An answer of Penstock's own: status, JSON envelope, Proxy-Status, matching request id, and
    a row of the published table word for word."""
    allowed = status if isinstance(status, (tuple, set, list)) else (status,)
    assert response.status in allowed, f"{allowed} expected, got {response}"
    assert (response.header("content-type") or "").startswith("application/json"), response
    assert PROXY_STATUS.match(response.header("proxy-status") or ""), response
    error = response.json()["error"]
    for name, kind in ERROR_FIELDS.items():
        assert type(error.get(name)) is kind, f"error.{name} in {error}"
    assert error["status"] == response.status
    assert error["request_id"] == response.request_id
    row = tuple(error[name] for name in ("code", "slug", "status", "suggested_fix"))
    assert row in error_table(), f"no row of the table: {row}"
    if slug is not None:
        slugs = slug if isinstance(slug, (tuple, set, list)) else (slug,)
        assert error["slug"] in slugs, f"{slugs} expected, got {error}"
    return error


def eventually(condition, within=2.0, what="the condition"):
    """Waits until `condition()` is truthy and returns it."""
    deadline = time.monotonic() + within * PATIENCE
    while True:
        if result := condition():
            return result
        assert time.monotonic() < deadline, f"{what} did not come about in {within} s"
        time.sleep(0.005)


def named(cases):
    """Parameters whose ids are the cases themselves, shortened."""
    return [pytest.param(case, id=repr(case)[:40]) for case in cases]
