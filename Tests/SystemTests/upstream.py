"""A scripted upstream that keeps every byte it was sent; scripted.py has the scripts."""

import contextlib
import socket
import ssl
import struct
import threading
import time

import rows
from messages import REQUEST_LINE, Ended, NotHTTP, Request, Stream


class UpstreamConnection(Stream):
    """What a handler gets: one accepted connection, read strictly or raw."""

    def __init__(self, sock, upstream):
        super().__init__(sock)
        self.upstream = upstream
        self.accepted_at = time.monotonic()
        self.ended_at = None  # when the peer's FIN or RST was seen
        self.requests = []    # heads are enough to be in here; see `complete`
        self.tls_error = None

    def fill(self, deadline):
        more = super().fill(deadline)
        if not more and self.ended_at is None:
            self.ended_at = time.monotonic()
        return more

    def read_request(self, timeout=60.0, body=True):
        """The next request, None when the peer closes instead. `body=False` leaves the body."""
        deadline = time.monotonic() + timeout
        if not self.buffer and not self.fill(deadline):
            return None
        start, headers, raw = self.head(deadline)
        match = REQUEST_LINE.match(start)
        if not match:
            raise NotHTTP(f"request line {start!r}")
        got = Request(*(part.decode() for part in match.groups()), headers, raw)
        self.requests.append(got)
        if body:
            self.read_body(got, deadline, to_end=False)
        return got

    def send(self, data):
        self.sock.settimeout(60.0)
        self.sock.sendall(data)

    def wait_for_end(self, timeout=60.0):
        """Reads and keeps whatever comes until the peer closes."""
        deadline = time.monotonic() + timeout
        while self.fill(deadline):
            pass

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.close()


class Upstream:
    """A scripted server on a free port: one thread a connection runs `handler(connection)`.

    `handler` may be exchanged between rows. `tls` is a server-side ssl.SSLContext. What a handler
    raises because of the peer's bytes is kept in `faults` and fails the row; that the peer went
    away is not a fault.
    """

    def __init__(self, handler, tls=None, host="127.0.0.1", port=0):
        self.handler, self.tls, self.host = handler, tls, host
        self.listener = socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.accepted, self.faults = [], []
        self.stopping = False
        rows.upstreams.append(self)
        threading.Thread(target=self.accept, daemon=True).start()

    @property
    def url(self):
        name = f"[{self.host}]" if ":" in self.host else self.host
        if self.tls:
            name = "localhost" if self.host in ("127.0.0.1", "::1") else name
        return f"{'https' if self.tls else 'http'}://{name}:{self.port}"

    @property
    def connections(self):
        """How many connections reached it since the row began."""
        return len(self.accepted)

    @property
    def requests(self):
        """Every request since the row began, in order of connection."""
        return [each for connection in list(self.accepted) for each in connection.requests]

    @property
    def received(self):
        return b"".join(bytes(connection.received) for connection in list(self.accepted))

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = UpstreamConnection(sock, self)
            self.accepted.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.tls:
                connection.sock = self.tls.wrap_socket(connection.sock, server_side=True)
            self.handler(connection)
        except ssl.SSLError as error:
            connection.tls_error = error
        except (Ended, OSError):
            pass
        except Exception as fault:
            self.faults.append(fault)
        finally:
            connection.close()

    def begin_row(self):
        """Forgets what earlier rows did."""
        self.drop()
        self.accepted, self.faults = [], []

    def drop(self):
        """Closes every connection, so that a pool's idle ones are no leak."""
        for connection in list(self.accepted):
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)
            if connection.ended is None:
                connection.ended = "dropped"

    def check_row(self):
        assert not self.faults, f"what the upstream got: {self.faults}"
        for penstock in rows.running:
            for key in penstock.config.get("api_keys", []):
                secret = key.get("key")
                if isinstance(secret, str):
                    assert secret.encode() not in self.received, "an API key went upstream"

    def close(self):
        self.drop()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self in rows.upstreams:
            rows.upstreams.remove(self)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
