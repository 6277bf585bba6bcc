"""Rates, requests in flight and breakers: what is refused never leaves; others do not notice."""

import threading
import time

import pytest

import scripted
from harness import KEY, PATIENCE, Penstock, Upstream, account, eventually, execute, free_port
from origins import outcome, proxy

OTHER = "k3-another-key-13579"


def keys(**acme):
    return [{"name": "acme", "key": KEY, "accounts": ["*"], **acme},
            {"name": "second", "key": OTHER, "accounts": ["*"]}]


def call(id="ca_up", key=KEY, path="/x", method="GET"):
    return proxy(method, path, account=id, key=key)


def envelope(id="ca_up", **more):
    return execute({"endpoint": "/x", "method": "GET", "connected_account_id": id, **more})


def assert_refused(answer, status, slug, wait=1):
    assert answer.status == status
    assert answer.json()["error"]["slug"] == slug
    assert answer.header("x-should-retry") == "true"
    assert int(answer.header("retry-after")) == wait


def statuses(penstock, requests):
    return [outcome(penstock, each).status for each in requests]


# --- Rates ----------------------------------------------------------------------------------

@pytest.mark.parametrize("request_of", [call, envelope])
def test_a_key_has_its_rate_and_others_do_not_notice(upstream, request_of):
    config = {"accounts": [account(upstream, "ca_up")],
              "api_keys": keys(rate={"per_second": 1, "burst": 3})}
    with Penstock(config) as penstock:
        assert statuses(penstock, [request_of() for _ in range(3)]) == [200] * 3
        refused = outcome(penstock, request_of())
        assert_refused(refused, 429, "rate_limited")
        assert len(upstream.requests) == 3
        assert outcome(penstock, call(key=OTHER)).status == 200
        line = penstock.access_line(refused.request_id)
        assert (line["rate"], line["rate_of"]) == ("limited", "api_key")
        assert line["error"] == "rate_limited"
        assert penstock.metric("penstock_rate_denials_total", project="acme", observe="false") == 1
        time.sleep(1.1)
        assert statuses(penstock, [request_of(), request_of()]) == [200, 429]


def test_a_route_of_its_own_asks_the_same_bucket(upstream):
    config = {"accounts": [account(upstream, "ca_up")],
              "routes": [{"path": "/up/", "account": "ca_up"}],
              "api_keys": keys(rate={"per_second": 1, "burst": 1})}
    with Penstock(config) as penstock:
        assert outcome(penstock, call()).status == 200
        fields = f"GET /up/x HTTP/1.1\r\nHost: p\r\nx-api-key: {KEY}\r\n\r\n".encode()
        assert_refused(outcome(penstock, fields), 429, "rate_limited")


def test_an_account_has_its_rate_whoever_asks(upstream):
    config = {"accounts": [account(upstream, "ca_up", rate={"per_second": 1, "burst": 2}),
                           account(upstream, "ca_free")], "api_keys": keys()}
    with Penstock(config) as penstock:
        assert statuses(penstock, [call(), envelope()]) == [200, 200]
        refused = outcome(penstock, call(key=OTHER))
        assert_refused(refused, 429, "rate_limited")
        assert penstock.access_line(refused.request_id)["rate_of"] == "account"
        assert outcome(penstock, call("ca_free")).status == 200


def test_a_long_wait_is_told(upstream):
    """One a second and ten asked for at once: of a burst of one the next waits a second; and of a
    bucket that is overdrawn nobody waits longer than for the next token."""
    config = {"accounts": [account(upstream, "ca_up", rate={"per_second": 1, "burst": 1})]}
    with Penstock(config) as penstock:
        answers = [outcome(penstock, call()) for _ in range(10)]
        assert [answer.status for answer in answers] == [200] + [429] * 9
        assert {answer.header("retry-after") for answer in answers[1:]} == {"1"}


def test_observe_lets_pass_and_counts(upstream):
    config = {"accounts": [account(upstream, "ca_up")],
              "api_keys": keys(rate={"per_second": 1, "burst": 1, "observe": True})}
    with Penstock(config) as penstock:
        answers = [outcome(penstock, call()) for _ in range(3)]
        assert [answer.status for answer in answers] == [200] * 3
        assert penstock.metric("penstock_rate_denials_total", project="acme", observe="true") == 2
        line = penstock.access_line(answers[2].request_id)
        assert line["rate"] == "observed_limited" and "error" not in line


