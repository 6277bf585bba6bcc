"""`penstock-bench run` against servers that are its own, Python's, or that misbehave."""

import collections
import http.server
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

import bench
import harness
import scripted
from bench import Run


@pytest.fixture(scope="module")
def origin():
    with bench.origin() as url:
        yield url


def served(handler, **options):
    return harness.Upstream(handler, **options)


# --- Counts

def test_counts_are_the_server_s_own(tmp_path):
    """Python's server, which counts what it answers, with connections that stay."""
    counts = collections.Counter()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            counts[self.path, len(body), self.headers["x-test"]] += 1
            self.send_response(201)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        run = Run(tmp_path, "-n", 500, "-c", 4, "-t", 2, "-H", "X-Test: yes", "--body-size", "3k",
                  f"http://127.0.0.1:{server.server_port}/a?b")
    finally:
        server.shutdown()
        server.server_close()
    assert run.code == 0, run.complaint
    assert counts == {("/a?b", 3072, "yes"): 500}
    assert (run["requests"], run["errors"], run["codes"]) == (500, 0, {"201": 500})
    assert run["payload_bytes"] == 2500 and run["connections_opened"] == 4


def test_a_server_that_closes_after_each_answer_costs_no_errors(tmp_path):
    """HTTP/1.0 by default: Python's server of files, whose answers end its connections."""
    handler = http.server.SimpleHTTPRequestHandler
    handler.log_message = lambda *arguments: None
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        run = Run(tmp_path, "-n", 40, "-c", 2, f"http://127.0.0.1:{server.server_port}/bench.py")
    finally:
        server.shutdown()
        server.server_close()
    assert (run["requests"], run["errors"]) == (40, 0)
    assert run["connections_opened"] >= 40


@pytest.mark.parametrize("path, payload", [
    ("/json", None), ("/bytes/100000", 100000), ("/chunked/70000", 70000), ("/status/204", 0),
    ("/status/304", 0), ("/bytes/0", 0)])
def test_every_framing_is_read_to_its_end(origin, tmp_path, path, payload):
    run = Run(tmp_path, "-n", 60, "-c", 3, origin + path)
    assert (run["requests"], run["errors"]) == (60, 0)
    if payload is not None:
        assert run["payload_bytes"] == 60 * payload
    assert run["connections_opened"] == 3


def test_head_has_no_body(origin, tmp_path):
    run = Run(tmp_path, "-n", 20, "-m", "HEAD", origin + "/bytes/5000")
    assert (run["requests"], run["errors"], run["payload_bytes"]) == (20, 0, 0)


def test_without_keep_alive_each_request_has_its_connection(origin, tmp_path):
    run = Run(tmp_path, "-n", 50, "-c", 5, "--no-keepalive", origin + "/text")
    assert (run["requests"], run["errors"], run["connections_opened"]) == (50, 0, 50)


def test_targets_take_turns_by_their_weights(origin, tmp_path):
    run = Run(tmp_path, "-n", 400, "3=" + origin + "/text", origin + "/status/500")
    assert [target["requests"] for target in run["targets"]] == [300, 100]
    assert (run["requests"], run["errors"], run["successes"]) == (400, 100, 300)
    assert run.causes == {"status 500": 100}
    example = run["error_causes"][0]["example"]
    assert example == '500 Internal Server Error: {"status":500}'


def test_the_warm_up_does_not_count(origin, tmp_path):
    run = Run(tmp_path, "--warm-up", "500ms", "-n", 100, "-R", 200, origin + "/text")
    assert run["requests"] == 100 and run["requests_planned"] == 100
    assert 0.45 < run["duration_seconds"] < 0.9


def test_a_body_comes_from_a_file(tmp_path):
    (tmp_path / "body").write_bytes(b"\x00\xff" * 700)
    with served(scripted.echo) as server:
        run = Run(tmp_path, "-n", 1, "-b", f"@{tmp_path}/body", server.url)
        request = server.requests[0]
    assert run["requests"] == 1
    assert request.method == "POST" and request.body == b"\x00\xff" * 700


@pytest.mark.parametrize("arguments", [["-c", 4], ["-c", 4, "-R", 400]])
def test_one_answer_that_is_late_does_not_lower_the_rate(tmp_path, arguments):
    """One request is never answered, and given up long after the load's end."""
    first = threading.Lock()

    def handler(connection):
        while connection.read_request():
            if first.acquire(blocking=False):
                return scripted.never_answers(connection)
            time.sleep(0.005)
            connection.send(scripted.answer(b"{}"))
    with served(handler) as server:
        run = Run(tmp_path, "-d", "1s", "--timeout", "2s", *arguments, server.url)
    assert run["errors"] == 1 and run["requests"] > 200
    assert run["requests_per_second"] > 0.9 * run["requests"]
    assert run["duration_seconds"] < 1.5


