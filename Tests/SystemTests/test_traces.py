"""Traces (W3C Trace Context): read, logged, and sent upstream where the account says so."""

import re

import pytest

import scripted
from harness import KEY, Penstock, account, assert_error, execute, request
from origins import outcome, proxy

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"
SENT = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")


@pytest.fixture(scope="module")
def penstock(upstream):
    accounts = [account(upstream, "ca_plain"), account(upstream, "ca_traced", trace=True)]
    with Penstock({"accounts": accounts, "routes": [{"path": "/traced/", "account": "ca_traced"}]
                   }) as server:
        yield server


def call(penstock, upstream, headers=(), id="ca_traced"):
    """A request of the streaming route: its line in the log, and what the upstream got."""
    response = outcome(penstock, proxy("GET", headers=headers, account=id))
    assert response.status == 200, response
    return penstock.access_line(response.request_id), upstream.requests[-1]


def envelope(penstock, upstream, headers=(), id="ca_traced", parameters=()):
    response = outcome(penstock, execute(
        {"connected_account_id": id, "endpoint": "/x", "method": "GET",
         "parameters": [{"name": name, "type": "header", "value": value}
                        for name, value in parameters]}, headers))
    assert response.status == 200, response
    return penstock.access_line(response.request_id), upstream.requests[-1]


def traceparent(request):
    """Trace id, span id and flags of the one field that a request has."""
    return SENT.fullmatch(request.header("traceparent")).groups()


both = pytest.mark.parametrize("door", [call, envelope])


@both
def test_the_client_s_trace_goes_on_with_a_span_of_its_own(penstock, upstream, door):
    line, got = door(penstock, upstream, [("traceparent", PARENT)])
    trace, span, flags = traceparent(got)
    assert (trace, flags) == (TRACE, "01") and span not in (SPAN, "0" * 16)
    assert (line["trace_id"], line["span_id"]) == (TRACE, span)
    names = list(line)
    assert names[names.index("request_id"):][:3] == ["request_id", "trace_id", "span_id"]
    _, got = door(penstock, upstream, [("traceparent", PARENT)])
    assert traceparent(got)[1] != span, "two requests are two spans"


@both
@pytest.mark.parametrize("flags, sent", [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"),
                                         ("ff", "03")])
def test_flags_go_on(penstock, upstream, door, flags, sent):
    _, got = door(penstock, upstream, [("traceparent", f"00-{TRACE}-{SPAN}-{flags}")])
    assert traceparent(got)[2] == sent


@both
@pytest.mark.parametrize("fields", [
    [], [PARENT, PARENT], [PARENT, f"00-{'1' * 32}-{SPAN}-01", PARENT], [""], [PARENT + "-x"],
    [PARENT.upper()], [f"00-{'0' * 32}-{SPAN}-01"], [f"00-{TRACE}-{'0' * 16}-01"],
    ["ff" + PARENT[2:]], [f"{PARENT},{PARENT}"]])
def test_without_a_valid_trace_a_new_one_begins(penstock, upstream, door, fields):
    """Whose id is random, and which is not sampled. The state of another trace is not its own."""
    fields = [("traceparent", value) for value in fields] + [("tracestate", "a=1")]
    seen = set()
    for _ in range(3):
        line, got = door(penstock, upstream, fields)
        trace, span, flags = traceparent(got)
        assert trace not in (TRACE, "0" * 32) and span not in (SPAN, "0" * 16) and flags == "02"
        assert (line["trace_id"], line["span_id"]) == (trace, span)
        assert got.all("tracestate") == []
        seen |= {trace, span}
    assert len(seen) == 6


def test_a_later_version_s_trace_goes_on_in_version_00(penstock, upstream):
    _, got = call(penstock, upstream, [("traceparent", f"cc{PARENT[2:]}-later")])
    assert traceparent(got)[0::2] == (TRACE, "01")


