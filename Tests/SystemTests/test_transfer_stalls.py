"""Clients that stop in the middle of an exchange: nobody waits for them for ever."""

import pytest

import scripted
from harness import KEY, Ended, Penstock, Upstream, account, eventually, request

LENGTH = 64 << 20


def large(connection):
    """An answer that no buffer holds."""
    if connection.read_request():
        connection.send(scripted.answer(b"x" * LENGTH))


def hasty_answer(connection):
    """Begins to answer without waiting for the request's body, and says no more."""
    connection.read_request(body=False)
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello")
    connection.wait_for_end()


def served(upstream, **timeouts):
    return Penstock({"accounts": [account(upstream)], "timeouts": timeouts})


def test_a_client_that_stops_reading_is_cut_off():
    with Upstream(large) as upstream, served(upstream, write_stall="500ms") as penstock:
        connection = penstock.connect(receive_buffer=16 << 10)
        connection.send(request("GET", "/proxy/ca_echo/", [("x-api-key", KEY),
                                                           ("x-request-id", "stalled-reader")]))
        line = penstock.log_lines(1, within=10, request_id="stalled-reader")[0]
        assert line["error"] == "client_write_timeout"
        assert line["termination"].startswith("downstream:")
        assert line["bytes_sent"] < LENGTH
        with pytest.raises((Ended, OSError)):
            connection.read_response()


def test_a_client_that_stops_sending_behind_an_answer_that_has_begun_is_cut_off():
    with Upstream(hasty_answer) as upstream, served(upstream, body_idle="500ms") as penstock:
        connection = penstock.connect()
        connection.send(request("POST", "/proxy/ca_echo/", [
            ("x-api-key", KEY), ("x-request-id", "stalled-sender"), ("Content-Length", "100")]))
        connection.send(b"half")
        line = penstock.log_lines(1, within=10, request_id="stalled-sender")[0]
        assert line["error"] == "client_body_timeout"
        assert line["termination"] == "downstream:receive"
        assert line["status"] == 200
        with pytest.raises((Ended, OSError)):
            connection.read_response()
        eventually(lambda: upstream.accepted[0].ended is not None, what="the upstream's end")
