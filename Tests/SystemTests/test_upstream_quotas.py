"""What upstreams say of their quotas is in the metrics, before the first 429."""

import time

import pytest

import scripted
from harness import Penstock, account, execute
from origins import outcome, proxy

LIMIT = "penstock_upstream_quota_limit"
REMAINING = "penstock_upstream_quota_remaining"
RESET = "penstock_upstream_quota_reset_timestamp_seconds"
RETRY = "penstock_upstream_retry_after_timestamp_seconds"


@pytest.fixture
def penstock(upstream):
    """A new one for each row: a word stays until the next."""
    accounts = [account(upstream, "ca_up"), account(upstream, "ca_quiet"),
                account(upstream, "ca_late")]
    with Penstock({"accounts": accounts, "metrics": {"accounts_max": 2},
                   "execute": {"custom_connection_data": True,
                               "toolkits": {"up": {"account": "ca_up"}}}}) as server:
        yield server


def quotas(penstock):
    """{family: {account: value}}, of what is there."""
    found = {}
    for sample, value in penstock.metrics().items():
        if sample.startswith(("penstock_upstream_quota_", "penstock_upstream_retry_")):
            name, label = sample.rstrip("}").split("{")
            found.setdefault(name, {})[label.removeprefix("account=").strip('"')] = value
    return found


def said(penstock, answers, *fields, id="ca_up", status=200):
    answers(scripted.answer(status=status, headers=fields))
    assert outcome(penstock, proxy("GET", account=id)).status == status


def test_nothing_is_there_before_it_was_said(penstock, answers):
    assert quotas(penstock) == {}
    said(penstock, answers, ("X-Unknown-Limit", "5"))
    said(penstock, answers, ("X-RateLimit-Limit", "many"), ("RateLimit", ";;r=="),
         ("Retry-After", "later"))
    assert quotas(penstock) == {}


@pytest.mark.parametrize("fields", [
    [("X-RateLimit-Limit", "100"), ("X-RateLimit-Remaining", "7"), ("X-RateLimit-Reset", "60")],
    [("x-rate-limit-limit", "100"), ("x-rate-limit-remaining", "7"), ("x-rate-limit-reset", "60")],
    [("RateLimit-Limit", "100"), ("RateLimit-Remaining", "7"), ("RateLimit-Reset", "60")],
    [("RateLimit", "limit=100, remaining=7, reset=60")],
    [("RateLimit-Policy", '"a";q=1000;w=9, "default";q=100;w=60'),
     ("RateLimit", '"a";r=900;t=5, "default";r=7;t=60')]])
def test_every_way_to_say_it_is_read(penstock, answers, fields):
    before = int(time.time())
    said(penstock, answers, *fields)
    found = quotas(penstock)
    reset = found.pop(RESET)
    assert found == {LIMIT: {"ca_up": 100}, REMAINING: {"ca_up": 7}}
    assert before + 60 <= reset["ca_up"] <= int(time.time()) + 60


def test_the_newest_word_counts_and_one_that_says_nothing_changes_nothing(penstock, answers):
    said(penstock, answers, ("X-RateLimit-Limit", "100"), ("X-RateLimit-Remaining", "7"))
    said(penstock, answers, ("X-RateLimit-Limit", "100"), ("X-RateLimit-Remaining", "6"))
    said(penstock, answers)
    assert quotas(penstock) == {LIMIT: {"ca_up": 100}, REMAINING: {"ca_up": 6}}
    said(penstock, answers, ("RateLimit-Remaining", "9"), id="ca_quiet")
    assert quotas(penstock) == {LIMIT: {"ca_up": 100}, REMAINING: {"ca_up": 6, "ca_quiet": 9}}


@pytest.mark.parametrize("value, least, most", [
    ("30", 30, 30), ("Fri, 31 Dec 2100 23:59:59 GMT", None, None)])
def test_a_retry_after_is_told_as_a_time(penstock, answers, value, least, most):
    before = int(time.time())
    said(penstock, answers, ("Retry-After", value), status=429)
    found = quotas(penstock)
    assert list(found) == [RETRY]
    if least is None:
        assert found[RETRY] == {"ca_up": 4133980799}
    else:
        assert before + least <= found[RETRY]["ca_up"] <= int(time.time()) + most


def test_the_client_gets_the_fields_as_they_came(penstock, answers):
    fields = [("X-RateLimit-Limit", "100, 5"), ("ratelimit", '"a";r=1'), ("Retry-After", "soon")]
    answers(scripted.answer(headers=fields))
    response = outcome(penstock, proxy("GET"))
    for name, value in fields:
        assert response.all(name) == [value]


def test_the_execute_endpoint_hears_it_too(penstock, answers):
    answers(scripted.answer({}, headers=[("X-RateLimit-Remaining", "3")]))
    call = {"connected_account_id": "ca_up", "endpoint": "/x", "method": "GET"}
    assert outcome(penstock, execute(call)).status == 200
    assert quotas(penstock) == {REMAINING: {"ca_up": 3}}


def test_the_quota_of_a_caller_s_own_credential_is_not_the_account_s(penstock, answers):
    answers(scripted.answer({}, headers=[("X-RateLimit-Remaining", "3")]))
    call = {"endpoint": "/x", "method": "GET", "custom_connection_data": {
        "authScheme": "BEARER_TOKEN", "toolkitSlug": "up", "val": {"token": "the-caller-s-own"}}}
    assert outcome(penstock, execute(call)).json()["status"] == 200
    assert quotas(penstock) == {}


def test_an_account_without_a_label_of_its_own_has_none(penstock, answers):
    """Those that are used first have one."""
    for id in ("ca_up", "ca_quiet"):
        said(penstock, answers, id=id)
    said(penstock, answers, ("X-RateLimit-Remaining", "3"), id="ca_late")
    assert quotas(penstock) == {}


def test_of_two_workers_the_newest_word_counts(upstream, answers):
    config = {"accounts": [account(upstream, "ca_up")], "workers": 2}
    with Penstock(config) as penstock:
        for rest in range(30, 0, -1):
            said(penstock, answers, ("RateLimit-Remaining", str(rest)))
            assert quotas(penstock) == {REMAINING: {"ca_up": rest}}
