"""C4: who may call, and for which account; rows 121 to 125 and 136 to 138."""

import itertools
import json
import random
import statistics
import time

import pytest

from harness import EXECUTE, KEY, Penstock, account, assert_error, assert_stays, execute, request
from resolution_cases import call, call_raw, echoed, every, once, stream

OTHER_KEY = "k2-test-key-9876543210"
ENVELOPE = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_base"}


@pytest.fixture(scope="module")
def penstock(upstream):
    config = {
        "api_keys": [
            {"name": "acme", "key": KEY, "accounts": ["ca_*"]},
            {"name": "umbrella", "key": OTHER_KEY, "accounts": ["cb_only"],
             "default_account": "cb_only"}],
        "accounts": [account(upstream, id="ca_base"), account(upstream, id="cb_only"),
                     account(upstream, id="ca_off", disabled=True)]}
    with Penstock(config) as server:
        yield server


def with_key(value, name="x-api-key", path=EXECUTE):
    return execute(ENVELOPE, [] if value is None else [(name, value)], key=None, path=path)


def told(response):
    """An error's content, without what is different in every answer."""
    error = dict(response.json()["error"])
    del error["request_id"]
    return error


def test_a_right_key_is_let_in(penstock):
    """Row 121; blanks around a field's value are no part of it."""
    every([("x-api-key", KEY), ("x-api-key", KEY + "  "), ("X-API-KEY", "\t" + KEY + " \t"),
           ("Authorization", "Bearer " + KEY), ("authorization", "bearer " + KEY)],
          lambda case: echoed(once(penstock, with_key(case[1], case[0]))))


def test_every_wrong_key_is_told_the_same(penstock, upstream):
    """Rows 121 and 124."""
    answers = []

    def check(value):
        response = once(penstock, with_key(value))
        assert_error(response, 401, "unauthorized")
        assert response.header("x-should-retry") == "false"
        answers.append(told(response))

    every([None, "", "wrong", KEY[:-1], KEY + "x", KEY.upper(), KEY + ",", '"' + KEY + '"',
           KEY[:-1] + "\xe9", "\xff\xfe", "k" * 8000, KEY + "%00", OTHER_KEY + KEY], check)
    assert all(each == answers[0] for each in answers)
    assert upstream.connections == 0


@pytest.mark.slow
def test_the_time_of_a_refusal_says_nothing_of_the_key(penstock):
    """Row 122: as long for a key that is right but for its end as for one that is all wrong."""
    alike = {count: KEY[:count] + "#" * (len(KEY) - count) for count in (0, 1, 11, 20)}
    alike[len(KEY)] = KEY[:-1] + "#"
    took = {count: [] for count in alike}
    connection = penstock.connect()
    choose = random.Random(122)
    for _ in range(1000):
        for count in choose.sample(list(alike), len(alike)):
            data = with_key(alike[count])
            start = time.perf_counter_ns()
            response = connection.exchange(data)
            took[count].append(time.perf_counter_ns() - start)
            assert response.status == 401
            if "close" in (response.header("connection") or ""):
                connection = penstock.connect()
    medians = {count: statistics.median(times) for count, times in took.items()}
    spread = max(medians.values()) - min(medians.values())
    assert spread < 0.1 * min(medians.values()), medians
    # Nor does it grow with what is right.
    order = [medians[count] for count in sorted(medians)]
    assert any(one >= other for one, other in itertools.pairwise(order)) or spread < 5000, medians


def test_a_bearer_token_counts_only_where_there_is_no_x_api_key(penstock, upstream):
    both = [("x-api-key", "wrong"), ("Authorization", "Bearer " + KEY)]
    assert_error(once(penstock, execute(ENVELOPE, both, key=None)), 401, "unauthorized")
    for value in (KEY, "Basic " + KEY, "Bearer", "Bearer ", "Bearer" + KEY, "Bearer  x " + KEY):
        response = once(penstock, with_key(value, "Authorization"))
        assert_error(response, 401, "unauthorized")
    assert upstream.connections == 0


def test_a_key_of_raw_control_bytes_is_malformed(penstock, upstream):
    """Row 124."""
    for value in (KEY + "\0", KEY + "\x01", "\x7f"):
        assert_error(once(penstock, with_key(value)), (400, 401))
    assert upstream.connections == 0


def test_a_key_elsewhere_is_no_key(penstock, upstream):
    """Row 123; that it is never logged is checked after every server's life."""
    for path in (f"{EXECUTE}?api_key={KEY}", f"{EXECUTE}?x-api-key={KEY}"):
        assert_error(once(penstock, with_key(None, path=path)), 401, "unauthorized")
    for name in ("Cookie", "api-key", "X_API_KEY", "apikey", "X-Api-Keys"):
        value = f"x-api-key={KEY}" if name == "Cookie" else KEY
        assert_error(once(penstock, with_key(value, name)), 401, "unauthorized")
    assert upstream.connections == 0


def test_a_refusal_leaves_the_connection_usable(penstock):
    """The error table's reuse column for 401, 404 and 400."""
    connection = penstock.connect()
    for data, status in ((with_key("wrong"), 401), (execute({**ENVELOPE, "method": "get"}), 400),
                         (execute({**ENVELOPE, "connected_account_id": "none"}), 404)):
        assert connection.exchange(data).status == status
        assert_stays(connection)


