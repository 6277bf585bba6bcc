"""HTTP/1.1 messages: written as bytes, read strictly off a socket."""

import gzip
import json
import os
import re
import ssl
import time

KEY = "k1-test-key-0123456789"
EXECUTE = "/api/v3.1/tools/execute/proxy"

# Sanitizers and loaded machines are slower; every patience is multiplied by this.
PATIENCE = float(os.environ.get("PENSTOCK_TEST_PATIENCE", "1"))
ANSWER_SECONDS = 5.0 * PATIENCE

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
FIELD = re.compile(rb"(" + TOKEN + rb"):[ \t]*((?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*"
                   rb"[\x21-\x7e\x80-\xff])?)?)[ \t]*\Z")
STATUS_LINE = re.compile(rb"(HTTP/1\.[01]) ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)\Z")
REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") ([\x21-\x7e]+) (HTTP/1\.[01])\Z")
CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})((?:;[^\r\n]*)?)\Z")


class NotHTTP(AssertionError):
    """The peer's bytes are not one strictly framed HTTP/1.1 message."""


class Ended(AssertionError):
    """The peer closed or reset the connection where a message was due."""


# --- Requests, as bytes ---------------------------------------------------------------------

def request(method, target, headers=(), body=b"", host="p", version="HTTP/1.1"):
    """A request with a Host line and, where there is a body, its Content-Length."""
    lines = [f"{method} {target} {version}"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in pairs(headers)]
    names = [name.lower() for name, _ in pairs(headers)]
    if body and "content-length" not in names and "transfer-encoding" not in names:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def execute(envelope, headers=(), key=KEY, path=EXECUTE, **more):
    """A call of the execute endpoint; `envelope` is a dict, or bytes that go as they are."""
    body = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
    fields = [("Content-Type", "application/json")]
    if key is not None:
        fields.append(("x-api-key", key))
    return request("POST", path, fields + pairs(headers), body, **more)


def chunked(*chunks, trailers=b""):
    """A chunked body; an empty chunk would end it, so there must be none among `chunks`."""
    assert all(chunks)
    coded = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return coded + b"0\r\n" + trailers + b"\r\n"


def pairs(headers):
    return list(headers.items()) if isinstance(headers, dict) else list(headers)


# --- Messages, read strictly ----------------------------------------------------------------

class Message:
    """What requests and responses share: fields in order, a body, and the head as it came."""

    def __init__(self, headers, raw_head):
        self.headers = headers  # [(name, value)], names in lower case
        self.raw_head = raw_head
        self.body = b""
        self.trailers = []
        self.chunks = None      # chunk sizes where the body came chunked
        self.complete = False

    def all(self, name):
        return [value for key, value in self.headers if key == name.lower()]

    def header(self, name):
        """The one value of a field, None without it; twice the same field is a failure."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} came {len(values)} times: {values}"
        return values[0] if values else None

    def json(self):
        packed = self.header("content-encoding") == "gzip"
        return json.loads(gzip.decompress(self.body) if packed else self.body)


class Response(Message):
    def __init__(self, version, status, reason, headers, raw_head):
        super().__init__(headers, raw_head)
        self.version, self.status, self.reason = version, status, reason
        self.interim = []  # the 1xx answers that came before this one

    @property
    def request_id(self):
        return self.header("x-request-id")

    @property
    def slug(self):
        return self.json()["error"]["slug"]

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


class Request(Message):
    def __init__(self, method, target, version, headers, raw_head):
        super().__init__(headers, raw_head)
        self.method, self.target, self.version = method, target, version

    def __repr__(self):
        return f"<{self.method} {self.target} {self.headers} {self.body[:300]!r}>"


class Stream:
    """A socket with a buffer in front of it and a deadline on every wait."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = bytearray()
        self.received = bytearray()  # every byte ever read
        self.ended = None            # None, "fin" or "reset"

    def fill(self, deadline):
        """Reads once more. False at the end of the stream, TimeoutError past the deadline."""
        if self.ended:
            return False
        self.sock.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            data = self.sock.recv(65536)
        except (TimeoutError, ssl.SSLWantReadError):
            raise TimeoutError(f"nothing more came; so far {bytes(self.received[-300:])!r}")
        except OSError:
            self.ended = "reset"
            return False
        if not data:
            self.ended = "fin"
            return False
        self.buffer += data
        self.received += data
        return True

    def take(self, count, deadline):
        while len(self.buffer) < count:
            if not self.fill(deadline):
                raise Ended(f"{self.ended} after {len(self.buffer)} of {count} bytes: "
                            f"{bytes(self.buffer[:300])!r}")
        data = bytes(self.buffer[:count])
        del self.buffer[:count]
        return data

    def line(self, deadline):
        """One line without its CRLF; a lone CR or LF in it is not HTTP."""
        searched = 0
        while (end := self.buffer.find(b"\n", searched)) < 0:
            searched = len(self.buffer)
            if not self.fill(deadline):
                raise Ended(f"{self.ended} in the middle of {bytes(self.buffer[:300])!r}")
        line = self.take(end + 1, deadline)
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise NotHTTP(f"line end in {line!r}")
        return line[:-2]

    def head(self, deadline):
        """Start line, fields and the raw bytes of one message head."""
        start = self.line(deadline)
        headers, raw = [], start + b"\r\n"
        while line := self.line(deadline):
            raw += line + b"\r\n"
            headers.append(field(line))
        return start, headers, raw + b"\r\n"

    def read_body(self, message, deadline, to_end):
        """Fills `message.body` by its framing; `to_end` where none means until the close."""
        lengths, codings = message.all("content-length"), message.all("transfer-encoding")
        if len(lengths) + len(codings) > 1:
            raise NotHTTP(f"framing said more than once: {message.headers}")
        if codings:
            if codings[0].lower() != "chunked":
                raise NotHTTP(f"transfer-encoding {codings[0]!r}")
            self.read_chunks(message, deadline)
        elif lengths:
            if not re.fullmatch("[0-9]{1,19}", lengths[0]):
                raise NotHTTP(f"content-length {lengths[0]!r}")
            self.read_counted(message, int(lengths[0]), deadline)
        elif to_end:
            while self.fill(deadline):
                pass
            if self.ended == "reset":
                raise Ended("reset in the body")
            message.body = bytes(self.buffer)
            self.buffer.clear()
        message.complete = True

    def read_counted(self, message, count, deadline):
        """Leaves in `message.body` what came, even where the whole never does."""
        try:
            message.body += self.take(count, deadline)
        except (Ended, TimeoutError):
            message.body += bytes(self.buffer)
            self.buffer.clear()
            raise

    def read_chunks(self, message, deadline):
        message.chunks = []
        while True:
            line = self.line(deadline)
            match = CHUNK_LINE.match(line)
            if not match:
                raise NotHTTP(f"chunk line {line!r}")
            size = int(match[1], 16)
            if size == 0:
                break
            message.chunks.append(size)
            self.read_counted(message, size, deadline)
            if self.take(2, deadline) != b"\r\n":
                raise NotHTTP(f"no CRLF after a chunk of {size}")
        while line := self.line(deadline):
            message.trailers.append(field(line))


def field(line):
    match = FIELD.match(line)
    if not match:
        raise NotHTTP(f"field line {line!r}")
    return match[1].decode().lower(), match[2].decode("latin-1")
