"""The good requests that the rows of C1 and C2 start from.

Framing is one thing for every route, so most rows run on the execute endpoint, which reads a whole
body before anything leaves, and on the streaming route, which does not.
"""

import json

from harness import EXECUTE, KEY, execute

ROUTES = {"execute": EXECUTE, "proxy": "/proxy/ca_echo/x"}
ENVELOPE = {"endpoint": "/x", "method": "POST", "connected_account_id": "ca_echo",
            "body": {"a": 1}}
JSON = json.dumps(ENVELOPE).encode()
CHUNKED = b"Transfer-Encoding: chunked"


def post(route, *fields, body=b"", version=b"HTTP/1.1", key=True):
    """A POST of raw field lines; what they say of the body is none of its business."""
    lines = [b"POST " + ROUTES[route].encode() + b" " + version, b"Host: p",
             b"Content-Type: application/json"]
    if key:
        lines.append(b"x-api-key: " + KEY.encode())
    return b"\r\n".join(lines + list(fields)) + b"\r\n\r\n" + body


def call(account_id="ca_echo", headers=(), **more):
    """A call of the execute endpoint that an account's upstream answers."""
    return execute({**ENVELOPE, "connected_account_id": account_id}, headers, **more)