def test_fewer_requests_than_threads_or_connections(origin, tmp_path):
    run = Run(tmp_path, "-n", 3, "-c", 10, "-t", 4, origin + "/text")
    assert (run["requests"], run["errors"]) == (3, 0)
    assert run["generator"]["threads"] == 3 and not run["saturated"]


# --- Open loop

def stalling(stall_at, seconds):
    """Answers at once, but that all answers wait while it stalls, once."""
    begun = time.monotonic()

    def handler(connection):
        while connection.read_request():
            now = time.monotonic() - begun
            if stall_at <= now < stall_at + seconds:
                time.sleep(stall_at + seconds - now)
            connection.send(scripted.answer(b"{}"))
    return handler


def test_an_open_loop_tells_a_stall_and_a_closed_one_does_not(tmp_path):
    """One second of three: a third of all who come meanwhile wait, half a second on average."""
    with served(stalling(1, 1)) as server:
        open_loop = Run(tmp_path, "-R", 200, "-d", "3s", "-c", 4, server.url)
    with served(stalling(1, 1)) as server:
        closed = Run(tmp_path, "-d", "3s", "-c", 4, server.url)
    assert open_loop["mode"] == "open_loop" and closed["mode"] == "closed_loop"
    assert open_loop["requests"] == open_loop["requests_planned"] == 600
    assert 0.85 < open_loop["latency_seconds"]["p99"] < 1.2
    assert 0.25 < open_loop["latency_seconds"]["p75"] < 0.75
    assert open_loop["latency_from_send_seconds"]["p95"] < 0.1
    assert closed["latency_seconds"]["p99"] < 0.1
    assert "from plan" in open_loop.text and "closed loop" in closed.text


def test_arrivals_that_nobody_can_send_are_dropped_and_counted(tmp_path):
    """One connection that is never answered, and room for 200,000 that wait."""
    with served(scripted.never_answers) as server:
        run = Run(tmp_path, "-R", "1M", "-d", "400ms", "-c", 1, "--timeout", "300ms",
                  "--fail-if-saturated", server.url)
    assert run.code == 98 and run["saturated"]
    assert run["requests"] == 0 and run["requests_planned"] == 400_000
    assert run["requests_dropped"] == 400_000 - run["errors"] > 100_000
    assert "never sent" in run.text


def test_a_ramp_sends_what_its_area_says(origin, tmp_path):
    run = Run(tmp_path, "-R", "100..900/1s", "-c", 4, origin + "/text")
    assert abs(run["requests"] - 500) <= 1
    assert 0.95 < run["duration_seconds"] < 1.5


# --- Errors

@pytest.mark.parametrize("answer, cause", [
    (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
     "the connection ended within the answer's body"),
    (b"HTTP/1.1 200 OK\r\nContent-Le", "the connection ended within the answer's head"),
    (b"", "the connection ended before the answer"),
    (b"SSH-2.0-x\r\n", "the answer's head is malformed"),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     "the answer's body is malformed"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na",
     "the answer does not say where it ends"),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc",
     "more bytes than the answer should have")])
def test_a_broken_answer_is_an_error_with_its_cause(tmp_path, answer, cause):
    with served(scripted.fixed_then_close(answer)) as server:
        run = Run(tmp_path, "-n", 10, "-c", 2, server.url)
    assert (run["requests"], run["errors"]) == (0, 10)
    assert run.causes == {cause: 10}
    assert run.code == 0


def test_a_reset_is_an_error(tmp_path):
    with served(scripted.fixed_then_reset()) as server:
        run = Run(tmp_path, "-n", 5, "-c", 1, server.url)
    assert run["errors"] == 5
    assert run.causes == {"read: Connection reset by peer": 5}


def test_who_does_not_answer_is_given_up(tmp_path):
    with served(scripted.never_answers) as server:
        run = Run(tmp_path, "-n", 3, "-c", 1, "--timeout", "200ms", server.url)
    assert run.causes == {"timeout: no answer": 3}
    assert 0.6 <= run["duration_seconds"] < 2


def test_nobody_there_is_said_at_once(tmp_path):
    started = time.monotonic()
    run = Run(tmp_path, "-d", "30s", f"http://127.0.0.1:{harness.free_port()}/")
    assert run.code == 1 and time.monotonic() - started < 10
    assert "Connection refused" in run.complaint and run.report is None


# --- Exit codes and flags

