"""Clients that go away in the middle of an exchange, and what must then come to pass."""

import time

from harness import PATIENCE

SOON = 0.1 * PATIENCE + 0.1  # the hundred milliseconds of the catalogue, and a scheduler's

LEAVES = {"reset": lambda connection: connection.reset(),
          "fin": lambda connection: connection.close()}

# A FIN alone means the same where a listener does not say `half_close: serve`.
WAYS = {**LEAVES, "half close": lambda connection: connection.half_close()}


def leave(connection, how):
    """Goes away so, and says when."""
    start = time.monotonic()
    WAYS[how](connection)
    return start


def named(penstock):
    """A field that names the request, for an answer that never comes names none."""
    return ("X-Request-Id", f"abort-{len(penstock.ledger)}-{time.monotonic_ns()}")


def aborted_line(penstock, name, phases, statuses=(499,)):
    """The request's access line, which must say that it was the client, and where."""
    line = penstock.access_line(name[1])
    assert line["error"] == "client_aborted", line
    assert line["termination"] in [f"downstream:{phase}" for phase in phases], line
    assert line["status"] in statuses, line
    return line
