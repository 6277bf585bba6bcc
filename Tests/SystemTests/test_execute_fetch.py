"""`binary_body.url`: Penstock fetches the body, without any credential, and streams it on."""

import hashlib
import random
import time

import pytest

from harness import Ended, Penstock, Upstream, account, assert_error, chunked, execute, free_port
from scripted import answer, echo, fixed, fixed_then_close, never_answers


@pytest.fixture(scope="module")
def files():
    with Upstream(echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(upstream, files):
    with Penstock({"accounts": [account(upstream)],
                   "execute": {"binary_url_allow": ["127.0.0.1/32"]},
                   "limits": {"binary_body_bytes": "8MiB"}}) as server:
        yield server


def call(penstock, url, client=None, headers=(), method="POST", timeout=20.0, **binary):
    envelope = {"endpoint": "/up", "method": method, "connected_account_id": "ca_echo",
                "binary_body": {"url": url, **binary}}
    client = client or penstock.connect()
    return client.exchange(execute(envelope, headers=headers), timeout=timeout)


def digest(data):
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
@pytest.mark.parametrize("size", [0, 1, 70_000, 5_000_000])
def test_the_body_arrives_bit_for_bit(penstock, upstream, files, framing, size):
    upstream.handler = echo
    data = random.Random(size).randbytes(size)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
    if framing == "length":
        files.handler = fixed(answer(data, content_type="image/png"))
    elif framing == "chunked":
        pieces = [data[at:at + 50_000] for at in range(0, size, 50_000)]
        files.handler = fixed(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(*pieces))
    else:
        files.handler = fixed_then_close(head + b"\r\n" + data)
    got = call(penstock, files.url + "/a.png?signature=s3cr3t").json()["data"]
    assert got["body_length"] == size and got["body_sha256"] == digest(data)
    headers = {name.lower(): value for name, value in got["headers"]}
    assert headers["content-type"] == "image/png"
    if framing == "length":
        assert headers["content-length"] == str(size)
    else:
        assert headers["transfer-encoding"] == "chunked"


def test_the_fetch_carries_nothing_of_anybody(penstock, upstream, files):
    upstream.handler = echo
    files.handler = fixed(answer(b"x"))
    assert call(penstock, files.url + "/p?q=1", headers=[("Cookie", "c=1")]).status == 200
    (fetched,) = files.requests
    assert fetched.method == "GET" and fetched.target == "/p?q=1"
    assert sorted(name for name, _ in fetched.headers) == [
        "accept", "accept-encoding", "connection", "host", "user-agent"]
    assert fetched.header("accept-encoding") == "identity"


def test_the_content_type_that_is_given_wins(penstock, upstream, files):
    upstream.handler = echo
    files.handler = fixed(answer(b"x", content_type="text/html"))
    got = call(penstock, files.url, content_type="application/pdf").json()["data"]
    assert ["content-type", "application/pdf"] in [
        [name.lower(), value] for name, value in got["headers"]]


@pytest.mark.parametrize("url", ["", "a.png", "/a.png", "//host/a", "ftp://h/a", "http://u:p@h/a",
                                 "http://h/a b", "http://h/a#f", "http://h\\a", "http://h:0/",
                                 "http://h/a\r\nX: y"])
def test_what_is_no_url(penstock, upstream, url):
    assert_error(call(penstock, url), 400, "invalid_binary_url")
    assert upstream.requests == []


@pytest.mark.parametrize("status, more", [
    (301, [("Location", "/b")]), (302, [("Location", "/b")]), (404, []), (403, []), (500, []),
    (206, [("Content-Range", "bytes 0-0/5")]), (200, [("Content-Encoding", "gzip")])])
def test_anything_but_a_plain_200_is_refused(penstock, upstream, files, status, more):
    """Redirects are not followed, and nothing leaves for the account's upstream."""
    files.handler = fixed(answer(b"x", status=status, headers=more))
    response = call(penstock, files.url)
    assert_error(response, 400, "binary_url_refused")
    assert response.header("x-should-retry") == "false"
    assert upstream.requests == [] and len(files.requests) == 1


def test_a_private_address_is_refused(upstream, files):
    """An account's `allow_private` does not count here."""
    with Penstock({"accounts": [account(upstream, allow_private=True)]}) as server:
        for url in (files.url, f"http://localhost:{files.port}/", "http://169.254.169.254/x"):
            assert_error(call(server, url), 403, "destination_not_allowed")
        assert files.requests == [] and upstream.requests == []


def test_penstock_itself_is_refused(penstock, upstream):
    response = call(penstock, f"http://127.0.0.1:{penstock.admin_port}/metrics")
    assert_error(response, 403, "destination_not_allowed")


def test_a_server_that_is_not_there(penstock, upstream):
    response = call(penstock, f"http://127.0.0.1:{free_port()}/")
    assert_error(response, 502, "binary_url_failed")
    assert response.header("x-should-retry") == "true"
    assert upstream.requests == []


def test_too_large_by_its_length(penstock, upstream, files):
    files.handler = fixed(b"HTTP/1.1 200 OK\r\nContent-Length: 8388609\r\n\r\n" + bytes(100))
    assert_error(call(penstock, files.url), 413, "binary_url_too_large")
    assert upstream.requests == []


def test_too_large_as_it_comes(penstock, upstream, files):
    """The upstream never sees a whole request."""
    def swallow(connection):
        connection.read_request(body=False)
        connection.wait_for_end(10.0)
    upstream.handler = swallow
    files.handler = fixed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                          + chunked(*[bytes(1 << 20)] * 9))
    assert_error(call(penstock, files.url), 413, "binary_url_too_large")
    assert not upstream.received.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("method, retry", [("POST", "false"), ("PUT", "true")])
