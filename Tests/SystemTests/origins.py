"""What the tests of the upstream side share: large bodies, faulty upstreams.

`harness.Upstream` keeps every byte it is sent. Where a body is too large for that, `receive` and
`send_pattern` pass it on: both ends know the pattern and its SHA-256, neither keeps it.
"""

import contextlib
import functools
import hashlib
import json
import random
import socket
import ssl
import time

import harness

PIECE = 1 << 18
KEY = harness.KEY

# A prime length: whatever is lost, doubled or swapped by a buffer's size changes the digest.
PERIOD = 1048573
BLOCK = random.Random(2616).randbytes(PERIOD)
BLOCKS = BLOCK + BLOCK[:PIECE]


# --- Requests and how they may end ----------------------------------------------------------

def proxy(method, path="/", headers=(), body=b"", account="ca_up", key=KEY, **more):
    """A request of the streaming route, as bytes."""
    fields = ([("x-api-key", key)] if key else []) + harness.pairs(headers)
    return harness.request(method, f"/proxy/{account}{path}", fields, body, **more)


def read_outcome(connection, method="GET", timeout=harness.ANSWER_SECONDS):
    """An answer that may be cut short: `complete` says whether its framing was satisfied."""
    response = connection.read_head(timeout)
    if method == "HEAD" or response.status in (204, 304):
        response.complete = True
        return response
    try:
        connection.read_body(response, time.monotonic() + timeout, to_end=True)
    except harness.Ended:
        return response
    if connection.penstock:
        connection.penstock.note_body(response)
    return response


def outcome(penstock, data, timeout=harness.ANSWER_SECONDS):
    """Sends one request on a connection of its own; its answer, complete or not."""
    connection = penstock.connect()
    connection.send(data)
    response = read_outcome(connection, data.split(b" ", 1)[0].decode(), timeout)
    connection.close()
    return response


def assert_fails(penstock, response, *slugs, status=502, begun=True, side="upstream"):
    """The error answer; or, where `begun` allows that the answer had begun, its abort.

    Either way the access line names one of the slugs and the side that is to blame.
    """
    if begun and response.status != status:
        assert response.status == 200, response
        assert not response.complete, f"cut short upstream, whole downstream: {response}"
    else:
        harness.assert_error(response, status, slugs)
    line = penstock.access_line(response.request_id)
    assert line["error"] in slugs, line
    assert line["termination"].split(":")[0] == side, line
    return line


# --- Large bodies ---------------------------------------------------------------------------

def pieces(size, piece=65536):
    """The pattern of that size, a memoryview at a time."""
    view, position = memoryview(BLOCKS), 0
    while position < size:
        start, count = position % PERIOD, min(piece, size - position)
        yield view[start:start + count]
        position += count


@functools.cache
def pattern_sha256(size):
    digest = hashlib.sha256()
    for piece in pieces(size, PIECE):
        digest.update(piece)
    return digest.hexdigest()


def pattern(size):
    return b"".join(pieces(size))


class Tally:
    """How much of a body has come, and its digest."""

    def __init__(self):
        self.count, self.digest = 0, hashlib.sha256()

    def add(self, data):
        self.count += len(data)
        self.digest.update(data)

    @property
    def sha256(self):
        return self.digest.hexdigest()


def receive(stream, message, tally=None, each=None, seconds=60.0):
    """Reads a message's body off a `harness.Stream` and keeps only its tally.

    `each(tally)` is called after every read, and may take its time.
    """
    tally = tally or Tally()
    for data in body_pieces(stream, message, seconds * harness.PATIENCE):
        tally.add(data)
        if each:
            each(tally)
    return tally


def body_pieces(stream, message, seconds):
    stream.sock.settimeout(seconds)
    held = bytearray(stream.buffer)
    stream.buffer.clear()

    def more():
        data = stream.sock.recv(PIECE)
        if not data:
            raise harness.Ended("closed in the middle of a body")
        return data

    if message.all("transfer-encoding"):
        yield from chunk_pieces(held, more)
    elif length := message.header("content-length"):
        left = int(length)
        while left:
            data = bytes(held) or more()
            held.clear()
            assert len(data) <= left, "more than the Content-Length"
            left -= len(data)
            yield data
    else:
        with contextlib.suppress(harness.Ended):
            while True:
                yield bytes(held) or more()
                held.clear()


def chunk_pieces(held, more):
    """Decodes chunks; what follows them must be the empty trailer section."""
    def line():
        while (end := held.find(b"\r\n")) < 0:
            held.extend(more())
        found = bytes(held[:end])
        del held[:end + 2]
        return found

    while left := int(line(), 16):
        while left:
            if not held:
                held.extend(more())
            data = bytes(held[:left])
            del held[:left]
            left -= len(data)
            yield data
        assert line() == b"", "no CRLF after a chunk"
    assert line() == b"", "a trailer that nobody sent"