def test_thresholds_stand_first_and_decide_the_exit_code(origin, tmp_path):
    kept = Run(tmp_path, "-n", 100, "--max-p99", "5s", "--max-errors", 0, "--min-rate", 1,
               origin + "/text")
    assert kept.code == 0
    assert [line[0] for line in kept.text.splitlines()[:3]] == ["✓"] * 3
    broken = Run(tmp_path, "-n", 100, "--max-errors", "1%", "--max-p99", "5s",
                 origin + "/status/503")
    assert broken.code == 99
    assert broken.text.splitlines()[:2] == [
        "✗ --max-p99 5.00 s: no request succeeded", "✗ --max-errors 1.00%: 100 errors"]
    assert [outcome["met"] for outcome in broken["thresholds"]] == [False, False]


@pytest.mark.parametrize("arguments, named", [
    (["-d", "5k"], "-n 5k"), (["-n", "10s"], "-d 10s"), (["-c", "1m"], "-d 1m"),
    (["-H", "POST"], "-m POST"), (["-t", "5s"], "--timeout 5s"), (["-R", "10s"], "-d 10s"),
    (["--timeout", "0"], "1h"), (["--find-max"], "--max-p99")])
def test_a_wrong_value_names_the_flag_that_was_meant(tmp_path, arguments, named):
    run = Run(tmp_path, *arguments, "http://127.0.0.1:1/")
    assert run.code == 64 and named in run.complaint


def test_an_interrupted_run_reports(origin, tmp_path):
    path = tmp_path / "report.json"
    process = subprocess.Popen(
        [bench.BENCH, "run", "-d", "60s", "--json", str(path), origin + "/text"],
        stdout=subprocess.DEVNULL)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    report = json.loads(path.read_text())
    assert report["requests"] > 0 and report["duration_seconds"] < 10


def test_what_an_interruption_cuts_is_no_error(tmp_path):
    with served(scripted.never_answers) as server:
        process = subprocess.Popen(
            [bench.BENCH, "run", "-d", "60s", "-c", "4", "--max-errors", "0", "--json",
             str(tmp_path / "report.json"), server.url], stdout=subprocess.DEVNULL)
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["requests"], report["errors"], report["requests_interrupted"]) == (0, 0, 4)


def test_a_report_that_cannot_be_written_is_said_before_the_run(origin, tmp_path):
    started = time.monotonic()
    run = Run(tmp_path, "-d", "30s", "--html", tmp_path / "none" / "page.html", origin + "/text")
    assert run.code == 1 and "cannot write" in run.complaint
    assert time.monotonic() - started < 10


# --- TLS, unix sockets, slow readers, event streams

def test_tls_is_verified(tmp_path, authority, ca_file):
    context = scripted.tls_context(authority)
    with served(scripted.echo, tls=context) as server:
        url = f"https://127.0.0.1:{server.port}/"
        trusted = Run(tmp_path, "-n", 30, "-c", 2, "--ca", ca_file, url)
        unknown = Run(tmp_path, "-n", 30, "-c", 2, url)
        careless = Run(tmp_path, "-n", 30, "-c", 2, "--insecure", url)
    assert (trusted["requests"], trusted["errors"]) == (30, 0)
    assert unknown.code == 1 and "not trusted: unable to get local issuer" in unknown.complaint
    assert (careless["requests"], careless["errors"]) == (30, 0)
    with served(scripted.echo, tls=scripted.tls_context(authority, "other.test")) as server:
        address = Run(tmp_path, "-n", 1, "--ca", ca_file, f"https://127.0.0.1:{server.port}/")
        name = Run(tmp_path, "-n", 1, "--ca", ca_file, f"https://localhost:{server.port}/")
    assert "IP address mismatch" in address.complaint and "hostname mismatch" in name.complaint
    with served(scripted.echo) as server:
        plain = Run(tmp_path, "-n", 1, f"https://127.0.0.1:{server.port}/")
    assert plain.code == 1 and "speaks no TLS" in plain.complaint


def test_unix_sockets(tmp_path):
    path = str(tmp_path / "socket")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    hosts = []

    def serve():
        connection = listener.accept()[0]
        while data := connection.recv(65536):
            hosts.append(b"Host: example.org\r\n" in data)
            connection.send(scripted.answer(b"hello"))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    run = Run(tmp_path, "-n", 25, "-c", 1, "--unix-socket", path, "http://example.org/x")
    thread.join(5)
    listener.close()
    assert (run["requests"], run["errors"]) == (25, 0) and hosts == [True] * 25


def test_a_slow_reader_reads_slowly(origin, tmp_path):
    run = Run(tmp_path, "-n", 1, "-c", 1, "--read-rate", "100k", origin + "/bytes/150000")
    assert (run["requests"], run["payload_bytes"]) == (1, 150000)
    assert 1.0 < run["duration_seconds"] < 3


