"""Content codings, good and broken, and what the tests of C9 share.

A `Shelf` is an upstream whose answers each have a path of their own, so that connections may be
kept and every case of a long row asks for its own bytes.
"""

import functools
import gzip
import random
import struct
import zlib

import scripted
from harness import ANSWER_SECONDS, EXECUTE, KEY, assert_error, eventually, request
from origins import read_outcome

# The upstream's may have a name of its own.
BAD = ("bad_encoding", "upstream_bad_encoding")
TRUNCATED = ("upstream_truncated", *BAD)
LIMIT = ("decompression_limit", "upstream_decompression_limit")

# RFC 1952 §2.3.1: the bits of a gzip header.
TEXT, HCRC, EXTRA, NAME, COMMENT = 1, 2, 4, 8, 16


# --- Bodies ---------------------------------------------------------------------------------

def prose(size, seed=9):
    """So many bytes of text that gzip makes about half of, and no two places of it alike."""
    choose = random.Random(f"{seed}/{size}")
    return choose.randbytes(size // 2 + 1).hex().encode()[:size]


def gzipped(data, level=6):
    return gzip.compress(data, level, mtime=0)


def deflated(data):
    """A zlib stream, which is what `deflate` means (RFC 9110 §8.4.1.2)."""
    return zlib.compress(data)


def raw_deflated(data):
    """What some servers send instead."""
    coder = zlib.compressobj(wbits=-15)
    return coder.compress(data) + coder.flush()


def gzip_member(data, flags=0, fields=b"", method=8, magic=b"\x1f\x8b", crc=None, size=None):
    """A member whose header and trailer are spelled out; `fields` stand behind the ten bytes."""
    crc = zlib.crc32(data) if crc is None else crc
    size = len(data) if size is None else size
    return (magic + bytes([method, flags]) + bytes(6) + fields + raw_deflated(data)
            + struct.pack("<II", crc & 0xFFFFFFFF, size & 0xFFFFFFFF))


@functools.cache
def zeros(size, member=None):
    """A bomb: a thousand zeros for each byte; in members of so many zeros where that is said."""
    if member:
        return gzipped(bytes(member), 9) * (size // member)
    coder, piece = zlib.compressobj(9, wbits=31), bytes(1 << 20)
    return b"".join(coder.compress(piece) for _ in range(size >> 20)) + coder.flush()


def decoded(coding, data):
    """The body without its coding; an AssertionError unless it is one whole and sound stream."""
    if not coding or coding.lower() == "identity":
        return data
    wbits = {"gzip": 31, "x-gzip": 31, "deflate": 15}[coding.lower()]
    decoder = zlib.decompressobj(wbits)
    try:
        plain = decoder.decompress(data)
    except zlib.error as fault:
        raise AssertionError(f"{coding}: {fault}") from None
    if not decoder.eof or decoder.unused_data:
        behind = len(decoder.unused_data)
        raise AssertionError(f"{coding}: eof {decoder.eof}, {behind} bytes behind")
    return plain


def content(response):
    """The body of an answer without its coding, of which there is one at the most."""
    return decoded(response.header("content-encoding"), response.body)


# --- Answers --------------------------------------------------------------------------------

JSON = "application/json"


def answer_of(body, framing="length", status="200 OK", content_type=JSON, headers=(), cut=16384):
    """An answer as bytes, in this framing; `close` wants the connection closed behind it."""
    fields = [("Content-Type", content_type)] if content_type else []
    fields += list(headers)
    if framing == "length":
        fields.append(("Content-Length", str(len(body))))
    elif framing == "chunked":
        fields.append(("Transfer-Encoding", "chunked"))
        pieces = [body[at:at + cut] for at in range(0, len(body), cut)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        body += b"0\r\n\r\n"
    head = f"HTTP/1.1 {status}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields)
    return head.encode() + b"\r\n" + body


class Shelf:
    """Answers, bytes or `function(connection, request)`, each under a path of its own."""

    def __init__(self, up):
        self.up, self.answers = up, {}
        up.handler = scripted.by_path(self.answers)

    def put(self, data):
        path = f"/{len(self.answers)}"
        self.answers[path] = data
        return path


def ask(path, accept=None, method="GET", headers=(), account="ca_up", version="HTTP/1.1",
        body=b""):
    """A request of the streaming route, whose Accept-Encoding is a text, several, or none."""
    lines = [accept] if isinstance(accept, str) else accept or []
    fields = [("x-api-key", KEY), *headers, *(("Accept-Encoding", line) for line in lines)]
    return request(method, f"/proxy/{account}{path}", fields, body, version=version)


def fetch(penstock, shelf, data, accept=None, method="GET", timeout=ANSWER_SECONDS, **more):
    """Puts an answer on the shelf and asks for it; what the client gets, whole or cut short."""
    connection = penstock.connect()
    connection.send(ask(shelf.put(data), accept, method, **more))
    response = read_outcome(connection, method, timeout)
    connection.close()
    return response


# --- What is said of a coding ---------------------------------------------------------------

def varies(response):
    """True when Vary names Accept-Encoding, once."""
    names = [name.strip().lower() for line in response.all("vary") for name in line.split(",")]
    assert names.count("accept-encoding") <= 1, names
    return "accept-encoding" in names or "*" in names


def assert_identity(response, body, vary=None):
    """The whole body as it was, without a coding."""
    assert response.status == 200 and response.complete, response
    assert response.header("content-encoding") in (None, "identity"), response
    assert response.body == body
    if vary is not None:
        assert varies(response) == vary, response


def assert_coded(response, body, coding="gzip"):
    """The whole body in that coding, and nothing left that was true of the uncoded one only."""
    assert response.status == 200 and response.complete, response
    assert response.header("content-encoding") == coding, response
    assert content(response) == body
    assert varies(response), response
    length = response.header("content-length")
    assert length is None or int(length) == len(response.body), "a stale length"
    assert not response.all("accept-ranges"), response


def assert_broken(penstock, response, slugs, begun=True, status=502):
    """An upstream's broken coding: the error answer or, where it may have begun, a visible abort.

    Never a complete 200. The log names the fault and blames the upstream's body.
    """
    assert_not_whole(response, slugs, begun, status)
    assert_blamed(penstock, [response], slugs)


def assert_not_whole(response, slugs, begun=True, status=502):
    if begun and response.status == 200:
        assert not response.complete, f"broken upstream, whole downstream: {response}"
    else:
        assert_error(response, status, slugs)


def assert_blamed(penstock, responses, slugs, side="upstream:body"):
    """What the log says of them, once they are all in; it is written five times a second."""
    wanted = {response.request_id for response in responses}
    lines = {}

    def are_written():
        lines.update({line["request_id"]: line for line in penstock.log_lines(event="request")})
        return wanted <= set(lines)

    eventually(are_written, 3.0, "an access line each")
    for line in (lines[each] for each in wanted):
        assert line["error"] in slugs and line["termination"].startswith(side), line


# --- Requests -------------------------------------------------------------------------------

def post(coding, body, account="ca_up", framing="length", path="/up", headers=()):
    """An upload in a content coding; `framing` as in answers."""
    fields = [("x-api-key", KEY), ("Content-Type", JSON), *headers]
    fields += [("Content-Encoding", line) for line in ([coding] if coding else [])]
    if framing == "chunked":
        fields.append(("Transfer-Encoding", "chunked"))
        pieces = [body[at:at + 4096] for at in range(0, len(body), 4096)]
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    elif not body:
        fields.append(("Content-Length", "0"))
    return request("POST", f"/proxy/{account}{path}", fields, body)


def post_execute(body, coding=None, headers=()):
    """A call of the execute endpoint whose body goes as the bytes it is."""
    fields = [("Content-Type", JSON), ("x-api-key", KEY), *headers]
    fields += [("Content-Encoding", coding)] if coding is not None else []
    return request("POST", EXECUTE, fields, body)


def send_and_read(penstock, data, timeout=ANSWER_SECONDS):
    """One request whose answer may come before the last byte is taken."""
    connection = penstock.connect()
    connection.send_in_background(data)
    try:
        return connection.read_response("POST", timeout)
    finally:
        connection.close()


# --- Codings broken in every way ------------------------------------------------------------

PLAIN = prose(4000)
GOOD = gzipped(PLAIN)


def broken_members():
    """{what is wrong: one gzip stream that no reader may take for whole}; rows 300 and 302."""
    tail = struct.unpack("<II", GOOD[-8:])
    return {
        "crc": GOOD[:-8] + struct.pack("<II", tail[0] ^ 1, tail[1]),
        "isize": GOOD[:-8] + struct.pack("<II", tail[0], tail[1] + 1),
        "magic": b"\x1f\x8c" + GOOD[2:],
        "no gzip at all": PLAIN,
        "method 7": gzip_member(PLAIN, method=7),
        "reserved bit 5": gzip_member(PLAIN, flags=0x20),
        "reserved bit 6": gzip_member(PLAIN, flags=0x40),
        "reserved bit 7": gzip_member(PLAIN, flags=0x80),
        "reserved block type": GOOD[:10] + b"\x07" + GOOD[11:],
        "name without an end": gzip_member(b"", NAME, b"n" * (1 << 20)),
        "comment without an end": gzip_member(b"", COMMENT, b"c" * (1 << 20)),
        "extra beyond the end": GOOD[:3] + bytes([EXTRA]) + GOOD[4:10] + b"\xff\xff" + b"x" * 100,
        "garbage behind": GOOD + b"garbage",
        "a magic behind": GOOD + b"\x1f\x8b",
        "half a member behind": GOOD + GOOD[:len(GOOD) // 2],
        "1,025 members": gzipped(b"x") * 1025,
    }


def broken_deflates():
    """The same for `deflate`."""
    good = deflated(PLAIN)
    return {
        "adler": good[:-1] + bytes([good[-1] ^ 1]),
        "no adler": good[:-4],
        "garbage": b"\xff" + PLAIN,
        "garbage behind": good + b"garbage",
        "a dictionary that nobody has": b"\x78\xbb" + good[2:],
        "raw, reserved block type": b"\x07" + raw_deflated(PLAIN)[1:],
        "raw, cut": raw_deflated(PLAIN)[:-3],
    }


def sound_members():
    """{what is unusual: (stream, what is in it)}: valid all the same, RFC 1952."""
    extra, name = struct.pack("<H", 1000) + b"e" * 1000, b"a name\0"
    fields = extra + name + b"a comment\0"
    flags = EXTRA | NAME | COMMENT
    start = b"\x1f\x8b\x08" + bytes([flags | HCRC]) + bytes(6) + fields
    checked = fields + struct.pack("<H", zlib.crc32(start) & 0xFFFF)
    return {
        "every field": (gzip_member(PLAIN, flags, fields), PLAIN),
        "every field and their checksum": (gzip_member(PLAIN, flags | HCRC, checked), PLAIN),
        "text": (gzip_member(PLAIN, TEXT), PLAIN),
        "nothing in it": (gzipped(b""), b""),
        "stored": (gzipped(PLAIN, 0), PLAIN),
        "two members": (gzipped(PLAIN) + gzipped(b"behind"), PLAIN + b"behind"),
        "an empty one first": (gzipped(b"") + GOOD, PLAIN),
        "1,024 members": (gzipped(b"x") * 1024, b"x" * 1024),
        "a ratio of 75": (gzipped(prose(20_000) + bytes(1 << 20)), prose(20_000)
                             + bytes(1 << 20)),
    }