@both
def test_an_account_that_does_not_want_them_is_told_nothing(penstock, upstream, door):
    fields = [("traceparent", PARENT), ("TraceState", "a=1")]
    line, got = door(penstock, upstream, fields, "ca_plain")
    assert line["trace_id"] == TRACE and "span_id" not in line
    assert got.all("traceparent") == [] and got.all("tracestate") == []
    assert TRACE.encode() not in upstream.received
    line, got = door(penstock, upstream, [], "ca_plain")
    assert "trace_id" not in line and got.all("traceparent") == []
    line, _ = door(penstock, upstream, [("traceparent", PARENT)] * 2, "ca_plain")
    assert "trace_id" not in line, "two are none"


@pytest.mark.parametrize("fields, sent", [
    (["a=1"], "a=1"), (["a=1", "b=2 ,c@d=3"], "a=1,b=2,c@d=3"), ([""], None), (["a"], None),
    ([",".join(f"k{number}=v" for number in range(33))], None)])
def test_the_state_goes_along_as_one_list(penstock, upstream, fields, sent):
    _, got = call(penstock, upstream, [("traceparent", PARENT)]
                  + [("tracestate", value) for value in fields])
    assert got.header("tracestate") == sent


def test_a_state_of_this_connection_alone_stays_here(penstock, upstream):
    _, got = call(penstock, upstream, [("Connection", "tracestate"), ("traceparent", PARENT),
                                       ("tracestate", "a=1")])
    assert traceparent(got)[0] == TRACE and got.all("tracestate") == []


def test_an_envelope_s_call_has_no_state_to_pass_on(penstock, upstream):
    _, got = envelope(penstock, upstream, [("traceparent", PARENT), ("tracestate", "a=1")])
    assert traceparent(got)[0] == TRACE and got.all("tracestate") == []


@pytest.mark.parametrize("name", ["traceparent", "TraceParent", "tracestate"])
def test_a_parameter_cannot_stand_where_a_trace_goes(penstock, upstream, name):
    response = outcome(penstock, execute(
        {"connected_account_id": "ca_traced", "endpoint": "/x", "method": "GET",
         "parameters": [{"name": name, "type": "header", "value": PARENT}]}))
    assert_error(response, 400, "reserved_header")
    assert upstream.connections == 0
    _, got = envelope(penstock, upstream, id="ca_plain", parameters=[(name, PARENT)])
    assert got.header(name) == PARENT, "without traces it is a field like any other"


def test_a_request_that_is_sent_again_is_the_same_span(penstock, upstream):
    def closes_on_the_second(connection):
        if connection.read_request():
            connection.send(scripted.answer())
            connection.read_request()
    upstream.handler = closes_on_the_second
    try:
        first = outcome(penstock, proxy("GET", account="ca_traced"))
        upstream.handler = scripted.echo
        second = outcome(penstock, proxy("GET", account="ca_traced"))
    finally:
        upstream.handler = scripted.echo
    assert (first.status, second.status) == (200, 200)
    line = penstock.access_line(second.request_id)
    assert line["retries"] == 1
    spans = [traceparent(got)[1] for got in upstream.requests[1:]]
    assert spans == [line["span_id"]] * 2


def test_an_error_s_line_has_the_trace_too(penstock, upstream):
    for target, fields in (("/nowhere", []), ("/traced/x", [("x-api-key", "wrong")])):
        response = outcome(penstock, request("GET", target, fields + [("traceparent", PARENT)]))
        line = penstock.access_line(response.request_id)
        assert line["error"] and line["trace_id"] == TRACE and "span_id" not in line
    assert upstream.connections == 0


def test_nothing_of_a_trace_is_left_for_the_next_request(penstock, upstream):
    """On the same connection, by the same exchange."""
    connection = penstock.connect()
    for fields in ([("traceparent", PARENT)], []):
        for name in ("ca_traced", "ca_plain"):
            response = connection.exchange(
                request("GET", f"/proxy/{name}/", [("x-api-key", KEY)] + fields))
            line = penstock.access_line(response.request_id)
            assert (line.get("trace_id") == TRACE) == bool(fields)
            assert ("trace_id" in line) == bool(fields or name == "ca_traced")
            assert ("span_id" in line) == (name == "ca_traced")
    connection.close()
