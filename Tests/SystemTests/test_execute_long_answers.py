"""Answers that are longer than what is held back: they stream into the envelope, byte for byte.

Within the first 64 KiB whatever is wrong is answered with an error; behind them it cuts the answer,
so that a broken body never ends as a well-formed envelope.
"""

import gzip
import json
import random
import zlib

import pytest

from codings import gzipped, zeros
from harness import Ended, Penstock, account, assert_error, assert_stays, chunked, execute
from scripted import answer, fixed, fixed_then_close, fixed_then_reset

CALL = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_echo"}
HELD = 65_536
BIG = b"12345678901234567890"


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock({"accounts": [account(upstream)], "limits": {"execute_response_bytes": "8MiB"}}
                  ) as server:
        yield server


def call(penstock, upstream, *handler, headers=(), client=None):
    upstream.handler = handler[0] if callable(handler[0]) else fixed(*handler)
    return (client or penstock.connect()).exchange(execute(CALL, headers=headers))


def document(size):
    """JSON of at least this size, with what a tree would spoil: long numbers, order, spaces."""
    rows = []
    length = 2
    while length < size:
        rows.append(b'{ "n":%s,"p":1.10 , "t": "\xc3\xa9\\ud83d\\ude00\\n%d"}' % (BIG, len(rows)))
        length += len(rows[-1]) + 2
    return b"[" + b",\n".join(rows) + b"]"


def inner(body):
    """The bytes of `data` in an envelope."""
    assert body.startswith(b'{"data":'), body[:80]
    end = body.rindex(b',"status":')
    json.loads(b"{" + body[end + 1:])
    return body[len(b'{"data":'):end]


@pytest.mark.parametrize("size", [HELD - 200, HELD + 1, 300_000, 3_000_000])
@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_json_arrives_byte_for_byte(penstock, upstream, size, framing):
    data = document(size)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    if framing == "length":
        response = call(penstock, upstream, answer(data))
    elif framing == "chunked":
        pieces = [data[start:start + 7919] for start in range(0, len(data), 7919)]
        response = call(penstock, upstream,
                        head + b"Transfer-Encoding: chunked\r\n\r\n" + chunked(*pieces))
    else:
        response = call(penstock, upstream, fixed_then_close(head + b"\r\n" + data))
    assert response.status == 200
    assert response.header("content-type") == "application/json"
    assert inner(response.body) == data
    envelope = response.json()
    assert envelope["status"] == 200
    assert envelope["headers"]["content-type"] == "application/json"
    if size > HELD:
        assert response.header("transfer-encoding") == "chunked"
    else:
        assert int(response.header("content-length")) == len(response.body)


def test_the_connection_goes_on(penstock, upstream):
    client = penstock.connect()
    for _ in range(3):
        response = call(penstock, upstream, answer(document(200_000)), client=client)
        assert response.status == 200
    assert len(upstream.accepted) == 1
    assert_stays(client)


