"""`Idempotency-Key`: a request is carried out once, however often it is sent."""

import json
import threading
import time

import pytest

from harness import KEY, PATIENCE, Penstock, account, assert_error, eventually, execute, request
from scripted import answer, echo, fixed, when

CALL = {"endpoint": "/x", "method": "POST", "connected_account_id": "ca_echo", "body": {"a": 1}}
OTHER_KEY = "k2-test-key-9876543210"


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock({"workers": 4, "accounts": [account(upstream)],
                   "api_keys": [{"name": "acme", "key": KEY, "accounts": ["*"]},
                                {"name": "beta", "key": OTHER_KEY, "accounts": ["*"]}],
                   "idempotency": {"window": "2s"}}) as server:
        yield server


NUMBERS = iter(range(1_000_000))


def fresh():
    return f"key-{next(NUMBERS)}-{time.time_ns()}"


def send(penstock, key, envelope=CALL, client=None, timeout=10.0, api_key=KEY, headers=()):
    client = client or penstock.connect()
    data = execute(envelope, headers=[("Idempotency-Key", key), *headers], key=api_key)
    return client.exchange(data, timeout=timeout)


def counted():
    """Each request gets another number."""
    count = iter(range(1, 1_000_000))

    def handler(connection):
        while connection.read_request():
            connection.send(answer({"number": next(count)}))
    return handler


def test_a_repetition_gets_the_same_answer(penstock, upstream):
    upstream.handler = counted()
    key = fresh()
    answers = [send(penstock, key) for _ in range(5)]
    assert {each.body for each in answers} == {answers[0].body}
    assert len(upstream.requests) == 1
    assert answers[0].header("idempotent-replayed") is None
    assert answers[1].header("idempotent-replayed") == "true"
    assert len({each.request_id for each in answers}) == 5


def test_another_key_and_another_caller_are_others(penstock, upstream):
    upstream.handler = counted()
    key = fresh()
    assert send(penstock, key).json()["data"] == {"number": 1}
    assert send(penstock, fresh()).json()["data"] == {"number": 2}
    assert send(penstock, key).json()["data"] == {"number": 1}
    assert send(penstock, key, api_key=OTHER_KEY).json()["data"] == {"number": 3}


def test_without_a_key_nothing_is_kept(penstock, upstream):
    upstream.handler = counted()
    for number in (1, 2):
        assert penstock.connect().exchange(execute(CALL)).json()["data"] == {"number": number}


def test_another_body_under_the_same_key(penstock, upstream):
    upstream.handler = counted()
    key = fresh()
    assert send(penstock, key).status == 200
    response = send(penstock, key, {**CALL, "body": {"a": 2}})
    assert_error(response, 422, "idempotency_key_reused")
    assert response.header("x-should-retry") == "false"
    assert len(upstream.requests) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "é"])
def test_what_is_no_key(penstock, upstream, key):
    assert_error(send(penstock, key), 400, "invalid_idempotency_key")
    assert upstream.requests == []


def test_two_keys_are_none(penstock, upstream):
    data = execute(CALL, headers=[("Idempotency-Key", "a"), ("idempotency-key", "a")])
    assert_error(penstock.connect().exchange(data), 400, "invalid_idempotency_key")


def test_an_answer_is_forgotten_after_the_window(penstock, upstream):
    upstream.handler = counted()
    key = fresh()
    assert send(penstock, key).json()["data"] == {"number": 1}
    time.sleep(2.3)
    send(penstock, fresh())
    assert send(penstock, key).json()["data"] == {"number": 3}


def test_an_upstream_s_error_is_an_answer_like_any_other(penstock, upstream):
    upstream.handler = fixed(answer({"no": 1}, 500, "Oops"), answer({"yes": 1}))
    key = fresh()
    for _ in range(2):
        response = send(penstock, key)
        assert response.status == 200 and response.json()["status"] == 500


def test_what_may_be_tried_again_is_not_kept(penstock, upstream):
    """The upstream could not be reached: nothing has left, and the next try may work."""
    nobody = {**account(upstream), "base_url": "http://127.0.0.1:9"}
    with Penstock({"accounts": [nobody]}) as server:
        key = fresh()
        for _ in range(2):
            response = send(server, key)
            assert_error(response, 502, "upstream_connect_failed")
            assert response.header("x-should-retry") == "true"
            assert response.header("idempotent-replayed") is None


def test_what_may_not_be_tried_again_is_kept(penstock, upstream):
    """It left, and nobody knows what became of it: a repetition must not do it again."""
    def closes(connection):
        connection.read_request()
    upstream.handler = closes
    key = fresh()
    for _ in range(3):
        response = send(penstock, key)
        assert_error(response, 502, "upstream_closed")
        assert response.header("x-should-retry") == "false"
    assert len(upstream.requests) == 1


def test_a_long_answer_is_not_kept(penstock, upstream):
    upstream.handler = fixed(answer(json.dumps("x" * 100_000).encode()))
    key = fresh()
    assert send(penstock, key).status == 200
    response = send(penstock, key)
    assert_error(response, 409, "idempotent_replay_unavailable")
    assert response.header("x-should-retry") == "false"
    assert len(upstream.requests) == 1


def test_a_duplicate_waits_for_the_first(penstock, upstream):
    go = threading.Event()
    upstream.handler = when(go, answer({"done": 1}))
    key = fresh()
    clients = [penstock.connect() for _ in range(8)]
    for client in clients:
        client.send(execute(CALL, headers=[("Idempotency-Key", key)]))
    time.sleep(0.3)
    assert len(upstream.requests) == 1
    go.set()
    answers = [client.read_response(timeout=10.0) for client in clients]
    assert {each.body for each in answers} == {answers[0].body}
    assert len(upstream.requests) == 1


