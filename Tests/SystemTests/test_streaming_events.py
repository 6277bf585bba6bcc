"""Event streams at their own pace: ten events a second, each with the client at once.

They are never compressed, whatever the client accepts: a browser's EventSource takes gzip, and an
event that waits for its neighbours is late.
"""

import time

import pytest

import scripted
from codings import varies
from harness import KEY, PATIENCE, Penstock, Upstream, account, request
from origins import end_tls, proxy
from scripted import echo

EVENTS, GAP = 20, 0.1
SOON = 0.05 * PATIENCE
STEP = 3.0 * PATIENCE


@pytest.fixture(scope="module", params=["plain", "tls"])
def up(request, authority):
    context = scripted.tls_context(authority) if request.param == "tls" else None
    with Upstream(echo, tls=context) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up, authority, tmp_path_factory):
    more = {}
    if up.tls:
        more["ca_file"] = str(tmp_path_factory.mktemp("ca") / "ca.pem")
        authority.cert_pem.write_to_path(more["ca_file"])
    with Penstock({"accounts": [account(up, "ca_up", **more)]}) as server:
        yield server


def event(number):
    return b"id: %d\ndata: {\"number\": %d}\n\n" % (number, number)


def ticks(sent_at, framing, kind=b"text/event-stream", count=EVENTS):
    """Sends the events on the beat, and notes when each went out."""
    def handler(connection):
        connection.read_request()
        chunks = b"Transfer-Encoding: chunked\r\n" if framing == "chunked" else b""
        connection.send(b"HTTP/1.1 200 OK\r\nCache-Control: no-cache\r\nContent-Type: " + kind
                        + b"\r\n" + chunks + b"\r\n")
        start = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, start + number * GAP - time.monotonic()))
            data = event(number)
            sent_at.append(time.monotonic())
            connection.send(b"%x\r\n%s\r\n" % (len(data), data) if chunks else data)
        if chunks:
            connection.send(b"0\r\n\r\n")
        end_tls(connection)
    return handler


def pieces(connection, response):
    """The body as it comes: (time, bytes); an assertion where its end is not one."""
    deadline = time.monotonic() + STEP + EVENTS * GAP
    if response.all("transfer-encoding"):
        while size := int(connection.line(deadline), 16):
            data = connection.take(size, deadline)
            yield time.monotonic(), data
            assert connection.take(2, deadline) == b"\r\n"
        assert connection.line(deadline) == b""
    else:
        while connection.buffer or connection.fill(deadline):
            yield time.monotonic(), connection.take(len(connection.buffer), deadline)
        assert connection.ended == "fin"


def arrivals(connection, response, count=EVENTS):
    """When each event was whole."""
    body, times = b"", []
    ends = [len(b"".join(event(each) for each in range(number + 1))) for number in range(count)]
    for at, data in pieces(connection, response):
        body += data
        while len(times) < count and len(body) >= ends[len(times)]:
            times.append(at)
    assert body == b"".join(event(number) for number in range(count))
    return times


@pytest.mark.slow
@pytest.mark.parametrize("framing, accept", [
    ("chunked", "gzip, deflate, br"), ("close", "gzip, deflate, br"), ("chunked", None)])
def test_each_event_arrives_within_50_ms(penstock, up, framing, accept):
    """Ten a second for two seconds."""
    sent_at = []
    up.handler = ticks(sent_at, framing)
    fields = [("Accept", "text/event-stream")]
    fields += [("Accept-Encoding", accept)] if accept else []
    connection = penstock.connect().send(proxy("GET", headers=fields))
    response = connection.read_head(STEP)
    assert response.header("content-type") == "text/event-stream"
    assert not response.all("content-encoding") and not response.all("content-length")
    assert response.header("transfer-encoding") == "chunked" and not varies(response)
    late = [there - sent for sent, there in zip(sent_at, arrivals(connection, response))]
    assert len(late) == EVENTS and max(late) < SOON, [round(each, 4) for each in late]
    assert "error" not in penstock.access_line(response.request_id)


@pytest.mark.parametrize("kind", [b"text/event-stream; charset=utf-8", b"Text/Event-Stream"])
def test_an_event_stream_is_one_however_it_is_spelled(penstock, up, kind):
    sent_at = []
    up.handler = ticks(sent_at, "chunked", kind, count=4)
    connection = penstock.connect().send(proxy("GET", headers=[("Accept-Encoding", "gzip")]))
    response = connection.read_head(STEP)
    assert not response.all("content-encoding")
    late = [there - sent for sent, there in zip(sent_at, arrivals(connection, response, 4))]
    assert max(late) < SOON, late


@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_events_reach_a_client_of_http_1_0(penstock, up, framing):
    sent_at = []
    up.handler = ticks(sent_at, framing, count=4)
    fields = [("x-api-key", KEY), ("Accept-Encoding", "gzip")]
    connection = penstock.connect().send(
        request("GET", "/proxy/ca_up/", fields, version="HTTP/1.0"))
    response = connection.read_head(STEP)
    assert not response.all("transfer-encoding") and not response.all("content-encoding")
    late = [there - sent for sent, there in zip(sent_at, arrivals(connection, response, 4))]
    assert max(late) < SOON, late


@pytest.mark.slow
def test_fifty_event_streams_at_a_time_are_no_slower(penstock, up):
    """Each client reads in turn; the last event of each is no later than the first."""
    starts = []
    up.handler = ticks(starts, "chunked")
    crowd = [penstock.connect().send(proxy("GET", headers=[("Accept-Encoding", "gzip")]))
             for _ in range(50)]
    begun = time.monotonic()
    for connection in crowd:
        response = connection.read_response(timeout=STEP + EVENTS * GAP)
        assert response.body == b"".join(event(number) for number in range(EVENTS))
    assert time.monotonic() - begun < EVENTS * GAP + 1.0 * PATIENCE
