"""Two hundred slow readers, and the server that they read from, each a process of its own.

One thread and no copy more than needed, or they would be what is measured: the origin hands a file
to sendfile(2), the readers take a little of each connection on every beat. `processes.helper` is
for upstreams that answer quickly; this is for those that answer at length.
"""

import contextlib
import hashlib
import json
import os
import selectors
import socket
import subprocess
import sys
import time

from messages import KEY, request

BEAT = 0.02
PIECE = 1 << 18


@contextlib.contextmanager
def process(*arguments):
    """This file as a process; it prints one line when it is ready."""
    started = subprocess.Popen([sys.executable, __file__, *map(str, arguments)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        started.first_line = started.stdout.readline().strip()
        yield started
    finally:
        started.kill()
        started.wait()
        started.stdout.close()


# --- The origin -----------------------------------------------------------------------------

class Sending:
    """One connection of the origin: reads a head, sends the file, and closes."""

    def __init__(self, sock, file, size):
        self.sock, self.file, self.size = sock, file, size
        self.held, self.position = b"", None

    def read(self):
        data = self.sock.recv(65536)
        if not data:
            raise OSError("closed")
        self.held += data
        if b"\r\n\r\n" in self.held and self.position is None:
            self.held = self.held.split(b"\r\n\r\n", 1)[1]
            self.position = 0
            self.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
                              b"Connection: close\r\nContent-Length: %d\r\n\r\n" % self.size)

    def write(self):
        self.position += os.sendfile(self.sock.fileno(), self.file, self.position, PIECE)
        if self.position == self.size:
            raise OSError("all is sent")


def run_origin(path):
    file, size = os.open(path, os.O_RDONLY), os.stat(path).st_size
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    listener.setblocking(False)
    chosen = selectors.DefaultSelector()
    chosen.register(listener, selectors.EVENT_READ)
    print(listener.getsockname()[1], flush=True)
    while True:
        for key, events in chosen.select():
            if key.fileobj is listener:
                sock, _ = listener.accept()
                sock.setblocking(False)
                chosen.register(sock, selectors.EVENT_READ, Sending(sock, file, size))
                continue
            try:
                if events & selectors.EVENT_READ:
                    key.data.read()
                if key.data.position is not None:
                    chosen.modify(key.fileobj, selectors.EVENT_WRITE, key.data)
                    key.data.write()
            except BlockingIOError:
                pass
            except OSError:
                chosen.unregister(key.fileobj)
                key.fileobj.close()


# --- The readers ----------------------------------------------------------------------------

class Reading:
    """One client: what it has of its answer, and the digest of that."""

    def __init__(self, port, data):
        self.sock = socket.socket()
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        self.sock.connect(("127.0.0.1", port))
        self.sock.sendall(data)
        self.sock.setblocking(False)
        self.head, self.count, self.digest = b"", 0, hashlib.sha256()
        self.ended = False

    def read(self, most):
        try:
            data = self.sock.recv(most)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.ended = True
            self.sock.close()
        elif not self.head.endswith(b"\r\n\r\n"):
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end >= 0:
                data, self.head = self.head[end + 4:], self.head[:end + 4]
                self.take(data)
        else:
            self.take(data)

    def take(self, data):
        self.count += len(data)
        self.digest.update(data)


def run_readers(port, target, count, size, rate, seconds):
    """So many clients at so many bytes a second each, and after so many seconds without a bound.

    Prints how many have the whole, by digest, and how far the slow ones had come.
    """
    port, count, size = int(port), int(count), int(size)
    rate, seconds = float(rate), float(seconds)
    data = request("GET", target, [("x-api-key", KEY)])
    crowd = [Reading(port, data) for _ in range(count)]
    print("ready", flush=True)
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < seconds:
        for each in crowd:
            behind = int(rate * elapsed) - each.count
            if behind > 0 and each.count < size and not each.ended:
                each.read(min(behind, size - each.count + 4096, PIECE))
        time.sleep(BEAT)
    slow = sum(each.count for each in crowd)
    finish(crowd, size)
    digests = {}
    for each in crowd:
        name = f"{each.head[:15].decode()} {each.count} {each.digest.hexdigest()}"
        digests[name] = digests.get(name, 0) + 1
    print(json.dumps({"slow_bytes": slow, "digests": digests}), flush=True)


def finish(crowd, size):
    """Reads whatever is left of all of them, as it comes."""
    chosen = selectors.DefaultSelector()
    left = [each for each in crowd if each.count < size and not each.ended]
    for each in left:
        chosen.register(each.sock, selectors.EVENT_READ, each)
    open_now, deadline = len(left), time.monotonic() + 600
    while open_now and time.monotonic() < deadline:
        for key, _ in chosen.select(1.0):
            key.data.read(PIECE)
            if key.data.ended or key.data.count >= size:
                with contextlib.suppress(KeyError, ValueError):
                    chosen.unregister(key.fileobj)
                open_now -= 1


if __name__ == "__main__":
    os.nice(10)  # behind whoever is being measured
    if sys.argv[1] == "origin":
        run_origin(sys.argv[2])
    elif sys.argv[1] == "readers":
        run_readers(*sys.argv[2:])