def test_only_post_executes(penstock, upstream):
    """Row 125."""
    fields = [("x-api-key", KEY)]
    for method in ("GET", "PUT", "DELETE", "PATCH", "HEAD"):
        response = once(penstock, request(method, EXECUTE, fields))
        assert response.status == 405, response
        assert [each.strip() for each in response.header("allow").split(",")] == ["POST"]
        if method != "HEAD":
            assert_error(response, 405, "method_not_allowed")
    assert upstream.connections == 0


def test_unknown_and_foreign_accounts_are_told_the_same(penstock, upstream):
    """Row 136."""
    answers = []
    names = ["ca_none", "cb_only", "x" * 10_240, "../ca_base", "ca_base\0", "ca_base ", "CA_BASE",
             "ca_*", "ca_base\n", "ca_b\u00e4se", "ca_base/x", "\u202eesab_ac"]

    def check(name):
        response = call(penstock, account=name)
        assert_error(response, 404, "connected_account_not_found")
        assert response.header("x-should-retry") == "false"
        answers.append(told(response))

    every(names, check)
    assert all(each == answers[0] for each in answers)
    # An empty id may as well be taken for a missing one.
    assert_error(call(penstock, account=""), (404, 400))
    assert upstream.connections == 0
    metrics = penstock.admin("/metrics").body.decode()
    for name in ("ca_none", "xxxxxxxx", "../ca_base", "CA_BASE", "esab_ac"):
        assert name not in metrics, f"{name!r} became a label"


def test_the_streaming_route_tells_the_same_of_both_too(penstock, upstream):
    """Row 136."""
    unknown, foreign = (stream(penstock, "/x", account=name) for name in ("ca_none", "cb_only"))
    assert_error(unknown, 404, "connected_account_not_found")
    assert_error(foreign, 404, "connected_account_not_found")
    assert told(unknown) == told(foreign)
    assert upstream.connections == 0


def test_a_disabled_account_of_one_s_own_is_told_so(penstock, upstream):
    assert_error(call(penstock, account="ca_off"), 422, "account_disabled")
    assert_error(stream(penstock, "/x", account="ca_off"), 422, "account_disabled")
    foreign = once(penstock, execute({**ENVELOPE, "connected_account_id": "ca_off"},
                                     key=OTHER_KEY))
    assert_error(foreign, 404, "connected_account_not_found")
    assert upstream.connections == 0


def test_without_an_account_the_key_s_default_is_meant(penstock, upstream):
    """Row 137; null is absent."""
    for envelope in ({"endpoint": "/x", "method": "GET"},
                     {"endpoint": "/x", "method": "GET", "connected_account_id": None}):
        assert_error(once(penstock, execute(envelope)), 400, "MissingAuthContext")
        upstream.begin_row()
        got = echoed(once(penstock, execute(envelope, key=OTHER_KEY)))
        assert ["authorization", "Bearer upstream-secret-of-cb_only"] in got["headers"]


def test_a_key_of_another_project_is_no_key_of_this_one(penstock):
    got = once(penstock, execute({**ENVELOPE, "connected_account_id": "cb_only"}, key=OTHER_KEY))
    assert ["authorization", "Bearer upstream-secret-of-cb_only"] in echoed(got)["headers"]
    assert_error(once(penstock, execute(ENVELOPE, key=OTHER_KEY)), 404,
                 "connected_account_not_found")


def test_inline_credentials_are_off(penstock, upstream):
    """Row 138: they override neither origin nor credential."""
    data = {"authScheme": "BEARER_TOKEN", "toolkitSlug": "github",
            "val": {"token": "inline", "base_url": "http://evil.example",
                    "headers": {"Authorization": "Bearer inline"}}}
    for more in ({}, {"connected_account_id": None}):
        envelope = {**ENVELOPE, **more, "custom_connection_data": data}
        response = once(penstock, execute(envelope))
        assert response.status == 501, response
        assert_error(response, 501)
        assert response.header("x-should-retry") == "false"
    assert upstream.connections == 0
    assert echoed(call(penstock, custom_connection_data=None))["method"] == "GET"


def test_the_account_may_come_last(penstock):
    """Nothing is sent before the whole envelope is read: the official client ends with it."""
    got = echoed(call_raw(penstock, b'{"endpoint":"/x","method":"POST","body":{"a":1},'
                                    b'"parameters":[],"connected_account_id":"ca_base"}'))
    assert got["body"] == '{"a":1}'


def test_the_user_s_id_is_a_log_field(penstock):
    response = call(penstock, user_id="user-17")
    assert echoed(response)["target"] == "/x"
    assert penstock.access_line(response.request_id)["user_id"] == "user-17"


def test_the_access_line_tells_the_inner_request(penstock, upstream):
    response = call(penstock, "/inner?secret=value", method="DELETE")
    line = penstock.access_line(response.request_id)
    assert (line["route"], line["method"], line["account"], line["project"]) == (
        "execute", "DELETE", "ca_base", "acme")
    assert line["path"].startswith("/inner") and "value" not in line["path"]
    assert (line["status"], line["upstream_status"]) == (200, 200)
    assert "value" not in json.dumps(line)