@pytest.mark.parametrize("kind, made", [
    ("text/plain", lambda text: text.encode()),
    ("text/html; charset=utf-8", lambda text: text.encode()),
    (None, lambda text: text.encode()),
    ("text/plain; charset=iso-8859-1", lambda text: text.replace("€", "").encode("latin-1")),
    ("text/plain; charset=windows-1252", lambda text: text.encode("cp1252")),
])
@pytest.mark.parametrize("size", [1000, 200_000])
def test_text_becomes_a_string(penstock, upstream, kind, made, size):
    text = ('a"\\/\t\u0001é€ ' * (size // 10))[:size]
    body = made(text)
    response = call(penstock, upstream, answer(body, content_type=kind))
    expected = text.replace("€", "") if "8859" in (kind or "") else text
    assert response.json()["data"] == expected


@pytest.mark.parametrize("shift", range(6))
def test_a_character_may_be_cut_where_the_held_part_ends(penstock, upstream, shift):
    text = "x" * shift + "é😀" * 40_000
    response = call(penstock, upstream, answer(text.encode(), content_type="text/plain"))
    assert response.json()["data"] == text


@pytest.mark.parametrize("accepted, opener", [
    ("gzip, deflate", gzip.decompress), ("deflate", zlib.decompress)])
@pytest.mark.parametrize("size", [1000, 2_000_000])
def test_the_envelope_is_compressed_for_who_takes_it(penstock, upstream, accepted, opener, size):
    data = document(size)
    response = call(penstock, upstream, answer(data), headers=[("Accept-Encoding", accepted)])
    assert response.header("content-encoding") in ("gzip", "deflate")
    assert response.header("vary") == "Accept-Encoding"
    assert inner(opener(response.body)) == data


def test_a_coded_answer_is_unpacked_and_packed_again(penstock, upstream):
    data = document(3_000_000)
    coded = answer(gzipped(data), headers=[("Content-Encoding", "gzip")])
    response = call(penstock, upstream, coded, headers=[("Accept-Encoding", "gzip")])
    assert response.header("content-encoding") == "gzip"
    plain = gzip.decompress(response.body)
    assert inner(plain) == data
    assert "content-encoding" not in json.loads(plain)["headers"]


def test_old_clients_get_it_until_the_close(penstock, upstream):
    data = document(300_000)
    upstream.handler = fixed(answer(data))
    client = penstock.connect()
    response = client.exchange(execute(CALL, version="HTTP/1.0"))
    assert response.header("transfer-encoding") is None
    assert inner(response.body) == data


# --- What is wrong within the part that is held back ------------------------------------------

@pytest.mark.parametrize("body", [b'{"a":1', b'{"a":1}x', b"nope", b'{"a":tru}'])
def test_a_short_answer_that_is_no_json_is_a_string(penstock, upstream, body):
    response = call(penstock, upstream, answer(body))
    assert response.status == 200 and response.json()["data"] == body.decode()


@pytest.mark.parametrize("size", [10, 60_000])
@pytest.mark.parametrize("ending", [fixed_then_close, fixed_then_reset])
def test_a_short_answer_that_is_cut_is_an_error(penstock, upstream, size, ending):
    whole = answer(document(size))
    response = call(penstock, upstream, ending(whole[:-5]))
    assert_error(response, 502, "upstream_truncated")


def test_json_that_breaks_early_is_a_string_however_long(penstock, upstream):
    body = b'{"a":1}' + b" not JSON" * 20_000
    response = call(penstock, upstream, answer(body))
    assert response.json()["data"] == body.decode()


# --- What is wrong behind it ------------------------------------------------------------------

def broken(penstock, upstream, handler, slug):
    """The client sees that the answer is not whole, and the log why."""
    upstream.handler = handler
    client = penstock.connect()
    name = f"broken-{random.randrange(1 << 30)}"
    client.send(execute(CALL, headers=[("x-request-id", name)]))
    with pytest.raises(Ended):
        client.read_response()
    assert client.ended == "reset", client.ended
    line = penstock.access_line(name)
    assert line["error"] == slug and line["termination"] == "upstream:body", line
    assert line["status"] == 200, line


@pytest.mark.parametrize("tail", [b"", b"]]", b"\xff", b"tru", b",1"])
def test_broken_json_cuts_the_answer(penstock, upstream, tail):
    body = document(300_000)[:-1] + tail
    broken(penstock, upstream, fixed(answer(body)), "upstream_broken_json")


@pytest.mark.parametrize("tail", [b"\xff", b"\xc3", b"\xed\xa0\x80"])
def test_a_bad_byte_cuts_the_answer(penstock, upstream, tail):
    body = b"text " * 60_000 + tail
    broken(penstock, upstream, fixed(answer(body, content_type="text/plain")),
           "upstream_broken_text")


@pytest.mark.parametrize("ending", [fixed_then_close, fixed_then_reset])
def test_a_truncation_cuts_the_answer(penstock, upstream, ending):
    whole = answer(document(300_000))
    broken(penstock, upstream, ending(whole[:-5]), "upstream_truncated")


def test_a_bomb_cuts_the_answer(penstock, upstream):
    rng = random.Random(1)
    body = json.dumps([rng.random() for _ in range(20_000)]).encode()[:-1] + b',"'
    coded = gzipped(body + zeros_of(40 << 20) + b'"]')
    whole = answer(coded, headers=[("Content-Encoding", "gzip")])
    broken(penstock, upstream, fixed(whole), "decompression_limit")


def zeros_of(count):
    return b"0" * count


def test_a_small_bomb_is_an_error(penstock, upstream):
    whole = answer(zeros(64 << 20), headers=[("Content-Encoding", "gzip")])
    assert_error(call(penstock, upstream, whole), 502, "decompression_limit")


def test_the_limit_is_told_before_an_answer_begins_where_it_is_known(penstock, upstream):
    response = call(penstock, upstream, answer(document(9 << 20)))
    assert_error(response, 502, "upstream_response_too_large")


def test_the_limit_cuts_where_it_is_not_known(penstock, upstream):
    pieces = [document(1 << 20)[1:-1] + b"," for _ in range(9)]
    head = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")
    broken(penstock, upstream, fixed(head + chunked(b"[", *pieces, b"1]")),
           "upstream_response_too_large")


def test_the_upstream_s_trailers_are_not_the_envelope_s(penstock, upstream):
    """They would speak of another body; and nobody looks whether a credential stands in them."""
    data = document(HELD * 2)
    head = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")
    body = chunked(data)
    assert body.endswith(b"0\r\n\r\n")
    response = call(penstock, upstream, head + body[:-2] + b"X-Checksum: 17\r\n\r\n",
                    headers=[("TE", "trailers")])
    assert inner(response.body) == data
    assert response.trailers == []