def test_a_fetch_that_is_cut_cuts_the_upload(penstock, upstream, files, method, retry):
    def swallow(connection):
        connection.read_request(body=False)
        connection.wait_for_end(10.0)
    upstream.handler = swallow
    files.handler = fixed_then_close(answer(bytes(1_000_000))[:-10])
    response = call(penstock, files.url, method=method)
    assert_error(response, 502, "binary_url_failed")
    assert response.header("x-should-retry") == retry


def test_a_fetch_that_never_answers_is_named(penstock, upstream, files):
    files.handler = never_answers
    begun = time.monotonic()
    response = call(penstock, files.url, headers=[("x-stainless-read-timeout", "2")])
    assert_error(response, 504, "binary_url_timeout")
    assert time.monotonic() - begun < 2.0
    assert response.header("x-should-retry") == "true"
    assert upstream.requests == []


def test_a_client_that_leaves_ends_both(penstock, upstream, files):
    gone = []

    def slowly(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + bytes(1000))
        connection.wait_for_end(10.0)
        gone.append(connection)

    def swallow(connection):
        connection.read_request(body=False)
        connection.wait_for_end(10.0)
        gone.append(connection)
    files.handler, upstream.handler = slowly, swallow
    client = penstock.connect()
    with pytest.raises((TimeoutError, Ended)):
        call(penstock, files.url, client=client, timeout=0.5)
    client.close()
    deadline = time.monotonic() + 5
    while len(gone) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(gone) == 2


def test_an_upstream_that_answers_early_ends_the_fetch(penstock, upstream, files):
    def early(connection):
        connection.read_request(body=False)
        connection.send(answer({"no": True}, 413, "Content Too Large"))
        connection.wait_for_end(5.0)

    def endless(connection):
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n")
        while connection.ended is None:
            connection.send(bytes(10_000))
            time.sleep(0.01)
    upstream.handler, files.handler = early, endless
    response = call(penstock, files.url)
    assert response.status == 200 and response.json()["status"] == 413


def test_the_body_goes_out_on_a_connection_that_has_served_before(penstock, upstream, files):
    """It is there in the call that says that the fetch has its head."""
    upstream.handler = echo
    data = bytes(3000)
    files.handler = fixed(answer(data, content_type="image/png"))
    for _ in range(3):
        got = call(penstock, files.url).json()["data"]
        assert got["body_sha256"] == digest(data)
    assert upstream.connections == 1
