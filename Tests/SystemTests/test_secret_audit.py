"""Random traffic with secrets in every slot, and none of them anywhere that Penstock writes to.

Callers put the configuration's secrets wherever text goes, in many spellings; upstreams repeat all
they were told and fail in every way. Then whatever Penstock wrote for itself is searched: its log
and streams, metrics and pages, its own answers. `PENSTOCK_TEST_SEED` runs the same again,
`PENSTOCK_AUDIT_SECONDS` runs for longer.

An upstream's body is the upstream's to say, and passes as it is. Of its header, and what else is of
a header's kind, the account's secret is masked as it was sent, no other spelling of it; what the
caller put there itself comes back to it. An envelope holds both: `headers` are the upstream's
header, `data` is its body, all else is Penstock's.
"""

import contextlib
import gzip
import json
import os
import random
import subprocess
import threading
import time
import urllib.parse

import pytest

import harness
import rows
from harness import BINARY, PATIENCE, Ended, connect
from secret_search import SecretSearch
from secret_spellings import SPELLINGS, identifier, json_text
from secret_stage import Secrets, Stage
from secret_traffic import Traffic

SECONDS = float(os.environ.get("PENSTOCK_AUDIT_SECONDS", "8"))
CLIENTS = 12


class Client(threading.Thread):
    """Asks one thing after the other, and keeps what Penstock itself said."""

    def __init__(self, stage, site, seed, until):
        super().__init__()
        self.stage, self.site, self.until = stage, site, until
        self.traffic = Traffic(random.Random(seed), site)
        self.asked, self.statuses = 0, set()
        self.own = set()       # what Penstock said
        self.isolated = {}     # secrets of single requests, which nothing may hold
        self.faults = []

    def run(self):
        try:
            while time.monotonic() < self.until and not self.faults:
                question = self.traffic.next()
                for text in question.isolated:
                    self.isolated[f"inline {len(self.isolated)} of {self.name}"] = text.encode()
                self.asked += 1
                self.ask(question)
        except BaseException as fault:
            self.faults.append(repr(fault)[:3000])
            raise

    def ask(self, question):
        penstock = self.stage.penstock
        connection = connect(penstock.admin_port if question.admin else penstock.port)
        connection.penstock = None  # its ledger's rule is another
        try:
            connection.send(question.data)
            if question.leaves:
                time.sleep(question.leaves)
                return connection.reset()
            self.take(question, connection)
        finally:
            connection.close()
            rows.clients.remove(connection)

    def take(self, question, connection):
        timeout = 10 * PATIENCE
        try:
            response = connection.read_head(timeout)
        except Ended:
            return
        self.statuses.add(response.status)
        if response.status == 101:
            with contextlib.suppress(TimeoutError):
                connection.read_all(self.traffic.choose.choice((0.01, 0.5)))
        is_whole = True
        try:
            if response.status not in (101, 204, 304) and question.method != "HEAD":
                connection.read_body(response, time.monotonic() + timeout, to_end=True)
        except Ended:
            is_whole = False
        self.judge(question, response, is_whole)

    def judge(self, question, response, is_whole):
        # The id that the caller chose comes back as it came.
        id = b"x-request-id: " + question.request_id.encode() + b"\r\n"
        head = response.raw_head.replace(id, b"")
        sent = [text.encode() for text in self.site.accounts.get(question.account, ())]
        sent += [text.encode() for text in question.sent]
        told = head + b"".join(each.raw_head for each in response.interim)
        told += "\n".join(map(": ".join, response.trailers)).encode("latin-1")
        for text in sent:
            if text in told:
                self.faults.append(f"a secret in the header {told} of the answer to {question}")
        if response.header("proxy-status") or question.admin:
            self.keep(question, head, body(response))
        elif response.header("content-type") == "application/json" and b"execute" in (
                question.data.split(b"\r\n")[0]):
            self.keep(question, head)
            if is_whole and response.status == 200:
                self.take_envelope(question, json.loads(body(response)), sent)
        elif question.data.split(b" ")[1].startswith(b"/files/"):
            # The type is the upstream's word, and was looked at with the envelope.
            self.keep(question, *(each for each in head.split(b"\r\n")
                                  if not each.lower().startswith(b"content-type")))

    def take_envelope(self, question, envelope, sent):
        headers = envelope.pop("headers")
        del envelope["data"]
        if link := envelope.get("binary_data"):
            headers["content_type"] = link.pop("content_type")
            self.site.links.append(urllib.parse.urlsplit(link["url"])._replace(
                scheme="", netloc="").geturl())
        told = "\n".join([*headers, *headers.values()]).encode()
        for text in sent:
            if text.lower() in told.lower():
                self.faults.append(f"a secret in {headers} of the answer to {question}")
        self.keep(question, json.dumps(envelope, ensure_ascii=False).encode())

    def keep(self, question, *texts):
        """What Penstock said, but for the id that the caller chose."""
        text = b"\n".join(texts)
        if question.request_id:
            id = question.request_id.encode()
            text = text.replace(b'"request_id":"' + id + b'"', b"")
        self.own.update(text.split(b"\n"))


