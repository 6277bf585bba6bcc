"""What the tests of the execute endpoint and of endpoint resolution share: calls and verdicts.

`call` goes through the execute endpoint, `stream` through the streaming route, each on a
connection of its own, so that a refusal that closes leaves the next case alone. `refused` sends a
whole row and wants the same verdict for every case of it.
"""

import json
import socket
import threading
import time

import harness


class Verdict:
    """How a request must be refused: the status, and any of these slugs."""

    def __init__(self, status, *slugs):
        self.status, self.slugs = status, slugs

    def __or__(self, slug):
        """The same verdict where a more exact slug would do as well."""
        return Verdict(self.status, *self.slugs, slug)


MALFORMED = Verdict(400, "invalid_endpoint")
FOREIGN = Verdict(400, "OriginMismatch")
MALFORMED_OR_FOREIGN = MALFORMED | "OriginMismatch"
FORBIDDEN = Verdict(403, "destination_not_allowed")
INVALID_HEADER_NAME = Verdict(400, "invalid_header_name")
INVALID_HEADER_VALUE = Verdict(400, "invalid_header_value")
RESERVED_HEADER = Verdict(400, "reserved_header")
RESERVED_PARAMETER = Verdict(400, "reserved_parameter")

# On the streaming route the path is a request target first, and may already fail as one.
BAD_PATH = MALFORMED | "malformed_request" | "dot_segments"


# --- Calls ----------------------------------------------------------------------------------

def once(penstock, data, timeout=harness.ANSWER_SECONDS):
    """One request on a connection of its own."""
    connection = penstock.connect()
    try:
        return connection.exchange(data, timeout=timeout)
    finally:
        connection.close()


def call(penstock, endpoint="/x", method="GET", account="ca_base", headers=(), **fields):
    """One call of the execute endpoint; `fields` are further ones of the envelope."""
    envelope = {"endpoint": endpoint, "method": method, "connected_account_id": account}
    return once(penstock, harness.execute({**envelope, **fields}, headers))


def call_raw(penstock, envelope, headers=()):
    """One call whose envelope goes as the bytes it is."""
    return once(penstock, harness.execute(envelope, headers))


def stream(penstock, path, method="GET", account="ca_base", headers=(), body=b""):
    """One request to the streaming route; `path` begins with a slash and may hold a query."""
    fields = [("x-api-key", harness.KEY)] + harness.pairs(headers)
    return once(penstock, harness.request(method, f"/proxy/{account}{path}", fields, body))


def header(name, value=""):
    return {"name": name, "value": value, "type": "header"}


def query(name, value=""):
    return {"name": name, "value": value, "type": "query"}


# --- Answers --------------------------------------------------------------------------------

def inner(response):
    """The envelope of a call whose upstream answered."""
    assert response.status == 200, response
    assert response.header("content-type").startswith("application/json"), response
    envelope = response.json()
    assert type(envelope["status"]) is int, envelope
    assert set(envelope) <= {"data", "status", "headers", "binary_data", "result_type"}, envelope
    assert all(name == name.lower() for name in envelope["headers"]), envelope
    return envelope


def echoed(response):
    """What the echo upstream says that it got, through either door."""
    described = response.json()
    assert response.status == 200, response
    return described["data"] if "data" in described else described


def sent_fields(described, name):
    """The values of one field as the echo upstream got it."""
    return [value for key, value in described["headers"] if key == name.lower()]


# --- Rows -----------------------------------------------------------------------------------

def every(cases, check):
    """Runs `check` on each case and fails with all that went wrong, not with the first."""
    faults = []
    for case in cases:
        try:
            check(case)
        except (AssertionError, TimeoutError, KeyError) as fault:
            faults.append(f"{repr(case)[:120]}: {str(fault)[:400]}")
    assert not faults, f"{len(faults)} of {len(cases)} cases\n" + "\n".join(faults)


def refused(verdict, cases, send, *untouched):
    """Every case is refused with this verdict, and no connection reaches an upstream (U=0)."""
    def check(case):
        response = send(case)
        harness.assert_error(response, verdict.status, verdict.slugs)
        assert response.header("x-should-retry") in (None, "false"), response
        reached(0, *untouched)

    every(cases, check)
    time.sleep(0.02)  # for a connection that was under way when the answer came
    reached(0, *untouched)


def reached(count, *upstreams):
    """So many connections came; the next case counts from 0 again."""
    found = sum(upstream.connections for upstream in upstreams)
    if found != count:
        for upstream in upstreams:
            upstream.begin_row()
    assert found == count, f"{found} connections reached an upstream, {count} expected"


class UpstreamOn(harness.Upstream):
    """A scripted upstream on a port, and maybe an address, that the test must choose itself."""

    def __init__(self, handler, port, host="127.0.0.1", tls=None):
        self.handler, self.tls, self.host, self.port = handler, tls, host, port
        self.listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024)
        self.accepted, self.faults, self.stopping = [], [], False
        harness.upstreams.append(self)
        threading.Thread(target=self.accept, daemon=True).start()


def envelope_bytes(endpoint="/x", method="POST", account="ca_base", **raw_fields):
    """An envelope whose further fields are given as JSON text and are not written anew."""
    fields = [f'"endpoint": {json.dumps(endpoint)}', f'"method": {json.dumps(method)}',
              f'"connected_account_id": {json.dumps(account)}']
    fields += [f'"{name}": {text}' for name, text in raw_fields.items()]
    return ("{" + ", ".join(fields) + "}").encode()
