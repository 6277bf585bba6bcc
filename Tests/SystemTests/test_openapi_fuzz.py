"""Whatever the OpenAPI document allows is answered as it says, and what it forbids is refused.

Schemathesis reads the document and calls a Penstock whose upstream answers in twenty ways, some of
them broken. `PENSTOCK_TEST_SEED` runs the same again, `PENSTOCK_FUZZ_SECONDS` runs for longer.
"""

import gzip
import json
import os
import pathlib
import random
import re
import subprocess
import sys

import pytest

import harness
import scripted
from harness import KEY, PATIENCE, Penstock, Upstream, account
from scripted import answer

SECONDS = int(os.environ.get("PENSTOCK_FUZZ_SECONDS", "30"))
# A 501 or a 502 is an answer like any other here: it has to be declared, and is checked as such.
EXCLUDED = "not_a_server_error"
# What a valid envelope may meet: an account that is disabled, an idempotency key used before.
SETTINGS = """
[checks.positive_data_acceptance]
expected-statuses = [
  "200", "206", "304", "401", "403", "404", "409", "410", "416", "422",
  "501", "502", "503", "504"]
"""


def stalls(connection, _):
    connection.send(answer(b"[1, 2, 3]")[:-3])
    connection.wait_for_end()


def respond(data):
    """Sends bytes; of an answer to HEAD only the head."""
    def send(connection, request):
        connection.send(data.split(b"\r\n\r\n")[0] + b"\r\n\r\n" if request.method == "HEAD"
                        else data)
    return send


def describe(connection, request):
    respond(answer(scripted.described(request)))(connection, request)


def ends(how, data=b""):
    def end(connection, _):
        connection.send(data)
        how(connection)
        raise harness.Ended("on purpose")
    return end


def closes(connection):
    connection.close()


GZIP = [("Content-Encoding", "gzip")]
PACKED = gzip.compress(json.dumps(["packed"] * 1000).encode())
PATHS = {
    "/echo": describe,
    "/text": respond(answer("grüße\n".encode(), content_type="text/plain")),
    "/latin": respond(answer(b"caf\xe9", content_type="text/plain; charset=iso-8859-1")),
    "/none": respond(b"HTTP/1.1 204 No Content\r\n\r\n"),
    "/empty": respond(answer(b"")),
    "/binary": respond(answer(bytes(range(256)), content_type="image/png")),
    "/cut": ends(closes, answer(b"[1, 2, 3]")[:-3]),
    "/close": ends(closes),
    "/reset": ends(harness.UpstreamConnection.reset),
    "/nonsense": ends(closes, b"SSH-2.0-OpenSSH_9.6\r\n"),
    "/hang": lambda connection, _: connection.wait_for_end(),
    "/stall": stalls,
    "/gzip": respond(answer(PACKED, headers=GZIP)),
    "/broken-gzip": respond(answer(PACKED[:-9] + b"123456789", headers=GZIP)),
    "/large": respond(answer(json.dumps("x" * 200_000).encode())),
    "/redirect": respond(answer({}, 302, "Found", [("Location", "http://evil.example/")])),
    "/unavailable": respond(answer({"message": "later"}, 503, "Unavailable",
                                   [("Retry-After", "9"), ("x-should-retry", "true")])),
    "/fields": respond(answer({}, headers=[("X-A", "1"), ("x-a", "2"), ("Set-Cookie", "a=b"),
                                           ("Set-Cookie", "c=d"), ("X-Latin", "caf\xe9")])),
    "/not-json": respond(answer(b"{'a': 1}"))}


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.by_path(PATHS)) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    brief = {"first_byte": "150ms", "idle": "150ms", "connect": "1s"}
    closed = f"http://127.0.0.1:{harness.free_port()}"
    config = {
        "api_keys": [{"name": "acme", "key": KEY, "accounts": ["ca_*"],
                      "default_account": "ca_base"}],
        "accounts": [
            account(up, "ca_base", timeouts=brief), account(up, "ca_off", disabled=True),
            account(up, "ca_closed", base_url=closed),
            account(up, "ca_open", allowed_hosts=["*"])],
        "files": {"directory": "files"},
        "execute": {"v3": "open", "custom_connection_data": "on",
                    "toolkits": {"base": {"account": "ca_base"}}}}
    with Penstock(config) as server:
        yield server


def arguments(penstock, seed, report):
    document = penstock.directory / "openapi.json"
    document.write_bytes(penstock.admin("/openapi.json").body)
    settings = penstock.directory / "schemathesis.toml"
    settings.write_text(SETTINGS)
    return [
        str(pathlib.Path(sys.executable).with_name("st")), "--config-file", str(settings), "run",
        str(document), "--no-color", "--generation-with-security-parameters", "false",
        "--url", f"http://127.0.0.1:{penstock.port}", "--header", f"x-api-key: {KEY}",
        "--seed", str(seed), "--max-time", str(SECONDS), "--max-examples", "200",
        "--request-timeout", str(10 * PATIENCE), "--checks", "all",
        "--exclude-checks", EXCLUDED, "--continue-on-failure",
        "--generation-database", "none", "--report-json-path", str(report)]


def link(penstock):
    """One to the bytes of /binary."""
    response = penstock.connect().exchange(harness.execute({"endpoint": "/binary",
                                                            "method": "GET"}))
    return response.json()["binary_data"]["url"]


@pytest.mark.slow
def test_the_document_is_what_the_server_does(penstock, up):
    seed = int(os.environ.get("PENSTOCK_TEST_SEED") or random.randrange(1 << 32))
    print(f"PENSTOCK_TEST_SEED={seed}")
    environment = {name: value for name, value in os.environ.items()
                   if not name.lower().endswith("_proxy")}
    environment |= {"SCHEMATHESIS_HOOKS": "openapi_hooks", "PENSTOCK_TEST_LINK": link(penstock),
                    "PYTHONPATH": str(pathlib.Path(__file__).parent)}
    report = penstock.directory / "report.json"
    done = subprocess.run(arguments(penstock, seed, report), cwd=penstock.directory,
                          env=environment, capture_output=True, text=True,
                          timeout=(SECONDS + 120) * PATIENCE)
    print(done.stdout[-20_000:])
    assert done.returncode == 0, f"PENSTOCK_TEST_SEED={seed}\n{done.stdout[-8000:]}{done.stderr}"
    generated = int(re.search(r"(\d+) generated", done.stdout)[1])
    # How much fits into the time is the machine's; an idle one makes 2500 calls of all kinds.
    assert generated > 600, f"only {generated} calls"
    reached = {request.target.split("?")[0] for request in up.requests} & set(PATHS)
    assert len(reached) > len(PATHS) / 2, f"asked for nothing but {reached}"
    codes = {int(each["status"]) for each in penstock.log_lines(event="request", route="execute")}
    assert codes >= {200, 400, 401, 404, 405, 415, 502}, codes
    codes = {int(each["status"]) for each in penstock.log_lines(event="request", route="files")}
    assert codes >= {200, 206, 403, 416}, codes
