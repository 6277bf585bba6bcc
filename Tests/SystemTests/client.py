"""A client's socket, byte by byte under the test's control."""

import contextlib
import os
import select
import socket
import struct
import threading
import time

import rows
from messages import ANSWER_SECONDS, PATIENCE, STATUS_LINE, NotHTTP, Response, Stream


class Connection(Stream):
    """A client's connection to a Penstock, byte by byte under the test's control."""

    def __init__(self, sock, penstock=None):
        super().__init__(sock)
        self.penstock = penstock
        self.senders = []
        rows.clients.append(self)

    def send(self, data):
        """Sends all of `data`; a peer that has closed meanwhile is the reader's finding."""
        self.sock.settimeout(ANSWER_SECONDS)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.sock.sendall(data)
        return self

    def send_slowly(self, data, gap):
        """One byte a segment, `gap` seconds apart."""
        for position in range(len(data)):
            self.send(data[position:position + 1])
            time.sleep(gap)
        return self

    def send_in_background(self, data, times=1):
        """Sends on while the test reads; see `Sender` for what it knows."""
        sender = Sender(self.sock, data, times)
        self.senders.append(sender)
        sender.start()
        return sender

    def half_close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        """Closes with RST instead of FIN."""
        for sender in self.senders:
            sender.stop()
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        for sender in self.senders:
            sender.stop()
        with contextlib.suppress(OSError):
            self.sock.close()

    def read_head(self, timeout=ANSWER_SECONDS):
        """The head of the next final answer; the body is left in the stream."""
        deadline = time.monotonic() + timeout
        interim = []
        while True:
            start, headers, raw = self.head(deadline)
            match = STATUS_LINE.match(start)
            if not match:
                raise NotHTTP(f"status line {start!r}")
            response = Response(match[1].decode(), int(match[2]), match[3].decode("latin-1"),
                                headers, raw)
            if response.status >= 200 or response.status == 101:
                response.interim = interim
                if self.penstock:
                    self.penstock.note(response)
                return response
            if response.all("content-length") or response.all("transfer-encoding"):
                raise NotHTTP(f"a framing field on {response}")
            interim.append(response)

    def read_response(self, method="GET", timeout=ANSWER_SECONDS):
        """Exactly one answer; what follows it stays in the stream."""
        response = self.read_head(timeout)
        deadline = time.monotonic() + timeout
        if response.status in (101, 204, 304) or method == "HEAD":
            if response.status == 204 and (response.all("content-length")
                                           or response.all("transfer-encoding")):
                raise NotHTTP(f"a framing field on {response}")
            response.complete = True
            return response
        self.read_body(response, deadline, to_end=True)
        if self.penstock:
            self.penstock.note_body(response)
        return response

    def exchange(self, data, method=None, timeout=ANSWER_SECONDS):
        """Sends one request and reads its answer; the method is read off the request."""
        self.send(data)
        return self.read_response(method or data.split(b" ", 1)[0].decode("latin-1"), timeout)

    def read_all(self, timeout=ANSWER_SECONDS):
        """Everything until the peer closes; `ended` then says how it did."""
        deadline = time.monotonic() + timeout
        while self.fill(deadline):
            pass
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    def is_closed(self, within):
        """True when the peer closes within so many seconds without another byte."""
        if self.buffer:
            return False
        try:
            return not self.fill(time.monotonic() + within * PATIENCE)
        except TimeoutError:
            return False

    def is_quiet(self, seconds):
        """True when for so long the peer neither sends nor closes."""
        try:
            self.fill(time.monotonic() + seconds)
        except TimeoutError:
            return not self.buffer
        return False


class Sender(threading.Thread):
    """Writes `data` so many times, apart from the reader and from its timeouts.

    `sent` counts what the kernel took, `error` is how the peer ended it; with neither end nor
    error the peer has stopped reading.
    """

    def __init__(self, sock, data, times):
        super().__init__(daemon=True)
        self.descriptor = os.dup(sock.fileno())
        os.set_blocking(self.descriptor, False)
        self.data, self.times = data, times
        self.sent, self.error, self.stopping = 0, None, False

    def run(self):
        try:
            for _ in range(self.times):
                rest = memoryview(self.data)
                while rest and not self.stopping:
                    if select.select([], [self.descriptor], [], 0.05)[1]:
                        with contextlib.suppress(BlockingIOError):
                            count = os.write(self.descriptor, rest)
                            self.sent, rest = self.sent + count, rest[count:]
        except OSError as error:
            self.error = error
        finally:
            os.close(self.descriptor)

    def stop(self):
        self.stopping = True
        self.join()


def connect(port, host="127.0.0.1", receive_buffer=None):
    """A client's connection; to a running Penstock its answers go into that one's ledger."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.settimeout(ANSWER_SECONDS)
    sock.connect((host, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    owner = next((each for each in rows.running if each.port == port), None)
    return Connection(sock, owner)
