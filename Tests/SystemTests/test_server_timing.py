"""Server-Timing: where a route's client learns what its time went into."""

import re

import pytest

import scripted
from harness import KEY, PATIENCE, Penstock, Upstream, account, free_port, request
from origins import outcome

METRIC = re.compile(r"([a-z]+);dur=([0-9]+\.[0-9]{3})")


@pytest.fixture(scope="module")
def secure(authority):
    with Upstream(scripted.echo, tls=scripted.tls_context(authority)) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(upstream, secure, ca_file):
    timeouts = {"first_byte": "400ms"}
    accounts = [account(upstream, "ca_plain", timeouts=timeouts),
                account(secure, "ca_tls", ca_file=ca_file),
                {"id": "ca_refused", "base_url": f"http://127.0.0.1:{free_port()}"}]
    routes = [{"path": f"/{name}/", "account": f"ca_{name}", "server_timing": True}
              for name in ("plain", "tls", "refused")]
    routes.append({"path": "/silent/", "account": "ca_plain"})
    with Penstock({"accounts": accounts, "routes": routes}) as server:
        yield server


def get(path, headers=(), key=KEY):
    return request("GET", path, [("x-api-key", key), *headers])


def metrics(field):
    """{name: milliseconds}, in order; every metric is of the one form."""
    found = [METRIC.fullmatch(metric) for metric in field.split(", ")]
    assert all(found), field
    return {match[1]: float(match[2]) for match in found}


def timing(response):
    """What the one field of Penstock's own says."""
    return metrics(response.header("server-timing"))


@pytest.mark.parametrize("name, fresh", [
    ("plain", ["penstock", "dns", "connect", "upstream"]),
    ("tls", ["penstock", "dns", "connect", "tls", "upstream"])])
def test_the_phases_of_an_answer_are_told(penstock, name, fresh):
    connection = penstock.connect()
    first = connection.exchange(get(f"/{name}/x"))
    told = timing(first)
    assert list(told) == fresh
    line = penstock.access_line(first.request_id)
    for metric, member in (("dns", "dns_ms"), ("connect", "connect_ms"), ("upstream", "ttfb_ms")):
        assert told[metric] == line[member], "the log says the same"
    assert told.get("tls") == line.get("tls_ms")
    assert 0 < told["penstock"] <= line["proxy_ms"], "the log's counts on to the head's end"
    second = connection.exchange(get(f"/{name}/x"))
    assert list(timing(second)) == ["penstock", "upstream"], "nothing was dialled"
    connection.close()


def test_the_upstream_s_time_is_its_own(penstock, upstream):
    upstream.handler = scripted.after(0.2)
    upstream.drop()
    try:
        told = timing(outcome(penstock, get("/plain/x")))
    finally:
        upstream.handler = scripted.echo
    assert 195 <= told["upstream"] < 5000 * PATIENCE


def test_an_upstream_s_own_field_stays(penstock, upstream, answers):
    answers(scripted.answer(headers=[("Server-Timing", "db;dur=53, app;dur=47.2"),
                                     ("server-timing", 'cache;desc="hit"')]))
    fields = outcome(penstock, get("/plain/x")).all("server-timing")
    assert fields[:2] == ["db;dur=53, app;dur=47.2", 'cache;desc="hit"'] and len(fields) == 3
    assert "upstream" in metrics(fields[2])
    assert outcome(penstock, get("/silent/x")).all("server-timing") == fields[:2]


@pytest.mark.parametrize("path, key, status, told", [
    ("/plain/x", "wrong", 401, ["penstock"]), ("/plain/../x", KEY, 400, ["penstock"]),
    ("/refused/x", KEY, 502, ["penstock"])])
def test_errors_have_it_too(penstock, path, key, status, told):
    response = outcome(penstock, get(path, key=key))
    assert (response.status, list(timing(response))) == (status, told)


def test_who_waited_in_vain_learns_for_what(penstock, upstream):
    upstream.handler = scripted.never_answers
    upstream.drop()
    try:
        response = outcome(penstock, get("/plain/x"))
    finally:
        upstream.handler = scripted.echo
    assert response.status == 504
    assert list(timing(response)) == ["penstock", "dns", "connect", "upstream"]
    assert timing(response)["upstream"] >= 395


def test_an_answer_that_is_taken_back_has_it_once(penstock, upstream, answers):
    broken = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"
    answers(broken)
    response = outcome(penstock, get("/plain/x"))
    assert response.status == 502 and list(timing(response))[0] == "penstock"


def test_the_switch_to_another_protocol_has_it(penstock, upstream):
    switch = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x-raw/1\r\n\r\n"
    upstream.handler = scripted.fixed_then_close(switch)
    upstream.drop()
    connection = penstock.connect()
    try:
        connection.send(get("/plain/x", [("Connection", "Upgrade"), ("Upgrade", "x-raw/1")]))
        response = connection.read_head()
    finally:
        upstream.handler = scripted.echo
        connection.close()
    assert response.status == 101 and "upstream" in timing(response)


@pytest.mark.parametrize("path", ["/silent/x", "/proxy/ca_plain/x", "/nowhere", "/healthz"])
def test_elsewhere_nothing_is_told(penstock, path):
    assert outcome(penstock, get(path)).all("server-timing") == []