def test_event_streams_are_measured_by_their_events(origin, tmp_path):
    run = Run(tmp_path, "-n", 4, "-c", 2, "--events",
              origin + "/stream?events=6&interval_ms=50")
    events = run["event_streams"]
    assert (run["requests"], events["events"], events["gap_seconds"]["count"]) == (4, 24, 20)
    assert events["first_event_seconds"]["p50"] < 0.04 < events["gap_seconds"]["p50"] < 0.2
    endless = Run(tmp_path, "-d", "1s", "-c", 2, "--events", origin + "/stream?events=1000")
    assert endless["event_streams"]["streams_cut"] == 2 and endless["errors"] == 0


# --- Penstock's own execute endpoint

def test_envelopes_for_a_mix_of_accounts(tmp_path):
    with served(scripted.echo) as server:
        accounts = [harness.account(server, id="ca_one"), harness.account(server, id="ca_two")]
        with harness.Penstock({"accounts": accounts}) as penstock:
            run = Run(tmp_path, "-n", 40, "-c", 2, "--execute", "--api-key", harness.KEY,
                      "--account", "3=ca_one", "--account", "ca_two", "--endpoint", "/thing",
                      f"http://127.0.0.1:{penstock.port}")
        paths = collections.Counter(request.target for request in server.requests)
    assert (run["requests"], run["errors"]) == (40, 0), run.text
    assert [target["requests"] for target in run["targets"]] == [30, 10]
    assert sum(paths.values()) == 40 and all(path.endswith("/thing") for path in paths)
    assert harness.KEY not in json.dumps(run.report) and harness.KEY not in run.text


# --- Reports

def test_the_report_has_what_its_schema_says(origin, tmp_path):
    """benchmarks/run-report.md names every key of the document, and no other."""
    run = Run(tmp_path, "-R", 100, "-n", 20, "--events", "--max-errors", 9,
              "--hgrm", tmp_path / "hgrm", origin + "/stream?events=2&interval_ms=1")
    with open(os.path.join(harness.REPOSITORY, "benchmarks", "run-report.md")) as file:
        described = {line.split("`")[1] for line in file if line.startswith("| `")}
    assert keys(run.report) - {"200"} <= described
    assert described <= keys(run.report) | {"cause", "count", "example"}
    assert isinstance(run["requests"], int) and isinstance(run["errors"], int)
    hgrm = (tmp_path / "hgrm").read_text()
    assert hgrm.split()[:3] == ["Value", "Percentile", "TotalCount"]
    assert "Total count    =           20" in hgrm


def test_no_report_holds_what_was_secret(tmp_path):
    """Fields, queries, bodies and keys, though the server repeats what it was sent."""
    def handler(connection):
        while request := connection.read_request():
            text = f"{request.header('x-own')} {request.target} ".encode()
            connection.send(scripted.answer(text, status=401))
    with served(handler) as server:
        run = Run(tmp_path, "-n", 2, "-HX-Own: secret-1", "-H=Authorization: Bearer secret-2",
                  "--api-key", "secret-3", "-b", '{"password": "secret-4"}', "--html",
                  tmp_path / "page.html", server.url + "/path?key=secret-5&secret-6")
    assert run.causes == {"status 401": 2}
    shown = run.text + json.dumps(run.report) + (tmp_path / "page.html").read_text()
    assert "secret-" not in shown and "/path?key=***&***" in shown and "X-Own: ***" in shown


def test_the_page_holds_the_report_and_needs_nothing_else(origin, tmp_path):
    page = tmp_path / "page.html"
    run = Run(tmp_path, "-n", 20, "-H", "Accept: </script><script>", "--html", page,
              origin + "/text")
    text = page.read_text()
    embedded = text.split('id="data">\n')[1].split("</script>")[0]
    assert json.loads(embedded) == run.report and "</script>" in run["generator"]["command"]
    assert "src=" not in text and "url(" not in text and text.count("</script>") == 2


def keys(value):
    if isinstance(value, list):
        return set().union(*map(keys, value))
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set()


def test_the_highest_rate_is_found(tmp_path):
    """A server of one answer in 20 ms on each of two connections carries 100 a second."""
    with served(scripted.after(0.02, scripted.answer(b"{}"))) as server:
        run = Run(tmp_path, "--find-max", "--max-p99", "100ms", "-R", 40, "-d", "1s", "-c", 2,
                  server.url)
    found = float(run.text.split("that was carried: ")[1].split()[0].replace(",", ""))
    assert 60 < found < 115
