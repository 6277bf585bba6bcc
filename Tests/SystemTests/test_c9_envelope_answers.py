"""C9 in the answers of the execute endpoint: what is coded is put plain into the envelope.

The client of an envelope never said which codings it takes for the inner answer, and its data is
JSON or text, which has to be seen.
"""

import json

import pytest

from codings import BAD, LIMIT, TRUNCATED, deflated, gzipped, prose, raw_deflated, zeros
from harness import Penstock, account, assert_error, execute
from scripted import answer, fixed

TEXT = json.dumps(prose(40_000).decode()).encode()
DATA = b'{"n": 12345678901234567890, "price": 1.10, "text": %s}' % TEXT
CALL = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_echo"}
CODED = [("gzip", gzipped), ("x-gzip", gzipped), ("GZip", gzipped), ("deflate", deflated),
         ("deflate", raw_deflated)]


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock({"accounts": [account(upstream)]}) as server:
        yield server


def call(penstock, upstream, body, coding, kind="application/json"):
    upstream.handler = fixed(
        answer(body, headers=[("Content-Encoding", coding)], content_type=kind))
    return penstock.connect().exchange(execute(CALL))


@pytest.mark.parametrize("coding, maker", CODED)
def test_json_arrives_byte_for_byte(penstock, upstream, coding, maker):
    response = call(penstock, upstream, maker(DATA), coding)
    assert response.status == 200, response
    assert DATA in response.body, "not the same JSON"
    headers = response.json()["headers"]
    assert headers["content-type"] == "application/json"
    assert "content-encoding" not in headers and "content-length" not in headers


def test_text_becomes_a_string(penstock, upstream):
    response = call(penstock, upstream, gzipped(b"a\tb\xc3\xa9"), "gzip", kind="text/plain")
    assert response.json()["data"] == "a\tb\u00e9"


@pytest.mark.parametrize("body, status, slugs", [
    (gzipped(DATA)[:-9], 502, TRUNCATED), (gzipped(DATA)[:-8] + bytes(8), 502, BAD),
    (b"not gzip at all", 502, BAD), (zeros(64 << 20), 502, LIMIT)])
def test_a_broken_coding_is_the_upstream_s_fault(penstock, upstream, body, status, slugs):
    """Never a well-formed envelope around a part of it."""
    response = call(penstock, upstream, body, "gzip")
    assert_error(response, status, slugs)
    assert response.header("x-should-retry") in ("true", "false")
    line = penstock.access_line(response.request_id)
    assert line["termination"] == "upstream:body" and line["upstream_status"] == 200, line


def test_the_limit_is_that_of_the_unpacked_answer(penstock, upstream):
    """The coded bytes are far below it."""
    text = json.dumps(prose(1_200_000).decode()).encode()
    assert len(gzipped(text)) < 1 << 20
    with Penstock({"accounts": [account(upstream)],
                   "limits": {"execute_response_bytes": "64KiB"}}) as server:
        response = call(server, upstream, gzipped(text), "gzip")
        assert_error(response, 502, ("decompression_limit", "upstream_response_too_large"))
