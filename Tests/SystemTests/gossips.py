"""An upstream that tells all it was told, in every place of an answer, and dies in every phase.

The first segment of a path names what happens. `Gossip` is what it tells: the values of all fields
that came, the credential among them, and all of the query.
"""

import base64
import contextlib
import gzip
import json
import time
import urllib.parse

import harness
from scripted import answer, described

UNREAD = ("early-answer", "early-close", "early-reset", "unread")


class Gossip:
    """What came with a request and may be repeated: as header values, latin-1 of what came."""

    def __init__(self, request):
        self.request = request
        self.values = [value for _, value in request.headers if value]
        credential = request.header("authorization") or ""
        scheme, _, rest = credential.partition(" ")
        self.values += [rest] if rest else []
        # The token of a value that has more in it, as of `Token token="…"`.
        self.values += [value.split('"')[1] for name, value in request.headers
                        if name == "x-key-secret" and value.count('"') == 2]
        if scheme == "Basic":
            with contextlib.suppress(ValueError):
                pair = base64.b64decode(rest, validate=True).decode("latin-1")
                self.values += [each for each in pair.split(":", 1) if len(each) > 1]
        query = request.target.partition("?")[2]
        self.values += [request.target, *(
            value.encode().decode("latin-1")
            for pair in urllib.parse.parse_qsl(query) for value in pair)]
        self.values = [value for value in self.values if value.strip() and all(
            each >= " " and each != "\x7f" for each in value)]

    @property
    def text(self):
        return "\n".join(self.values)

    @property
    def credential(self):
        """What proves the account where a header has it; else the last of all, mostly a query's."""
        for name, value in self.request.headers:
            if name in ("authorization", "x-key", "x-key-secret"):
                return value.removeprefix("Bearer ").removeprefix("Basic ")
        return self.values[-1].strip()

    def fields(self, name="X-Echo"):
        """Up to three fields for each value, which may stand among other words."""
        return [(f"{name}-{index}", form.format(value))
                for index, value in enumerate(self.values)
                for form in ("{}", "before {} after", "{0}{0}")[:1 + index % 3]]


def plain(text):
    """A header line, or more, as bytes."""
    return text.encode("latin-1")


def head(status=200, reason="OK", *fields):
    return plain(f"HTTP/1.1 {status} {reason}\r\n"
                 + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n")


def whole(make):
    """An answer as bytes; to HEAD its head alone."""
    def tell(connection, gossip):
        data = make(gossip)
        if gossip.request.method == "HEAD":
            data = data.split(b"\r\n\r\n")[0] + b"\r\n\r\n"
        connection.send(data)
    return tell


def broken(make, end="fin"):
    """Bytes, and the end of the connection."""
    def tell(connection, gossip):
        connection.send(make(gossip))
        if end == "reset":
            time.sleep(0.02)  # or the RST overtakes the bytes
            connection.reset()
        elif end == "hang":
            connection.wait_for_end(5)
        raise harness.Ended("on purpose")
    return tell


def echo(gossip, status=200, reason="OK", *more):
    return answer(described(gossip.request), status, reason, [*gossip.fields(), *more])


def trailers(gossip):
    fields = gossip.fields("X-Trailed")
    return (head(200, "OK", ("Content-Type", "text/plain"), ("Transfer-Encoding", "chunked"),
                 ("Trailer", ", ".join(name for name, _ in fields)))
            + harness.chunked(plain(gossip.text), trailers=b"".join(
                plain(f"{name}: {value}\r\n") for name, value in fields)))


def binary(gossip):
    value = gossip.credential
    return answer(bytes(range(256)), headers=[
        ("Content-Disposition", f'attachment; filename="{value}"'), *gossip.fields()],
        content_type=f"image/png; name={value}")


def named_by(gossip):
    """The credential as the name of a field, where it can be one."""
    value = gossip.credential
    name = value if harness.FIELD.match(plain(f"{value}: x")) else "X-None"
    return answer({}, headers=[(name, "x")])


def switch(connection, gossip):
    fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), *gossip.fields()]
    connection.send(head(101, "Switching Protocols", *fields))
    connection.send(plain(gossip.text))
    connection.wait_for_end(5)


def packed(gossip):
    return gzip.compress(json.dumps(described(gossip.request)).encode())


GZIP = ("Content-Encoding", "gzip")
HUGE = 1 << 40

