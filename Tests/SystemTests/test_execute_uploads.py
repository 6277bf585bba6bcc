"""Bodies up through the execute endpoint: JSON as it stands, base64 as what it means."""

import base64
import hashlib
import json
import random
import time

import pytest

from harness import Penstock, account, assert_error, execute
from scripted import answer, echo

CALL = {"endpoint": "/x", "method": "POST", "connected_account_id": "ca_echo"}


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock({"accounts": [account(upstream)]}) as server:
        yield server


def sent(penstock, envelope, timeout=20.0):
    client = penstock.connect()
    client.send(envelope if envelope.startswith(b"POST ") else execute(envelope))
    response = client.read_response(timeout=timeout)
    assert response.status == 200, response
    return response.json()["data"]


def digest(data):
    return hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    "size", [0, 1, 2, 3, 12_000, 16_384, 16_385, 1_000_000, 4_000_000, 4 << 20])
def test_base64_arrives_bit_for_bit(penstock, upstream, size):
    upstream.handler = echo
    data = random.Random(size).randbytes(size)
    got = sent(penstock, execute({**CALL, "binary_body": {
        "base64": base64.b64encode(data).decode(), "content_type": "image/png"}}))
    assert got["body_length"] == size and got["body_sha256"] == digest(data)
    headers = {name.lower(): value for name, value in got["headers"]}
    assert headers["content-type"] == "image/png"
    assert headers["content-length"] == str(size)


def test_escaped_base64_arrives_bit_for_bit(penstock, upstream):
    upstream.handler = echo
    data = random.Random(7).randbytes(100_000)
    text = base64.b64encode(data).decode().replace("/", "\\/").replace("A", "\\u0041")
    body = json.dumps({**CALL, "binary_body": {"base64": "@"}}).replace("@", text)
    assert sent(penstock, execute(body.encode()))["body_sha256"] == digest(data)


def test_what_stands_around_base64_is_left_alone(penstock, upstream):
    """It is decoded where it stands; the account and the parameters stand behind it."""
    upstream.handler = echo
    data = bytes(range(256)) * 100
    got = sent(penstock, execute({
        "endpoint": "/y", "method": "PUT",
        "binary_body": {"base64": base64.b64encode(data).decode()},
        "connected_account_id": "ca_echo",
        "parameters": [{"name": "X-Behind", "value": "it", "type": "header"},
                       {"name": "q", "value": "z", "type": "query"}]}))
    assert got["body_sha256"] == digest(data) and got["target"].endswith("/y?q=z")
    assert ["x-behind", "it"] in got["headers"]


def test_more_base64_than_the_limit(penstock, upstream):
    upstream.handler = echo
    text = base64.b64encode(bytes((4 << 20) + 1)).decode()
    response = penstock.connect().exchange(execute({**CALL, "binary_body": {"base64": text}}),
                                           timeout=20.0)
    assert_error(response, 413, "base64_too_large")
    assert upstream.requests == []


def test_an_envelope_over_the_limit(penstock, upstream):
    envelope = json.dumps({**CALL, "body": "x" * (16 << 20)}).encode()
    response = penstock.connect().exchange(execute(envelope), timeout=20.0)
    assert_error(response, 413, "body_too_large")
    assert upstream.requests == []


@pytest.mark.parametrize("size", [100, 100_000, 8_000_000])
def test_json_goes_up_byte_for_byte(penstock, upstream, size):
    upstream.handler = echo
    item = b'{ "z": 12345678901234567890, "a":1.10, "z2":"\\u00e9/\\/" }'
    body = b"[" + b" ,".join([item] * (size // len(item) + 1)) + b"]"
    envelope = json.dumps(CALL).encode()[:-1] + b', "body": ' + body + b"}"
    assert sent(penstock, execute(envelope))["body_sha256"] == digest(body)


def test_a_large_body_waits_for_a_slow_upstream(penstock, upstream):
    """It is sent from where it stands, as the upstream takes it."""
    data = random.Random(3).randbytes(4_000_000)

    def slow(connection):
        request = connection.read_request(body=False)
        got = hashlib.sha256()
        left = int(request.header("content-length"))
        while left:
            piece = connection.take(min(left, 65_536), time.monotonic() + 20)
            got.update(piece)
            left -= len(piece)
        connection.send(answer({"sha256": got.hexdigest()}))
    upstream.handler = slow
    got = sent(penstock, execute({**CALL, "binary_body": {
        "base64": base64.b64encode(data).decode()}}))
    assert got["sha256"] == digest(data)


def test_an_early_answer_ends_a_large_upload(penstock, upstream):
    def early(connection):
        connection.read_request(body=False)
        connection.send(answer({"too": "large"}, 413, "Content Too Large"))
        connection.wait_for_end(5.0)
    upstream.handler = early
    text = base64.b64encode(bytes(4_000_000)).decode()
    response = penstock.connect().exchange(execute({**CALL, "binary_body": {"base64": text}}),
                                           timeout=20.0)
    assert response.status == 200 and response.json()["status"] == 413
    assert response.json()["data"] == {"too": "large"}


def test_a_large_body_is_sent_again_on_a_stale_connection(penstock, upstream):
    """PUT: the pooled connection had been closed, and all of the body is still there."""
    from scripted import in_turn

    def closes_behind(connection):
        connection.read_request()
        connection.send(answer({"first": True}))
        connection.read_request(body=False)  # the second request: closed without an answer
    upstream.handler = in_turn(closes_behind, echo)
    data = random.Random(5).randbytes(300_000)
    put = {**CALL, "method": "PUT",
           "binary_body": {"base64": base64.b64encode(data).decode()}}
    assert sent(penstock, execute({**CALL, "method": "GET"})) == {"first": True}
    assert sent(penstock, execute(put))["body_sha256"] == digest(data)
