"""Every way in which an answer's body can come, made up: framings, codings, cuts and clients.

Bytes right or a visible abort, never half a body that looks whole. One round goes once through all
combinations of framing, coding, client and size; the rest of a case is drawn.

A failure prints the seed and the case's number: PENSTOCK_TEST_SEED=… runs the same again,
PENSTOCK_TEST_CASE=… only that one; PENSTOCK_TEST_ROUNDS says how many rounds.
"""

import contextlib
import functools
import itertools
import os
import random
import time
import zlib

import pytest

import codings
import scripted
from codings import ask, decoded
from harness import PATIENCE, Ended, Penstock, Upstream, account, assert_error, eventually, request
from origins import end_tls, read_outcome

SEED = int(os.environ.get("PENSTOCK_TEST_SEED", str(random.randrange(1 << 32))))
ROUNDS = int(os.environ.get("PENSTOCK_TEST_ROUNDS", "2"))
ONLY = os.environ.get("PENSTOCK_TEST_CASE")

FRAMINGS = ["length", "chunked", "close"]
CODINGS = ["identity", "gzip", "deflate", "broken"]
SIZES = [0, 1, 255, 256, 257] + [edge + step for edge in (16384, 65536, 131072, 262144, 1048576)
                                 for step in (-1, 0, 1)]
COMBINATIONS = list(itertools.product(FRAMINGS, CODINGS, [True, False], SIZES))
TEXT = ["application/json", "text/plain; charset=utf-8"]
BINARY = ["application/octet-stream", "image/png"]


@functools.cache
def body_of(size, is_text):
    return codings.prose(size) if is_text else random.Random(size).randbytes(size)