def body(response):
    """Plain, however it was sent."""
    packed = response.header("content-encoding") == "gzip"
    return gzip.decompress(response.body) if packed else response.body


# --- What is read of a Penstock -------------------------------------------------------------

def pages(penstock):
    """All that the admin plane shows, as (page, bytes)."""
    protobuf = ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;"
                "encoding=delimited")
    yield "/metrics", penstock.admin("/metrics").body
    openmetrics = penstock.admin(headers=[("Accept", "application/openmetrics-text")])
    yield "OpenMetrics", openmetrics.body
    yield "protobuf", penstock.admin(headers=[("Accept", protobuf)]).body
    for path in ("/status", "/status.json", "/openapi.json"):
        response = penstock.admin(path)
        assert response.status == 200, response
        yield path, response.body


def written(penstock):
    for path in (penstock.log_path, penstock.stdout_path, penstock.stderr_path):
        yield path.name, path.read_bytes()


def audit(penstock, log):
    done = subprocess.run([BINARY, "logs-audit", "--config", str(penstock.config_path), str(log)],
                          env=penstock.environment, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


# --- The tests ------------------------------------------------------------------------------

@pytest.fixture
def seed():
    seed = int(os.environ.get("PENSTOCK_TEST_SEED") or random.randrange(1 << 32))
    print(f"PENSTOCK_TEST_SEED={seed}")
    return seed


def test_the_search_of_these_tests_finds_what_it_should(seed):
    choose = random.Random(seed)
    for _ in range(20):
        secrets = Secrets(choose).all
        search = SecretSearch(secrets)
        clean = b'{"path":"/proxy/ca/x?q=***%20","request_id":"***"}'
        assert search.found(clean) == []
        for name, value in secrets.items():
            text = value.decode()
            forms = [spell(choose, text) for spell in SPELLINGS.values()]
            forms += [text, json.dumps(text), json_text(choose, text, 1), identifier(choose, text)]
            forms += [json.dumps(f"/x/{form}") for form in forms if form]
            for form in forms:
                line = b'{"path":"' + (form or text).encode() + b'"}'
                found = {each.partition(",")[0] for each, _ in search.found(clean + b"\n" + line)}
                assert found == {name}, (name, line)
        assert search.found(text[:-1].encode()) == []


@pytest.mark.slow
def test_no_secret_is_anywhere_that_penstock_writes_to(seed, authority, tmp_path):
    with Stage(random.Random(seed), authority, tmp_path) as stage:
        penstock, site = stage.penstock, stage.site
        until = time.monotonic() + SECONDS
        clients = [Client(stage, site, f"{seed}-{number}", until) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        shown = []
        while any(client.is_alive() for client in clients):
            time.sleep(0.5)
            shown += pages(penstock)
        assert [fault for client in clients for fault in client.faults][:3] == []
        secrets = stage.secrets.all
        for client in clients:
            secrets |= client.isolated
        shown += pages(penstock)
        rows.after_row(penstock)
        assert penstock.stop() == 0
        search = SecretSearch(secrets)
        shown += [("own answers", b"\n".join(client.own)) for client in clients]
        lines = {}  # where each stands, so that what is shown again and again is searched once
        for place, text in [*written(penstock), *shown]:
            lines |= {line: place for line in text.split(b"\n")}
        found = [(name, lines[line], line[:2000])
                 for name, line in search.found(b"\n".join(lines))]
        assert found == [], found[:5]
        check_the_audit(penstock, stage.secrets, tmp_path)
        check_that_enough_happened(penstock, clients, shown)


def check_the_audit(penstock, secrets, tmp_path):
    """The command finds as little, and each secret where there is one."""
    code, said = audit(penstock, penstock.log_path)
    assert (code, said.splitlines()[-1].endswith("no secret")) == (0, True), said
    planted = tmp_path / "planted.log"
    for name, text in secrets.plain.items():
        planted.write_bytes(b'{"path":"/x"}\n{"path":"/%s"}\n' % text.encode().hex().encode())
        code, said = audit(penstock, planted)
        assert code == 1 and f"{planted}:2: " in said, name
        assert text not in said


def check_that_enough_happened(penstock, clients, shown):
    """Or nothing was shown."""
    asked = sum(client.asked for client in clients)
    lines = penstock.log_lines(event="request")
    slugs = {line["error"] for line in lines if "error" in line}
    masked = sum("***" in str(line) for line in lines)
    inline = sum(len(client.isolated) for client in clients)
    links = clients[0].site.links
    statuses = set().union(*(client.statuses for client in clients))
    print(f"{asked} requests, {len(lines)} lines, {masked} with stars, {inline} inline secrets, "
          f"{len(links)} links, statuses {sorted(statuses)}, {len(slugs)} errors; not seen:",
          *sorted({slug for _, slug, _, _ in harness.error_table()} - slugs))
    # How many fit into the time is the machine's.
    assert asked > 500 and len(lines) > asked * 0.8 and masked > asked / 4
    assert inline > 30 and links
    assert statuses >= {200, 400, 403, 404, 502, 504} and len(statuses) > 18, statuses
    assert len(slugs) > 50, slugs
    assert any(b"# {" in text for _, text in shown), "no exemplar"
