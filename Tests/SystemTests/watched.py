"""Traffic of every kind that a dashboard tells of: good, slow, refused, broken, left, retried."""

import collections
import contextlib
import threading
import time
import uuid

from codings import gzipped
from harness import (KEY, PATIENCE, Penstock, Upstream, account, eventually, execute, free_port,
                     request)
from origins import proxy
from scripted import answer, described, tls_context

READER = "k2-reader-key-987654"
HASTY = "k3-hasty-key-192837"
TEXT = {"text": "as long as whatever is worth compressing " * 20}
QUOTA = [("RateLimit-Limit", "100"), ("RateLimit-Remaining", "5"), ("RateLimit-Reset", "600"),
         ("X-RateLimit-Limit", "100"), ("X-RateLimit-Remaining", "5"),
         ("X-RateLimit-Reset", "600"), ("Retry-After", "600")]
LATE_SECONDS = 0.15
ANSWERS = {
    "/text": answer(TEXT),
    "/packed": answer(gzipped(answer(TEXT).partition(b"\r\n\r\n")[2]),
                      headers=[("Content-Encoding", "gzip")]),
    "/picture": answer(b"\x89PNG" + bytes(300), content_type="image/png"),
    "/film": answer(bytes(2 << 20), content_type="video/mp4"),
    "/broken": answer({}, 503, "Service Unavailable"),
    "/quota": answer({}, 429, "Too Many Requests", QUOTA),
    "/begun": answer(bytes(1000))[:-900],
}


def busy(connection):
    """Answers by path. A connection that has served before ends at `/retried`; `/late` takes its
    time, `/silent` and the rest of `/begun` never come."""
    served = 0
    while got := connection.read_request():
        path = got.target.split("?")[0]
        if path == "/retried" and served:
            return
        time.sleep(LATE_SECONDS if path == "/late" else 0)
        if path != "/silent":
            connection.send(ANSWERS.get(path) or answer(described(got)))
        if path in ("/silent", "/begun"):
            connection.wait_for_end()
        served += 1


def config(plain, tls, ca_file, directory):
    """Two upstreams behind accounts of each kind, and room for a megabyte of files."""
    return {
        "workers": 2,
        "api_keys": [{"name": "acme", "key": KEY, "accounts": ["*"]},
                     {"name": "reader", "key": READER, "accounts": ["*"],
                      "rules": [{"methods": ["GET"]}]},
                     {"name": "hasty", "key": HASTY, "accounts": ["*"],
                      "rate": {"per_second": 1, "observe": True}}],
        "accounts": [account(plain, "ca_plain"), account(plain, "ca_retried"),
                     account(plain, "ca_quota"), account(plain, "ca_late"),
                     account(tls, "ca_tls", ca_file=ca_file),
                     account(plain, "ca_slow", timeouts={"first_byte": "100ms"}),
                     {"id": "ca_refused", "base_url": f"http://127.0.0.1:{free_port()}"}],
        "files": {"directory": str(directory), "max_bytes": "1MiB", "ttl": "30s"}}


@contextlib.contextmanager
def served(authority, ca_file, files):
    """A server with such a configuration, before its upstreams. `files`: its directory."""
    with Upstream(busy) as plain, Upstream(busy, tls=tls_context(authority)) as tls, \
            Penstock(config(plain, tls, ca_file, files)) as penstock:
        yield penstock


def call(path, account="ca_plain", method="GET"):
    return {"endpoint": path, "method": method, "connected_account_id": account}


class Load:
    """Sends each kind of request again and again, and counts them by the status that is due."""

    def __init__(self, penstock):
        self.penstock, self.sent, self.faults = penstock, collections.Counter(), []
        self.counting, self.retrying = threading.Lock(), threading.Lock()

    def run(self, seconds, threads=2):
        """Whole rounds for so long, on so many threads."""
        until = time.monotonic() + seconds
        running = [threading.Thread(target=self.rounds, args=(until,)) for _ in range(threads)]
        for each in running:
            each.start()
        for each in running:
            each.join()
        assert not self.faults, self.faults

    def rounds(self, until):
        try:
            while time.monotonic() < until and not self.faults:
                self.answered()
                self.refused()
                self.retried()
                self.leave()
        except Exception as fault:
            self.faults.append(fault)

    def answered(self):
        self.ask(200, proxy("GET", "/x", account="ca_plain"))
        self.ask(200, proxy("GET", "/x", account="ca_plain", key=HASTY))
        self.ask(200, proxy("POST", "/x", body=bytes(10_000), account="ca_tls"))
        self.ask(200, proxy("GET", "/text", [("Accept-Encoding", "gzip")], account="ca_plain"))
        self.ask(200, proxy("GET", "/packed", account="ca_plain"))
        self.ask(200, proxy("GET", "/late", account="ca_late"))
        self.ask(200, execute(call("/x")))
        link = self.ask(200, execute(call("/picture"))).json()["binary_data"]["url"]
        self.ask(200, request("GET", link.removeprefix("http://p")))
        key = [("Idempotency-Key", str(uuid.uuid4()))]
        for _ in range(2):
            self.ask(200, execute(call("/x", method="POST"), key))

    def refused(self):
        self.ask(401, proxy("GET", key="wrong"))
        self.ask(403, proxy("POST", "/x", account="ca_plain", key=READER))
        self.ask(414, proxy("GET", "/" + "x" * 9000, account="ca_plain"))
        self.ask(429, proxy("GET", "/quota", account="ca_quota"))
        self.ask(502, proxy("GET", "/x", account="ca_refused"))
        self.ask(503, proxy("GET", "/broken", account="ca_plain"))
        self.ask(503, execute(call("/film")))
        self.ask(504, proxy("GET", "/silent", account="ca_slow"))

    def retried(self):
        """One at a time: beside others the second try might get a used connection, too."""
        with self.retrying:
            self.ask(200, proxy("GET", "/x", account="ca_retried"))
            self.ask(200, proxy("GET", "/retried", account="ca_retried"))

    def ask(self, status, data):
        connection = self.penstock.connect()
        response = connection.exchange(data, timeout=20.0 * PATIENCE)
        connection.close()
        assert response.status == status, response
        self.count(status)
        return response

    def leave(self):
        """Goes away in the middle of an answer."""
        connection = self.penstock.connect()
        connection.send(proxy("GET", "/begun", account="ca_plain"))
        connection.read_head(20.0 * PATIENCE)
        connection.reset()
        self.count(200)

    def count(self, status):
        with self.counting:
            self.sent[status] += 1


def settled(penstock, lines):
    """Waits until no request is under way and so many are in the log; their lines."""
    eventually(lambda: penstock.metric("penstock_requests_in_flight") == 0, 10.0, "rest")
    return penstock.log_lines(lines, within=10.0, event="request")