ANSWERS = {
    "echo": whole(echo),
    "text": whole(lambda gossip: answer(plain(gossip.text), headers=gossip.fields(),
                                        content_type="text/plain; charset=iso-8859-1")),
    "type": whole(lambda gossip: answer(b"x", content_type=f"text/{gossip.credential}")),
    "binary": whole(binary),
    "reason": whole(lambda gossip: answer({}, 200, gossip.credential)),
    "trailers": whole(trailers),
    "named-by": whole(named_by),
    "hints": whole(lambda gossip: head(103, "Early Hints", *gossip.fields()) + echo(gossip)),
    "quotas": whole(lambda gossip: echo(gossip, 429, "Slow Down", *[
        (name, gossip.credential) for name in (
            "Retry-After", "RateLimit", "RateLimit-Policy", "X-RateLimit-Limit",
            "X-RateLimit-Remaining", "X-RateLimit-Reset")])),
    "cookie": whole(lambda gossip: echo(
        gossip, 200, "OK", ("Set-Cookie", f"a={gossip.credential}; Path=/"),
        ("WWW-Authenticate", f'Bearer error="{gossip.credential}"'))),
    "redirect": whole(lambda gossip: echo(
        gossip, 302, "Found", ("Location", f"http://other.example/?key={gossip.credential}"),
        ("Refresh", f"0; url=/{gossip.credential}"))),
    "unavailable": whole(lambda gossip: echo(gossip, 503, gossip.credential)),
    "gzip": whole(lambda gossip: answer(packed(gossip), headers=[GZIP, *gossip.fields()])),
    "not-json": whole(lambda gossip: answer(plain("{" + gossip.text))),
    "long": whole(lambda gossip: answer([gossip.text] * (1 + 100_000 // len(gossip.text)))),
    "switch": switch}

FAULTS = {
    "broken-gzip": broken(lambda gossip: answer(
        packed(gossip)[:-9] + b"123456789", headers=[GZIP, *gossip.fields()])),
    "bomb": broken(lambda _: answer(gzip.compress(bytes(3 << 20)), headers=[GZIP])),
    "long-not-json": broken(lambda gossip: answer(
        plain('["' + "x" * 100_000 + f"\n{gossip.text}"))),
    "long-not-text": broken(lambda gossip: answer(
        b"x" * 100_000 + b"\xff" + plain(gossip.text), content_type="text/plain; charset=utf-8")),
    "too-large": broken(lambda gossip: head(
        200, "OK", ("Content-Length", HUGE), ("Content-Type", "application/json"),
        *gossip.fields()) + plain(gossip.text)),
    "banner": broken(lambda gossip: plain(f"SSH-2.0-{gossip.text}\r\n")),
    "version": broken(lambda gossip: plain(f"HTTP/9.9 200 {gossip.credential}\r\n\r\n")),
    "status": broken(lambda gossip: plain(f"HTTP/1.1 2{gossip.credential} OK\r\n\r\n")),
    "no-colon": broken(lambda gossip: head()[:-2] + plain(f"{gossip.credential}\r\n\r\n")),
    "no-name": broken(lambda gossip: head()[:-2] + plain(f": {gossip.credential}\r\n\r\n")),
    "folded": broken(lambda gossip: head()[:-2] + plain(f"X: a\r\n {gossip.credential}\r\n\r\n")),
    "control": broken(lambda gossip: head()[:-2] + plain(f"X: {gossip.credential}\0\r\n\r\n")),
    "two-lengths": broken(lambda gossip: head(
        200, "OK", ("Content-Length", 3), ("Content-Length", gossip.credential))),
    "coding": broken(lambda gossip: head(200, "OK", ("Transfer-Encoding", gossip.credential))),
    "large-field": broken(lambda gossip: head(200, "OK", ("X-A", gossip.credential * 3000))),
    "many-fields": broken(lambda gossip: head(200, "OK", *gossip.fields() * 90)),
    "chunk": broken(lambda gossip: head(200, "OK", ("Transfer-Encoding", "chunked"))
                    + plain(f"{gossip.credential}\r\nabc\r\n")),
    "cut": broken(lambda gossip: echo(gossip)[:-7]),
    "cut-chunks": broken(lambda gossip: trailers(gossip)[:-20]),
    "cut-head": broken(lambda gossip: head(200, "OK", *gossip.fields())[:-3]),
    "cut-head-reset": broken(lambda gossip: head(200, "OK", *gossip.fields())[:-3], "reset"),
    "cut-reset": broken(lambda gossip: echo(gossip)[:-7], "reset"),
    "unexpected-switch": broken(lambda gossip: head(101, gossip.credential, *gossip.fields())),
    "excess": broken(lambda gossip: echo(gossip) + echo(gossip)),
    "close": broken(lambda _: b""),
    "reset": broken(lambda _: b"", "reset"),
    "hang": broken(lambda _: b"", "hang"),
    "hang-head": broken(lambda gossip: head(200, "OK", *gossip.fields())[:-3], "hang"),
    "hang-body": broken(lambda gossip: echo(gossip)[:-7], "hang"),
    # Those of `UNREAD` do not wait for the request's body.
    "early-answer": broken(lambda gossip: echo(gossip, 413, gossip.credential)),
    "early-close": broken(lambda _: b""),
    "early-reset": broken(lambda _: b"", "reset"),
    "unread": broken(lambda _: b"", "hang")}


def gossips(connection):
    """The handler for `harness.Upstream`."""
    while request := connection.read_request(body=False):
        name = request.target.split("?")[0].strip("/").split("/")[0]
        if name not in UNREAD:
            connection.read_body(request, time.monotonic() + 5, to_end=False)
        behave = ANSWERS.get(name) or FAULTS.get(name) or ANSWERS["echo"]
        behave(connection, Gossip(request))
