"""C7, rows 245, 250 to 252, 254, 259, 274 and 276: response heads, cut everywhere.

The corpus of row 276 says of each answer what it is: a status and a body, or no HTTP. It runs whole
and byte by byte, and what an error was is never shown.
"""

import random
import threading
import time

import pytest

import scripted
from harness import PATIENCE, Ended, Penstock, Upstream, account, eventually
from origins import Tally, assert_fails, outcome, proxy, raw, read_outcome
from scripted import answer

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PROTOCOL = "upstream_protocol_error"
SLUGS = (PROTOCOL, "upstream_chunk_overhead", "upstream_unexpected_upgrade",
         "upstream_headers_too_large")


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [account(up, "ca_up", timeouts={"first_byte": "3s", "idle": "3s"})]
    with Penstock({"accounts": accounts}) as server:
        yield server


# --- The corpus, row 276 --------------------------------------------------------------------

# What one answer is, in the order: a name, its bytes, its status and body.
GOOD = [
    ("a length", OK + b"Content-Length: 5\r\n\r\nhello", 200, b"hello"),
    ("a length of nothing", OK + b"Content-Length: 0\r\n\r\n", 200, b""),
    ("a length with zeros", OK + b"Content-Length: 0005\r\n\r\nhello", 200, b"hello"),
    ("a length between blanks", OK + b"Content-Length: \t5 \t\r\n\r\nhello", 200, b"hello"),
    ("a length in capitals", OK + b"CONTENT-LENGTH:5\r\n\r\nhello", 200, b"hello"),
    ("no framing", OK + b"\r\nhello", 200, b"hello"),
    ("no framing and no body", b"HTTP/1.1 404 Not Found\r\n\r\n", 404, b""),
    ("a body that looks like an answer", OK + b"\r\n" + OK + b"\r\n", 200, OK + b"\r\n"),
    ("1.0 with a length", b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, b"hello"),
    ("1.0 without", b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello", 200, b"hello"),
    ("proxy-connection", OK + b"Proxy-Connection: close\r\nContent-Length: 5\r\n\r\nhello", 200,
     b"hello"),
    ("an upgrade that is only offered", OK + b"Connection: upgrade\r\nUpgrade: h2c\r\n"
     b"Content-Length: 5\r\n\r\nhello", 200, b"hello"),
    ("an upgrade before a close", OK + b"Connection: upgrade\r\nUpgrade: h2c\r\n\r\nhello", 200,
     b"hello"),
    ("a redirect", b"HTTP/1.1 301 Moved\r\nLocation: http://a.example/?a=b&c=d\r\n"
     b"Content-Length: 2\r\n\r\nok", 301, b"ok"),
    ("no reason", b"HTTP/1.1 301\r\nContent-Length: 0\r\n\r\n", 301, b""),
    ("an empty reason", b"HTTP/1.1 301 \r\nContent-Length: 0\r\n\r\n", 301, b""),
    ("two blanks before the reason", b"HTTP/1.1 200  OK\r\nContent-Length: 0\r\n\r\n", 200, b""),
    ("a reason of one blank more", b"HTTP/1.1 200 OK \r\nContent-Length: 0\r\n\r\n", 200, b""),
    ("a reason in latin-1", b"HTTP/1.1 500 Ori\xeb\r\nContent-Length: 0\r\n\r\n", 500, b""),
    ("a reason of digits", b"HTTP/1.1 200 200\r\nContent-Length: 0\r\n\r\n", 200, b""),
    ("an odd field name", OK + b"a_b.c!#$%&'*+-^`|~9: v\r\nContent-Length: 0\r\n\r\n", 200, b""),
    ("an empty field", OK + b"Pragma:\r\nX: y\r\nContent-Length: 0\r\n\r\n", 200, b""),
    ("a blank field", OK + b"Pragma: \t \r\nX: y\r\nContent-Length: 0\r\n\r\n", 200, b""),
    ("a field of colons", OK + b"X:::: a: b\r\nContent-Length: 0\r\n\r\n", 200, b""),
    ("one chunk", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", 200, b"hello"),
    ("chunks", CHUNKED + b"1\r\nh\r\n3\r\nell\r\n1\r\no\r\n0\r\n\r\n", 200, b"hello"),
    ("chunks in capitals", OK + b"transfer-ENCODING: ChunKed\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
     200, b"0123456789"),
    ("no chunk", CHUNKED + b"0\r\n\r\n", 200, b""),
    ("a last chunk of zeros", CHUNKED + b"5\r\nhello\r\n00000000\r\n\r\n", 200, b"hello"),
    ("a size with zeros", CHUNKED + b"0000000000000005\r\nhello\r\n0\r\n\r\n", 200, b"hello"),
    ("a chunk of line ends", CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\n\r\n", 200, b"\r\n\r\n"),
    ("a chunk that looks like the last", CHUNKED + b"5\r\n0\r\n\r\n\r\n0\r\n\r\n", 200,
     b"0\r\n\r\n"),
    ("extensions", CHUNKED + b"5;a;b=c\r\nhello\r\n0;d\r\n\r\n", 200, b"hello"),
    ("an extension in quotes", CHUNKED + b'5;a="b;\tc"\r\nhello\r\n0\r\n\r\n', 200, b"hello"),
    ("a trailer", CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", 200, b"hello"),
    ("a trailer that frames", CHUNKED + b"5\r\nhello\r\n0\r\nContent-Length: 3\r\n\r\n", 200,
     b"hello"),
    ("chunks, then a close", OK + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
     b"5\r\nhello\r\n0\r\n\r\n", 200, b"hello"),
    ("100 before", b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 2\r\n\r\nok", 200,
     b"ok"),
    ("103 before", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK
     + b"Content-Length: 2\r\n\r\nok", 200, b"ok"),
    ("204", b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
    ("204, and bytes", b"HTTP/1.1 204 No Content\r\n\r\n" + OK, 204, b""),
    ("204 with a close, and bytes", b"HTTP/1.1 204 No\r\nConnection: close\r\n\r\n" + OK, 204,
     b""),
    ("304 with a length", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, b""),
    ("a length, and bytes", OK + b"Content-Length: 5\r\nConnection: close\r\n\r\nhello2ad731e3",
     200, b"hello"),
    ("chunks, and bytes", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n" + OK, 200, b"hello"),
]

CHUNKED_BODY = b"\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
NO_BODY = b"\r\nContent-Length: 0\r\n\r\n"
BAD = [
    # The first line
    b"HTP/1.1 200 OK" + NO_BODY, b"HTTPER/1.1 200 OK" + NO_BODY, b"RTSP/1.1 200 OK" + NO_BODY,
    b"ICE/1.1 200 OK" + NO_BODY, b"HTTP 1.1 200 OK" + NO_BODY, b"HTTP/11.1 200 OK" + NO_BODY,
    b"HTTP/1.01 200 OK" + NO_BODY, b"HTTP/5.6 200 OK" + NO_BODY, b"HTTP/1,1 200 OK" + NO_BODY,
    b"HTTP/1. 200 OK" + NO_BODY, b"HTTP/.1 200 OK" + NO_BODY, b"HTTP/-1.1 200 OK" + NO_BODY,
    b"\rHTTP/1.1 200 OK" + NO_BODY, b"\x00HTTP/1.1 200 OK" + NO_BODY,
    b"\xef\xbb\xbfHTTP/1.1 200 OK" + NO_BODY, b"HTTP/1.1 2 OK" + NO_BODY,
    b"HTTP/1.1 2000 OK" + NO_BODY, b"HTTP/1.1 -20 OK" + NO_BODY, b"HTTP/1.1 2 0 OK" + NO_BODY,
    b"HTTP/1.1 0x8 OK" + NO_BODY, b"HTTP/1.1 099 OK" + NO_BODY, b"HTTP/1.1 OK" + NO_BODY,
    b"HTTP/1.1 200\tOK" + NO_BODY, b"HTTP/1.1 200\x0bOK" + NO_BODY, b"200 OK" + NO_BODY,
    b"HTTP/1.1 200 OK\r\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 200 OK\nX: y" + NO_BODY,
    b"HTTP/1.1 200 OK\rX: y" + NO_BODY,
    # Fields
    OK + b" Host: a" + NO_BODY, OK + b"X: 1\rY: 2" + NO_BODY, OK + b"X: 1\n" + NO_BODY,
    OK + b"X: 1\r\n\tfolded" + NO_BODY, OK + b"X : 1" + NO_BODY, OK + b"X\t: 1" + NO_BODY,
    OK + b"X" + NO_BODY, OK + b"=: 1" + NO_BODY, OK + b'"X": 1' + NO_BODY, OK + b"X;: 1" + NO_BODY,
    OK + b"X: \x08" + NO_BODY, OK + b"X: \x1b[2J" + NO_BODY, OK + b"X:\x00" + NO_BODY,
    OK + b"Content-Length: 0\r\n\rX", OK + b"Content-Length: 5\n\nhello",
    # Lengths
    OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    OK + b"Content-Length: 5,5\r\n\r\nhello", OK + b"Content-Length: 5;a\r\n\r\nhello",
    OK + b"Content-Length: \r\n\r\nhello", OK + b"Content-Length: 0b101\r\n\r\nhello",
    OK + b"Content-Length: 5\x0b\r\n\r\nhello", OK + b"Content-Length: \xb2\r\n\r\nhello",
    OK + b"Content-Length: 1_0\r\n\r\nhellohello", OK + b"Content-Length: five\r\n\r\nhello",
    OK + b"Content-Length: 9223372036854775808\r\n\r\nhello",
    b"HTTP/1.0 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: -1\r\n\r\n",
    # Transfer codings
    OK + b"Transfer-Encoding:\r\nContent-Length: 5\r\n\r\nhello",
    OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5" + CHUNKED_BODY,
    OK + b"Transfer-Encoding: chunkedchunked" + CHUNKED_BODY,
    OK + b"Transfer-Encoding: chunked, deflate" + CHUNKED_BODY,
    OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" + CHUNKED_BODY,
    OK + b"Transfer-Encoding: chunked\r\n  abc" + CHUNKED_BODY,
    OK + b"Transfer-Encoding: chunked " + b"\x0b" + CHUNKED_BODY,
    OK + b"Transfer-Encoding: chunke" + CHUNKED_BODY,
    OK + b"Transfer-Encoding: chunked," + CHUNKED_BODY,
    OK + b"Transfer-Encoding: deflate" + CHUNKED_BODY,
    b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked" + CHUNKED_BODY,
    # Chunks
    CHUNKED + b"25  \r\n" + b"x" * 37 + b"\r\n0\r\n\r\n", CHUNKED + b"2 abc\r\naa\r\n0\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\n0 abc\r\n\r\n", CHUNKED + b"g\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"5\r\nhello0\r\n\r\n", CHUNKED + b"5\r\nhello\n0\r\n\r\n",
    CHUNKED + b"5\nhello\r\n0\r\n\r\n", CHUNKED + b"5\r\nhello!\r\n0\r\n\r\n",
    CHUNKED + b"4\r\nhello\r\n0\r\n\r\n", CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"\xb2\r\nhe\r\n0\r\n\r\n", CHUNKED + b"1e\x00\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b";a\r\nhello\r\n0\r\n\r\n", CHUNKED + b"00000000000000005\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"f0000000000000000\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b'5;a="b\r\nhello\r\n0\r\n\r\n', CHUNKED + b"5;a\x01\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"hello", CHUNKED + b"\r\n5\r\nhello\r\n0\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\n0\r\nX\r\n\r\n", CHUNKED + b"5\r\nhello\r\n0\r\n: v\r\n\r\n",
    CHUNKED + b"5\r\nhello\r\n0\r\nX: a\n\r\n", CHUNKED + b"5\r\nhello\r\n0\r\r\n\r\n",
    # Switches and interim answers
    b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 4\r\n\r\nbo",
    b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: h2c" + CHUNKED_BODY,
    b"HTTP/1.1 100 Continue\nX: y\r\n\r\n" + OK + NO_BODY[2:],
    b"HTTP/1.1 100 Continue\r\n\r\nhello" + OK + NO_BODY[2:],
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/2.0 200 OK" + NO_BODY,
]


def in_pieces(data, piece, end="stay"):
    """Sends these bytes so many at a time, as fast as segments go."""
    def handler(connection):
        if connection.read_request():
            for start in range(0, len(data), piece):
                connection.send(data[start:start + piece])
            if end == "stay":
                connection.wait_for_end()
    return handler


@pytest.mark.parametrize("piece", [1 << 20, 1, 7], ids=["whole", "single bytes", "sevens"])
def test_good_answers_are_what_they_say(penstock, up, piece):
    """Row 276."""
    for name, data, status, body in GOOD:
        up.begin_row()
        up.handler = in_pieces(data, piece, "fin")
        response = outcome(penstock, proxy("GET"))
        assert response.complete and not response.header("proxy-status"), f"{name}: {response!r}"
        assert (response.status, response.body) == (status, body), name


@pytest.mark.parametrize("piece", [1 << 20, 1, 7], ids=["whole", "single bytes", "sevens"])
def test_bad_answers_are_an_error_and_never_shown(penstock, up, piece):
    """Row 276: 502 where nothing had begun, and an abort where it had; never a wait for more."""
    failed = []
    for data in BAD:
        up.begin_row()
        up.handler = in_pieces(data, piece)
        try:
            response = outcome(penstock, proxy("GET"), timeout=2.5 * PATIENCE)
        except (AssertionError, TimeoutError) as fault:
            failed.append(f"{data!r}: {fault!r}")
            continue
        if response.complete and response.status != 502 or response.status not in (200, 502):
            failed.append(f"{data!r}: {response!r}")
        elif response.status == 502 and response.slug not in SLUGS:
            failed.append(f"{data!r}: {response.slug}")
        elif up.connections != 1:
            failed.append(f"{data!r}: {up.connections} connections")
    assert not failed, "\n".join(failed)


def test_good_answers_pipelined_in_any_order_keep_apart(penstock, up):
    """Each on its own connection or on the last one's, as their framing allows."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    choose = random.Random(seed)
    kept = [case for case in GOOD if b"close" not in case[1].lower() and not
            case[1].endswith(OK) and (b"ength:" in case[1] or b"ENGTH" in case[1]
                                      or b"hunk" in case[1])]
    order = [choose.choice(kept) for _ in range(60)]

    def handler(connection):
        while got := connection.read_request():
            connection.send(order[int(got.target[1:])][1])

    up.handler = handler
    connection = penstock.connect()
    connection.send(b"".join(proxy("GET", f"/{number}") for number in range(len(order))))
    for name, _, status, body in order:
        response = connection.read_response()
        assert (response.status, response.body) == (status, body), f"{name}, seed {seed}"


# --- Interim answers, rows 250 to 252 -------------------------------------------------------

@pytest.mark.parametrize("method, body", [("GET", b""), ("POST", b"x" * 100_000)])
def test_interim_answers_may_come_in_single_bytes(penstock, up, method, body):
    """Row 250."""
    interim = (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
               b"HTTP/1.1 102 Processing\r\n\r\n")
    up.handler = in_pieces(interim + answer(b"final"), 1)
    response = outcome(penstock, proxy(method, body=body))
    assert (response.status, response.body, response.interim) == (200, b"final", [])
    assert not response.header("link") and up.connections == 1


def test_interim_answers_leave_the_connection_usable(penstock, up):
    """Row 250: none of them is the next request's."""
    up.handler = scripted.fixed(b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + answer(b"final"))
    connection = penstock.connect()
    for _ in range(5):
        assert connection.exchange(proxy("GET")).body == b"final"
    assert up.connections == 1


@pytest.mark.parametrize("interim", [
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"])
def test_interim_answers_without_end_are_refused(penstock, up, interim):
    """Row 251: at once, and the upstream that goes on finds nobody there."""
    sent = Tally()

    def floods(connection):
        connection.read_request()
        while True:
            connection.send(interim * 100)
            sent.count += 100

    up.handler = floods
    start = time.monotonic()
    response = outcome(penstock, proxy("GET"))
    assert time.monotonic() - start < 1.0 * PATIENCE
    assert_fails(penstock, response, PROTOCOL, begun=False)
    time.sleep(0.1)
    count = sent.count
    time.sleep(0.1)
    assert sent.count == count, "still read"


@pytest.mark.parametrize("interim", [
    b"HTTP/1.1 100 Continue\r\nX: " + b"v" * 70_000 + b"\r\n\r\n",
    (b"HTTP/1.1 103 Early Hints\r\nLink: " + b"v" * 9000 + b"\r\n\r\n") * 33])
def test_large_interim_answers_are_refused(penstock, up, interim):
    """Rows 248 and 251: their heads count like any other."""
    up.handler = raw(interim + answer(b"final"), "stay")
    response = outcome(penstock, proxy("GET"), timeout=2.5 * PATIENCE)
    assert_fails(penstock, response, PROTOCOL, "upstream_headers_too_large", begun=False)


def test_a_switch_of_protocols_behind_an_interim_answer_is_refused(penstock, up):
    """Row 252: what comes behind it never reaches the client."""
    up.handler = raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n"
                     b"Upgrade: x\r\nConnection: upgrade\r\n\r\nraw-bytes-marker", "stay")
    response = outcome(penstock, proxy("GET"))
    assert_fails(penstock, response, "upstream_unexpected_upgrade", begun=False)
    assert b"marker" not in response.body
    eventually(lambda: up.accepted[0].ended, what="the end of that connection")


# --- Statuses, rows 254 and 259 -------------------------------------------------------------

def test_an_expectation_that_failed_upstream_is_an_answer(penstock, up):
    """Row 259: the upstream was sent no Expect; a 417 of its own is passed on."""
    up.handler = raw(answer(b"no", 417, "Expectation Failed"), "stay")
    connection = penstock.connect()
    connection.send(proxy("POST", "/x", [("Content-Length", "5"), ("Expect", "100-continue")]))
    start, _, _ = connection.head(time.monotonic() + 3)
    assert start == b"HTTP/1.1 100 Continue"
    response = connection.exchange(b"hello", "POST")
    assert (response.status, response.body) == (417, b"no")
    assert not up.requests[0].header("expect") and up.connections == 1


def test_an_upstream_that_says_100_is_not_repeated_to_the_client(penstock, up):
    """Row 259: Penstock has said it already; twice would be one too many."""
    def handler(connection):
        got = connection.read_request(body=False)
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        connection.read_body(got, time.monotonic() + 5, to_end=False)
        connection.send(answer(got.body))
        connection.wait_for_end()

    up.handler = handler
    connection = penstock.connect()
    connection.send(proxy("POST", "/x", [("Content-Length", "5"), ("Expect", "100-continue")]))
    connection.head(time.monotonic() + 3)
    response = connection.exchange(b"hello", "POST")
    assert (response.body, response.interim) == (b"hello", [])


@pytest.mark.parametrize("status", [200, 401, 413])
def test_an_answer_before_the_first_byte_of_the_body_is_delivered(penstock, up, status):
    """Row 256: the client has sent its head alone, and takes its time with the rest."""
    def reads_head(connection):
        connection.read_request(body=False)
        connection.send(answer(b"early", status, "Early"))
        connection.wait_for_end()

    up.handler = scripted.in_turn(reads_head, scripted.echo)
    connection = penstock.connect().send(proxy("POST", "/x", [("Content-Length", "5000000")]))
    start = time.monotonic()
    response = read_outcome(connection, "POST")
    assert (response.status, response.body) == (status, b"early")
    assert time.monotonic() - start < 0.3 * PATIENCE
    sender = threading.Thread(target=connection.send, args=(bytes(5_000_000),), daemon=True)
    sender.start()
    sender.join(5)
    assert not sender.is_alive(), "neither drained nor closed"
    try:
        follower = connection.exchange(proxy("GET", "/next"))
        assert follower.json()["target"] == "/next"
    except Ended:
        pass
    assert penstock.connect().exchange(proxy("GET", "/next")).json()["target"] == "/next"
