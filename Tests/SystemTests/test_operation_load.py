"""Under load: no error, and the client, the counters and the log agree on every request.

PENSTOCK_LOAD_SECONDS sets how long; 5 where nothing is said.
"""

import contextlib
import os
import re
import shutil
import subprocess
import time

import pytest

from harness import KEY, PATIENCE, Penstock, request
from origins import proxy
from processes import helper

SECONDS = float(os.environ.get("PENSTOCK_LOAD_SECONDS", "5"))
CLIENTS = 64

pytestmark = pytest.mark.skipif(not shutil.which("ab"), reason="apache2-utils is not installed")


@pytest.fixture(scope="module")
def penstock():
    """Two workers in front of an upstream in a process of its own."""
    with contextlib.ExitStack() as stack:
        origin = stack.enter_context(helper("quick"))
        accounts = [{"id": "ca_load", "base_url": f"http://127.0.0.1:{origin.first_line}",
                     "auth": {"type": "bearer", "token": "upstream-secret-of-ca_load"},
                     "pool": {"idle_timeout": "500ms"}}]
        server = stack.enter_context(Penstock({"accounts": accounts, "workers": 2}))
        yield server


def ab(penstock, count, *arguments, key=KEY):
    """What ab counted: {"Complete requests": …}, and its rate."""
    command = ["ab", "-q", "-n", str(count), "-k", "-c", str(CLIENTS), "-s", "20",
               "-H", f"x-api-key: {key}", *arguments,
               f"http://127.0.0.1:{penstock.port}/proxy/ca_load/x"]
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=(SECONDS * 4 + 60) * PATIENCE)
    assert done.returncode == 0, done.stderr
    facts = {}
    for line in done.stdout.splitlines():
        if match := re.match(r"([A-Z][A-Za-z0-9 -]+):\s+([0-9]+(?:\.[0-9]+)?)(?:\s|$)", line):
            facts[match[1]] = float(match[2])
    return facts


def rate(penstock):
    return ab(penstock, 2000)["Requests per second"]


def answered_upstream(penstock):
    return int(penstock.connect().exchange(proxy("GET", "/count", account="ca_load")).body)


def family(penstock, name, **labels):
    return penstock.metric(name, account="ca_load", **labels)


def lines_of(penstock):
    """The access lines of ab's requests; the last of them is on disk within a second."""
    time.sleep(1.1)
    return [line for line in penstock.log_lines(event="request", account="ca_load")
            if line["path"].endswith("/x")]


@pytest.mark.slow
def test_client_counters_and_log_agree_exactly(penstock):
    count = max(2000, int(rate(penstock) * SECONDS))
    was_lines = len(lines_of(penstock))
    was_counted = family(penstock, "penstock_requests_total", code="200")
    was_answered = answered_upstream(penstock)
    facts = ab(penstock, count)
    assert facts["Complete requests"] == count
    assert facts["Failed requests"] == 0 and "Non-2xx responses" not in facts
    assert facts["Keep-Alive requests"] > count * 0.99, "all but the last of a connection"
    assert answered_upstream(penstock) - was_answered == count
    counted = family(penstock, "penstock_requests_total", code="200")
    assert counted - was_counted == count + 2, "and the two that asked for the upstream's count"
    lines = lines_of(penstock)
    assert len(lines) - was_lines == count
    assert {line["status"] for line in lines} == {200}
    assert len({line["request_id"] for line in lines}) == len(lines)
    assert not any("error" in line for line in lines)
    assert penstock.metric("penstock_log_lines_dropped_total") == 0


@pytest.mark.slow
def test_every_family_counts_the_same_requests(penstock):
    ab(penstock, 2000)
    total = family(penstock, "penstock_requests_total")
    for name in ("penstock_request_duration_seconds_count", "penstock_upstream_ttfb_seconds_count",
                 "penstock_proxy_added_seconds_count", "penstock_upstream_responses_total"):
        assert family(penstock, name) == total, name
    assert family(penstock, "penstock_errors_total") == 0
    assert family(penstock, "penstock_response_bytes_total") >= total * len("hello")
    time.sleep(1.1)
    assert len(penstock.log_lines(event="request", account="ca_load")) == total


@pytest.mark.slow
def test_upstream_connections_are_reused(penstock):
    """As many as there are clients at the most, a worker; not one a request."""
    ab(penstock, 5000)
    lines = lines_of(penstock)[-5000:]
    assert len([line for line in lines if not line["reused"]]) <= 2 * CLIENTS


@pytest.mark.slow
def test_memory_and_descriptors_stay_where_they_are(penstock):
    ab(penstock, 5000)
    rss = penstock.rss_kib()
    for _ in range(3):
        ab(penstock, 5000)
    assert penstock.rss_kib() - rss < 2048


@pytest.mark.slow
def test_a_connection_a_request_works_too(penstock):
    """Without -k: the cost of accept and close, and of nothing left behind."""
    command = ["ab", "-q", "-n", "3000", "-c", str(CLIENTS), "-H", f"x-api-key: {KEY}",
               f"http://127.0.0.1:{penstock.port}/proxy/ca_load/x"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60 * PATIENCE)
    assert done.returncode == 0, done.stderr
    assert re.search(r"Complete requests:\s+3000\b", done.stdout)
    assert re.search(r"Failed requests:\s+0\b", done.stdout) and "Non-2xx" not in done.stdout


@pytest.mark.slow
def test_refusals_are_counted_under_load_too(penstock):
    """A wrong key: no account, no upstream, the same exactness."""
    was = penstock.metric("penstock_requests_total", account="none", code="401")
    answered = answered_upstream(penstock)
    facts = ab(penstock, 2000, key="wrong")
    assert facts["Complete requests"] == facts["Non-2xx responses"] == 2000
    assert penstock.metric("penstock_requests_total", account="none", code="401") - was == 2000
    assert answered_upstream(penstock) == answered


@pytest.mark.slow
def test_both_workers_work(penstock):
    """SO_REUSEPORT spreads connections; one process, so its threads' CPU time tells."""
    was = thread_ticks(penstock)
    ab(penstock, 10_000)
    busy = [ticks - was.get(thread, 0) for thread, ticks in thread_ticks(penstock).items()]
    busy = sorted(each for each in busy if each > 0)
    assert len(busy) >= 2 and busy[-2] > 0, busy


def thread_ticks(penstock):
    ticks = {}
    for thread in os.listdir(f"/proc/{penstock.pid}/task"):
        with contextlib.suppress(OSError), open(f"/proc/{penstock.pid}/task/{thread}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
            ticks[thread] = int(fields[11]) + int(fields[12])
    return ticks


def test_the_quick_path_of_a_single_request(penstock):
    """What Penstock itself adds to a keep-alive exchange stays under a millisecond."""
    connection = penstock.connect()
    data = request("GET", "/proxy/ca_load/x", [("x-api-key", KEY)])
    for _ in range(50):
        connection.exchange(data)
    ids = {connection.exchange(data).request_id for _ in range(50)}
    added = sorted(line["proxy_ms"] for line in lines_of(penstock) if line["request_id"] in ids)
    assert len(added) == 50 and added[25] < 1.0 * PATIENCE, added