def test_the_first_may_go_away(penstock, upstream):
    """Whoever waits gets the answer, and so does who comes later."""
    go = threading.Event()
    upstream.handler = when(go, answer({"done": 1}))
    key = fresh()
    first, second = penstock.connect(), penstock.connect()
    first.send(execute(CALL, headers=[("Idempotency-Key", key), ("x-request-id", "first")]))
    eventually(lambda: len(upstream.requests) == 1, 2.0, "the first arrives")
    second.send(execute(CALL, headers=[("Idempotency-Key", key)]))
    time.sleep(0.1)
    first.close()
    time.sleep(0.2)
    go.set()
    assert second.read_response(timeout=5.0).json()["data"] == {"done": 1}
    assert send(penstock, key).json()["data"] == {"done": 1}
    assert len(upstream.requests) == 1
    line = penstock.access_line("first")
    assert line["status"] == 499 and line["error"] == "client_aborted", line


def test_a_client_that_comes_again_finds_its_answer(penstock, upstream):
    """It gave up waiting, alone, and asks again: the request is not cancelled and not repeated."""
    go = threading.Event()
    upstream.handler = when(go, answer({"done": 1}))
    key = fresh()
    first = penstock.connect()
    first.send(execute(CALL, headers=[("Idempotency-Key", key)]))
    eventually(lambda: len(upstream.requests) == 1, 2.0, "the first arrives")
    first.close()
    time.sleep(0.2)
    go.set()
    assert send(penstock, key).json()["data"] == {"done": 1}
    assert len(upstream.requests) == 1


def test_a_request_without_its_client_ends_with_the_server(upstream):
    """It may use the grace of a shutdown, and no more."""
    upstream.handler = when(threading.Event(), b"")
    config = {"accounts": [account(upstream)], "timeouts": {"shutdown_grace": "1s"}}
    with Penstock(config) as server:
        client = server.connect()
        client.send(execute(CALL, headers=[("Idempotency-Key", fresh())]))
        eventually(lambda: len(upstream.requests) == 1, 2.0, "the request arrives")
        client.close()
        time.sleep(0.2)
        begun = time.monotonic()
        assert server.stop() == 0
        assert 0.8 < time.monotonic() - begun < 3.0 * PATIENCE


def test_a_waiting_client_may_go_away(penstock, upstream):
    go = threading.Event()
    upstream.handler = when(go, answer({"done": 1}))
    key = fresh()
    first, second = penstock.connect(), penstock.connect()
    first.send(execute(CALL, headers=[("Idempotency-Key", key)]))
    eventually(lambda: len(upstream.requests) == 1, 2.0, "the first arrives")
    second.send(execute(CALL, headers=[("Idempotency-Key", key)]))
    time.sleep(0.1)
    second.close()
    time.sleep(0.1)
    go.set()
    assert first.read_response(timeout=5.0).json()["data"] == {"done": 1}


def test_a_waiting_client_has_its_deadline(penstock, upstream):
    def waits(connection):
        connection.read_request()
        connection.wait_for_end(10.0)
    upstream.handler = waits
    key = fresh()
    first, second = penstock.connect(), penstock.connect()
    first.send(execute(CALL, headers=[("Idempotency-Key", key),
                                      ("x-stainless-read-timeout", "6")]))
    eventually(lambda: len(upstream.requests) == 1, 2.0, "the first arrives")
    response = send(penstock, key, client=second, headers=[("x-stainless-read-timeout", "1")])
    assert_error(response, 504, "upstream_timeout")
    assert response.header("x-should-retry") == "true"
    first.close()


def test_a_thousand_duplicates_reach_the_upstream_once(penstock, upstream):
    upstream.handler = counted()
    key = fresh()
    bodies, lock = [], threading.Lock()
    left = iter(range(1000))

    def work():
        client = penstock.connect()
        while True:
            with lock:
                if next(left, None) is None:
                    return
            response = client.exchange(
                execute(CALL, headers=[("Idempotency-Key", key)]), timeout=20.0)
            with lock:
                bodies.append(response.body)
    threads = [threading.Thread(target=work) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bodies) == 1000 and len(set(bodies)) == 1
    assert len(upstream.requests) == 1


def test_the_memory_is_bounded(upstream):
    """The oldest answers go first."""
    upstream.handler = counted()
    with Penstock({"accounts": [account(upstream)],
                   "idempotency": {"max_bytes": "64KiB"}}) as server:
        keys = [fresh() for _ in range(400)]
        client = server.connect()
        for number, key in enumerate(keys, 1):
            assert send(server, key, client=client).json()["data"] == {"number": number}
        assert send(server, keys[-1], client=client).json()["data"] == {"number": 400}
        assert send(server, keys[0], client=client).json()["data"] == {"number": 401}


def test_the_streaming_route_passes_the_field_on(penstock, upstream):
    upstream.handler = echo
    data = request("POST", "/proxy/ca_echo/x", [("x-api-key", KEY), ("Idempotency-Key", "k")], b"x")
    headers = penstock.connect().exchange(data).json()["headers"]
    assert "idempotency-key" in [name.lower() for name, _ in headers]


def test_an_unread_end_is_told_as_such(penstock, upstream):
    """A first that is cut in the middle of its answer was carried out all the same."""
    def cut(connection):
        connection.read_request()
        connection.send(answer({"a": 1})[:-3])
    upstream.handler = cut
    key = fresh()
    for _ in range(2):
        assert_error(send(penstock, key), 502, "upstream_truncated")
    assert len(upstream.requests) == 1