def send_pattern(sock, size, framing="length", piece=65536, sent=None):
    """Sends the pattern as a body; `sent`, a Tally without a digest, follows how far it is."""
    for data in pieces(size, piece):
        if framing == "chunked":
            sock.sendall(b"".join((b"%x\r\n" % len(data), data, b"\r\n")))
        else:
            sock.sendall(data)
        if sent:
            sent.count += len(data)
    if framing == "chunked":
        sock.sendall(b"0\r\n\r\n")


def send_split(sock, body, seed, framing):
    """Sends a body in random segments and, chunked, in random chunks."""
    choose = random.Random(seed)
    data = b"".join(random_chunks(body, choose)) if framing == "chunked" else body
    while data:
        count = choose.choice((1, 2, 3, 100, 1000, 16384, 65536))
        sock.sendall(data[:count])
        data = data[count:]
        if choose.random() < 0.3:
            time.sleep(0.001)


def random_chunks(body, choose):
    while body:
        count = choose.choice((1, 2, 15, 16, 17, 255, 256, 4096, 16383, 16384, 16385, 65536))
        yield b"%x\r\n%s\r\n" % (len(body[:count]), body[:count])
        body = body[count:]
    yield b"0\r\n\r\n"


FRAMING = {"length": "Content-Length: {size}", "chunked": "Transfer-Encoding: chunked",
           "close": "Connection: close"}


def response_head(size, framing="length"):
    field = FRAMING[framing].format(size=size)
    return f"HTTP/1.1 200 OK\r\nContent-Type: application/x-test\r\n{field}\r\n\r\n".encode()


def bulk(connection):
    """GET /SIZE/FRAMING?seed sends the pattern, split at random where there is a seed; any
    request with a body is answered with the body's size and digest."""
    while got := connection.read_request(body=False):
        connection.sock.settimeout(60.0)
        if got.method != "GET":
            tally = receive(connection, got)
            connection.send(json_answer({"count": tally.count, "sha256": tally.sha256}))
            continue
        path, _, seed = got.target.partition("?")
        size, framing = path.strip("/").split("/")
        connection.send(response_head(size, framing))
        if seed:
            send_split(connection.sock, pattern(int(size)), int(seed), framing)
        else:
            send_pattern(connection.sock, int(size), framing)
        if framing == "close":
            return end_tls(connection)


def json_answer(value):
    body = json.dumps(value).encode()
    return (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body))


# --- Scripts --------------------------------------------------------------------------------

def raw(data, end="fin", pause=0.0):
    """Reads one request, sends these bytes, and ends the connection so: fin, reset or stay."""
    def handler(connection):
        if not connection.read_request():
            return
        with contextlib.suppress(OSError):
            connection.send(data)
            time.sleep(pause)
            if end == "reset":
                time.sleep(0.05)  # or the RST overtakes the bytes
                connection.reset()
            elif end == "stay":
                connection.wait_for_end()
    return handler


def then(first, second):
    """Answers the connection's first request with these bytes; what the second request meets,
    `second(connection)` says."""
    def handler(connection):
        if connection.read_request():
            connection.send(first)
            second(connection)
    return handler


def end_tls(connection):
    """The orderly end of a TLS connection: close_notify, then FIN."""
    if isinstance(connection.sock, ssl.SSLSocket):
        with contextlib.suppress(OSError, ValueError):
            connection.sock.settimeout(10.0)
            connection.sock = connection.sock.unwrap()
    connection.close()


def wait_for_close(connection, seconds=5.0):
    """Discards what comes, without keeping it; when the peer was gone, None if it never was."""
    deadline = time.monotonic() + seconds * harness.PATIENCE
    with contextlib.suppress(TimeoutError):
        while (left := deadline - time.monotonic()) > 0:
            connection.sock.settimeout(left)
            try:
                if connection.sock.recv(PIECE):
                    continue
            except TimeoutError:
                raise
            except OSError:
                pass
            return time.monotonic()
    return None


class Hanging:
    """An address that takes no connection: its backlog is full, so that SYNs are dropped."""

    def __init__(self, host="127.0.0.1", port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, port))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fillers = []
        for _ in range(4):
            filler = socket.socket(family)
            filler.setblocking(False)
            filler.connect_ex((host, self.port))
            self.fillers.append(filler)
        time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for sock in self.fillers + [self.listener]:
            sock.close()