class Case:
    """One answer and one client, drawn from the seed and the case's number."""

    def __init__(self, seed, number):
        self.number, choose = number, random.Random(f"{seed}/{number}")
        order = list(COMBINATIONS)
        random.Random(f"{seed}/{number // len(order)}").shuffle(order)
        self.framing, self.coding, self.takes_gzip, self.size = order[number % len(order)]
        self.is_text = choose.random() < 0.6
        self.content_type = choose.choice(TEXT if self.is_text else BINARY)
        self.version = "HTTP/1.0" if choose.random() < 0.2 else "HTTP/1.1"
        self.tls = choose.random() < 0.2
        self.end = choose.choice(["fin", "reset"]) if choose.random() < 0.25 else None
        self.plain = body_of(self.size, self.is_text)
        self.coded = self.break_up(choose) if self.coding == "broken" else self.code(choose)
        self.head, self.wire = self.framed(choose)
        self.cut = choose.randrange(len(self.wire) + 1) if self.end else len(self.wire)
        self.pieces = self.split(choose)

    def code(self, choose):
        if self.coding == "gzip":
            return codings.gzipped(self.plain, choose.choice([1, 6]))
        if self.coding == "deflate":
            return choose.choice([codings.deflated, codings.raw_deflated])(self.plain)
        return self.plain

    def break_up(self, choose):
        good = bytearray(codings.gzipped(self.plain, 1))
        where = choose.choice([choose.randrange(len(good)), len(good) - 1 - choose.randrange(8),
                               choose.randrange(10)])
        if choose.random() < 0.5:
            return bytes(good[:where])
        good[where] ^= 1 << choose.randrange(8)
        return bytes(good)

    def framed(self, choose):
        name = {"identity": None, "broken": "gzip"}.get(self.coding, self.coding)
        fields = [("Content-Encoding", name)] if name else []
        fields += [("ETag", '"a"'), ("X-Case", str(self.number))]
        size = choose.choice([1, 7, 255, 4096, 16384, 16385, 70_000])
        data = codings.answer_of(self.coded, self.framing, content_type=self.content_type,
                                 headers=fields, cut=max(size, len(self.coded) // 2000 + 1))
        end = data.index(b"\r\n\r\n") + 4
        return data[:end], data[end:]

    def split(self, choose):
        """Where the upstream's writes end; now and then it pauses."""
        data = self.head + self.wire[:self.cut]
        cuts = sorted(choose.randrange(len(data) + 1) for _ in range(choose.randrange(12)))
        if choose.random() < 0.1:
            cuts = sorted({*cuts, *range(min(200, len(data)))})
        edges = [0, *cuts, len(data)]
        return [(data[start:end], choose.random() < 0.1) for start, end in zip(edges, edges[1:])]

    def __repr__(self):
        return (f"case {self.number}: {self.size} bytes of {self.content_type}, {self.coding} "
                f"({len(self.coded)} coded), {self.framing}, {self.end} after {self.cut} of "
                f"{len(self.wire)}, tls {self.tls}, {self.version}, gzip {self.takes_gzip}")

    # What may come of it

    def has_whole_framing(self):
        """True when the answer as it was sent is whole as far as HTTP can tell."""
        if self.framing == "close":
            return self.end != "reset"
        return self.cut == len(self.wire)

    def sent(self):
        """The coded bytes that count where the end of the connection is the end of the body."""
        return self.coded[:self.cut] if self.framing == "close" else self.coded

    def passes(self):
        """True when the client takes the upstream's coding as it is."""
        return self.takes_gzip and self.coding in ("gzip", "broken")

    def unpacked(self):
        """What a client must find in the answer; None where there is no such thing."""
        if self.coding == "identity" or not self.sent():
            return self.sent()
        for wbits in (15, -15) if self.coding == "deflate" else (31,):
            decoder = zlib.decompressobj(wbits)
            with contextlib.suppress(zlib.error):
                plain = decoder.decompress(self.sent())
                if decoder.eof and not decoder.unused_data:
                    return plain
        return None


class Servers:
    """The upstreams, each of whose connections serves the case that its request names."""

    def __init__(self, authority):
        self.cases = {}
        self.plain = Upstream(self.serve)
        self.tls = Upstream(self.serve, tls=scripted.tls_context(authority))

    def serve(self, connection):
        while got := connection.read_request():
            case = self.cases[int(got.target.strip("/"))]
            for data, pauses in case.pieces:
                connection.send(data)
                if pauses:
                    time.sleep(0.001)
            if case.end == "reset":
                time.sleep(0.005)
                return connection.reset()
            if case.end == "fin" or case.framing == "close":
                return end_tls(connection)

    def close(self):
        self.plain.close()
        self.tls.close()


@pytest.fixture(scope="module")
def up(authority):
    servers = Servers(authority)
    yield servers
    servers.close()


@pytest.fixture(scope="module")
def penstock(up, authority, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("ca") / "ca.pem")
    authority.cert_pem.write_to_path(path)
    accounts = [account(up.plain, "ca_plain"), account(up.tls, "ca_tls", ca_file=path)]
    with Penstock({"accounts": accounts}) as server:
        yield server


def run(penstock, up, case):
    """One case; what is wrong with what came of it, as an assertion, and the answer."""
    up.cases = {case.number: case}
    accept = "gzip" if case.takes_gzip else random.Random(case.number).choice([None, "identity"])
    connection = penstock.connect()
    connection.send(ask(f"/{case.number}", accept, version=case.version,
                        account="ca_tls" if case.tls else "ca_plain"))
    try:
        response = read_outcome(connection, timeout=10 * PATIENCE)
        if response.status == 200 and response.complete:
            check_whole(case, response)
            if case.version == "HTTP/1.1" and not response.header("connection"):
                follower = connection.exchange(request("GET", "/healthz"))
                assert follower.status == 200, "the answer was longer than it said"
        else:
            check_failed(case, response)
    except Ended as fault:
        raise AssertionError(f"no answer at all: {fault}") from None
    finally:
        connection.close()
    return response


def check_whole(case, response):
    assert case.has_whole_framing(), "cut upstream, whole downstream"
    coding = response.header("content-encoding")
    assert response.header("x-case") == str(case.number), "someone else's answer"
    assert case.takes_gzip or not coding, f"{coding} for a client that does not take it"
    if case.passes():
        assert coding == "gzip" and response.body == case.sent(), "not the upstream's own bytes"
        return
    wanted = case.unpacked()
    assert wanted is not None, "a broken coding looks whole"
    assert coding in (None, "gzip") and decoded(coding, response.body) == wanted, "other bytes"
    if case.coding == "identity" and not case.is_text:
        assert not coding and response.header("etag") == '"a"'


def check_failed(case, response):
    """There must be a reason, and where the client can still be told it is."""
    if response.status != 200:
        assert_error(response, 502)
    is_broken = not case.passes() and (case.unpacked() is None or not case.sent())
    assert is_broken or case.end == "reset" or not case.has_whole_framing(), "sound, yet it failed"


def check_lines(penstock, outcomes):
    """The log says of each whether it went well, and blames the upstream where it did not."""
    ids = {response.request_id for _, response in outcomes}

    def lines():
        found = {line["request_id"]: line for line in penstock.log_lines(event="request")}
        return ids <= set(found) and found

    by_id = eventually(lines, 5.0, "an access line each")
    for case, response in outcomes:
        line = by_id[response.request_id]
        if response.status == 200 and response.complete:
            assert "error" not in line, (case, line)
        else:
            assert line["termination"].split(":")[0] == "upstream", (case, line)
            assert line["error"], (case, line)


@pytest.mark.slow
def test_bodies_arrive_right_or_not_at_all(penstock, up):
    """Rows 231 to 233, 264, 288, 293, 297 and 299 and whatever lies between them."""
    print(f"PENSTOCK_TEST_SEED={SEED}")
    numbers = [int(ONLY)] if ONLY else range(ROUNDS * len(COMBINATIONS))
    faults, outcomes = [], []
    for number in numbers:
        case = Case(SEED, number)
        try:
            outcomes.append((case, run(penstock, up, case)))
        except (AssertionError, TimeoutError) as fault:
            faults.append(f"{case}: {str(fault)[:300]}")
        assert len(faults) < 20, f"seed {SEED}\n" + "\n".join(faults)
    assert not faults, f"seed {SEED}, {len(faults)} of {len(numbers)}\n" + "\n".join(faults)
    check_lines(penstock, outcomes)
    whole = sum(response.complete for _, response in outcomes)
    assert ONLY or len(outcomes) / 3 < whole < len(outcomes), "both outcomes are drawn"


def test_the_cases_are_what_they_say():
    """The generator itself: the same seed, the same case; every combination comes once a round."""
    numbers = range(len(COMBINATIONS))
    drawn = [Case(7, number) for number in numbers]
    seen = {(each.framing, each.coding, each.takes_gzip, each.size) for each in drawn}
    assert seen == set(COMBINATIONS) and repr(drawn[5]) == repr(Case(7, 5))
    for case in drawn:
        assert b"".join(data for data, _ in case.pieces) == case.head + case.wire[:case.cut]
        if case.coding in ("gzip", "deflate") and not case.end:
            assert case.unpacked() == case.plain
    broken = [case for case in drawn if case.coding == "broken"]
    assert sum(case.unpacked() is None for case in broken) > len(broken) / 2
