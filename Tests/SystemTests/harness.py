"""A whole server on real sockets: what every system test stands on, in one import.

Raw throughout, so that a test decides every byte:

`Penstock`    starts the binary with a configuration of its own and watches it (server.py).
`Connection`  a client's socket; `read_response` takes exactly one strictly framed answer off it
              (client.py, messages.py).
`Upstream`    a scripted server (upstream.py; scripts in scripted.py) that keeps what it was sent.
`assert_…`    the notation of the catalogue: closed (↯), stays (∞), silent (notation.py).

What must hold after every row is checked after every test, see rows.py and conftest.py. Every
answer that a `Connection` reads is noted in its server's ledger; when the server stops, the ledger
is held against the log: one access line an answer, and no secret anywhere.
"""

from client import Connection, Sender, connect
from messages import (ANSWER_SECONDS, CHUNK_LINE, EXECUTE, FIELD, KEY, PATIENCE, REQUEST_LINE,
                      STATUS_LINE, TOKEN, Ended, Message, NotHTTP, Request, Response, Stream,
                      chunked, execute, field, pairs, request)
from notation import (BINARY, REPOSITORY, assert_closed, assert_error, assert_keeps_its_word,
                      assert_silent, assert_stays, error_table, eventually, named)
from rows import after_row, begin_row, clients, end_row, running, upstreams
from server import Penstock, account, free_port, merged, secrets_in
from upstream import Upstream, UpstreamConnection

__all__ = [
    "ANSWER_SECONDS", "BINARY", "CHUNK_LINE", "Connection", "EXECUTE", "Ended", "FIELD", "KEY",
    "Message", "NotHTTP", "PATIENCE", "Penstock", "REPOSITORY", "REQUEST_LINE", "Request",
    "Response", "STATUS_LINE", "Sender", "Stream", "TOKEN", "Upstream", "UpstreamConnection",
    "account", "after_row", "assert_closed", "assert_error", "assert_keeps_its_word",
    "assert_silent", "assert_stays", "begin_row", "chunked", "clients", "connect", "end_row",
    "error_table", "eventually", "execute", "field", "free_port", "merged", "named", "pairs",
    "request", "running", "secrets_in", "upstreams",
]