def test_a_rate_holds_across_workers(upstream):
    """However the kernel deals connections out, a burst is granted once."""
    config = {"workers": 4, "accounts": [account(upstream, "ca_up")],
              "api_keys": keys(rate={"per_second": 1, "burst": 50})}
    with Penstock(config) as penstock:
        begun = time.monotonic()
        found = []
        threads = [threading.Thread(
            target=lambda: found.extend(statuses(penstock, [call() for _ in range(20)])))
            for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        most = 50 + int(time.monotonic() - begun) + 1
        assert len(found) == 160
        assert 50 <= found.count(200) <= most and found.count(429) == 160 - found.count(200)


def test_who_is_answered_from_what_was_kept_takes_no_token(upstream):
    config = {"accounts": [account(upstream, "ca_up", rate={"per_second": 1, "burst": 1})]}
    with Penstock(config) as penstock:
        twice = execute({"endpoint": "/x", "method": "POST", "connected_account_id": "ca_up"},
                        [("Idempotency-Key", "one")])
        assert statuses(penstock, [twice, twice, twice]) == [200] * 3
        other = execute({"endpoint": "/x", "method": "POST", "connected_account_id": "ca_up"},
                        [("Idempotency-Key", "two")])
        assert_refused(outcome(penstock, other), 429, "rate_limited")


# --- In flight ------------------------------------------------------------------------------

@pytest.fixture
def held():
    """An upstream that answers once it may."""
    may = threading.Event()
    with Upstream(scripted.when(may)) as upstream:
        upstream.may = may
        yield upstream
        may.set()


def send(penstock, data):
    connection = penstock.connect()
    connection.send(data)
    return connection


def in_flight(penstock, count):
    eventually(lambda: penstock.metric("penstock_requests_in_flight") == count, 3,
               f"{count} in flight")


@pytest.mark.parametrize("limits, status, slug, limit", [
    ({"account": {"in_flight": 2}}, 429, "account_concurrency_limit", "account_in_flight"),
    ({"process": {"in_flight": 2}}, 503, "overloaded", "in_flight")])
def test_what_is_too_much_at_a_time_is_refused_at_once(held, upstream, limits, status, slug, limit):
    config = {"workers": 2, "limits": limits.get("process", {}),
              "accounts": [account(held, "ca_up", **limits.get("account", {})),
                           account(upstream, "ca_free")]}
    with Penstock(config) as penstock:
        assert penstock.metric("penstock_limit", limit=limit) == 2
        waiting = [send(penstock, call()), send(penstock, envelope())]
        in_flight(penstock, 2)
        begun = time.monotonic()
        assert_refused(outcome(penstock, call()), status, slug)
        assert time.monotonic() - begun < 1 * PATIENCE
        assert penstock.metric("penstock_limit_hits_total", limit=limit) == 1
        free = outcome(penstock, call("ca_free")).status
        assert free == (200 if "account" in limits else 503)
        # Who leaves makes room, and so does who is answered.
        waiting[0].close()
        in_flight(penstock, 1)
        again = send(penstock, call())
        in_flight(penstock, 2)
        held.may.set()
        assert waiting[1].read_response("POST").status == 200
        assert again.read_response("GET").status == 200
        assert statuses(penstock, [call() for _ in range(5)]) == [200] * 5


# --- Breakers -------------------------------------------------------------------------------

def breaker(failures=3, open="1s"):
    return {"breaker": {"failures": failures, "open": open}}


def events(penstock, name, count):
    return [line["message"] for line in penstock.log_lines(count, event=name)]


def test_an_upstream_that_fails_again_and_again_is_left_alone(upstream):
    port = free_port()
    down = {"id": "ca_down", "base_url": f"http://127.0.0.1:{port}", **breaker()}
    with Penstock({"accounts": [down, account(upstream, "ca_up")]}) as penstock:
        assert statuses(penstock, [call("ca_down") for _ in range(3)]) == [502] * 3
        refused = [outcome(penstock, request("ca_down")) for request in (call, envelope)]
        for answer in refused:
            assert_refused(answer, 503, "account_circuit_open")
            line = penstock.access_line(answer.request_id)
            assert line["termination"] == "upstream:connect"
        assert events(penstock, "breaker_opened", 1) == [
            "account ca_down: its upstream failed 3 times in a row"]
        assert outcome(penstock, call("ca_up")).status == 200
        # Then one tries, and it is left alone for as long again.
        time.sleep(1.1)
        assert statuses(penstock, [call("ca_down"), call("ca_down")]) == [502, 503]
        with Upstream(scripted.echo, port=port):
            time.sleep(1.1)
            assert statuses(penstock, [call("ca_down") for _ in range(5)]) == [200] * 5
        assert events(penstock, "breaker_closed", 1) == [
            "account ca_down: its upstream answers again"]


def test_one_alone_tries(held):
    config = {"workers": 2, "accounts": [
        account(held, "ca_up", timeouts={"first_byte": "200ms"}, **breaker(2, "1s"))]}
    with Penstock(config) as penstock:
        assert statuses(penstock, [call(), call(), call()]) == [504, 504, 503]
        time.sleep(1.05)
        found = []
        threads = [threading.Thread(target=lambda: found.append(outcome(penstock, call()).status))
                   for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(found) == [503] * 7 + [504]


def test_failures_that_are_not_in_a_row_open_nothing(answers, upstream):
    config = {"accounts": [account(upstream, "ca_up", timeouts={"first_byte": "200ms"},
                                   **breaker(2))]}
    with Penstock(config) as penstock:
        for _ in range(3):
            answers(b"")  # says nothing
            assert outcome(penstock, call()).status in (502, 504)
            answers(scripted.answer(status=500))
            assert outcome(penstock, call()).status == 500
        time.sleep(0.3)  # lines wait for 200 ms at the most
        assert events(penstock, "breaker_opened", 0) == []
