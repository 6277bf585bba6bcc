"""What becomes of a body that nobody wants and that does not come, or comes without end."""

import contextlib
import time

import pytest

import scripted
from harness import Penstock, Upstream


@pytest.fixture(scope="module")
def upstream():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock({
            "accounts": [{"id": "ca_base", "base_url": upstream.url,
                          "timeouts": {"total": "700ms"}}],
            "timeouts": {"body_idle": "400ms", "write_stall": "3s"}}) as server:
        yield server


def head(target, *fields):
    lines = [f"POST {target} HTTP/1.1", "Host: p", *fields, "", ""]
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize("framing", ["Content-Length: 30", "Transfer-Encoding: chunked"])
def test_a_refused_request_whose_body_never_comes_ends_its_connection(penstock, framing):
    connection = penstock.connect()
    connection.send(head("/proxy/ca_base/x", "x-api-key: wrong", framing))
    assert connection.read_response().status == 401
    assert connection.is_closed(3.0)
    assert penstock.connect().exchange(b"GET /healthz HTTP/1.1\r\nHost: p\r\n\r\n").status == 200


def test_a_refused_request_whose_body_has_no_end_ends_its_connection(penstock):
    connection = penstock.connect()
    connection.send(head("/proxy/ca_base/x", "x-api-key: wrong", "Transfer-Encoding: chunked"))
    assert connection.read_response().status == 401
    piece = b"10000\r\n" + bytes(65536) + b"\r\n"
    with contextlib.suppress(OSError):
        for _ in range(100):
            connection.send(piece)
            time.sleep(0.005)
    assert connection.is_closed(1.0)


def test_the_total_time_ends_no_answer_that_is_whole(penstock, upstream):
    """The client is slow to read it; the upstream has long done its part."""
    body = b"y" * 200_000
    upstream.handler = scripted.fixed(scripted.answer(body, content_type="text/plain"))
    upstream.drop()
    connection = penstock.connect()
    connection.send(b"GET /proxy/ca_base/x HTTP/1.1\r\nHost: p\r\n"
                    b"x-api-key: k1-test-key-0123456789\r\n\r\n")
    time.sleep(1.2)
    assert connection.read_response().body == body
