"""Handlers for `harness.Upstream`: each is a function of one accepted connection.

A handler returns to close the connection. One that needs to know something is made by a function
that takes it: `Upstream(fixed(data))`, but `Upstream(echo)`.
"""

import hashlib
import json
import ssl
import time


def answer(body=b"", status=200, reason="OK", headers=(), content_type="application/json"):
    """One response with a Content-Length, as bytes."""
    if isinstance(body, (dict, list)):
        body = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} {reason}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def described(request):
    """What `echo` says about a request."""
    return {"method": request.method, "target": request.target,
            "headers": [list(field) for field in request.headers],
            "body_length": len(request.body),
            "body_sha256": hashlib.sha256(request.body).hexdigest(),
            "body": request.body[:1024].decode("latin-1"),
            "trailers": [list(field) for field in request.trailers]}


def echo(connection):
    """Answers every request with a description of it, for as long as the peer likes."""
    while request := connection.read_request():
        body = json.dumps(described(request)).encode()
        data = answer(body)
        connection.send(data[:-len(body)] if request.method == "HEAD" else data)


def fixed(*answers):
    """The n-th request gets the n-th of these bytes, later ones the last; keep-alive."""
    def handler(connection):
        count = 0
        while connection.read_request():
            connection.send(answers[min(count, len(answers) - 1)])
            count += 1
    return handler


def fixed_then_close(data):
    """Reads one request, sends these bytes, closes with a FIN."""
    def handler(connection):
        if connection.read_request():
            connection.send(data)
    return handler


def fixed_then_reset(data=b""):
    """Reads one request, sends these bytes, closes with an RST."""
    def handler(connection):
        if connection.read_request():
            if data:
                connection.send(data)
                time.sleep(0.05)  # or the RST overtakes the bytes
            connection.reset()
    return handler


def by_path(handlers, otherwise=None):
    """Chooses the bytes or the function(connection, request) by the request's path."""
    def handler(connection):
        while request := connection.read_request():
            chosen = handlers.get(request.target.split("?")[0], otherwise)
            if chosen is None:
                connection.send(answer({}, 404, "Not Found"))
            elif callable(chosen):
                chosen(connection, request)
            else:
                connection.send(chosen)
    return handler


def after(seconds, data=None):
    """Echoes, or sends these bytes, but only so long after the request."""
    def handler(connection):
        while request := connection.read_request():
            time.sleep(seconds)
            connection.send(data if data is not None else answer(described(request)))
    return handler


def when(event, data=None):
    """Echoes, or sends these bytes, once a threading.Event is set."""
    def handler(connection):
        while request := connection.read_request():
            event.wait(60)
            connection.send(data if data is not None else answer(described(request)))
    return handler


def trickle(data, gap, piece=1):
    """Sends these bytes `piece` at a time, `gap` seconds apart."""
    def handler(connection):
        while connection.read_request():
            for position in range(0, len(data), piece):
                connection.send(data[position:position + piece])
                time.sleep(gap)
    return handler


def never_answers(connection):
    """Reads for as long as the peer sends, and says nothing."""
    connection.wait_for_end()


def never_reads(connection):
    """Accepts, and neither reads nor writes until the row is over."""
    while connection.ended is None:
        time.sleep(0.02)


def closes_at_once(connection):
    """FIN as soon as the connection is accepted."""


def resets_at_once(connection):
    """RST as soon as the connection is accepted."""
    connection.reset()


def closes_after_request(connection):
    """Reads one request, then FIN without an answer."""
    connection.read_request()


def speaks_first(data):
    """Sends these bytes before any request, then echoes."""
    def handler(connection):
        connection.send(data)
        echo(connection)
    return handler


def in_turn(*handlers):
    """The n-th connection is served by the n-th handler, later ones by the last."""
    def handler(connection):
        number = connection.upstream.accepted.index(connection)
        handlers[min(number, len(handlers) - 1)](connection)
    return handler


def tls_context(authority, *names, alpn=("http/1.1",)):
    """A server context with a certificate for these names, issued by a trustme.CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*(names or ("localhost", "127.0.0.1"))).configure_cert(context)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context
