"""The execute endpoint's other doors: the older version, and the deadline that a client names."""

import time

import pytest

import harness
import scripted
from harness import KEY, Penstock, Upstream, account, assert_error, execute
from resolution_cases import echoed, once

V3 = "/api/v3/tools/execute/proxy"
OTHER_KEY = "k2-test-key-9876543210"
ENVELOPE = {"endpoint": "/x", "method": "POST", "connected_account_id": "ca_base"}
KEYS = [{"name": "acme", "key": KEY, "accounts": ["*"]},
        {"name": "umbrella", "key": OTHER_KEY, "accounts": ["*"]}]


def gated(upstream, **settings):
    return Penstock({"api_keys": KEYS, "accounts": [account(upstream, id="ca_base")],
                     "execute": settings})


def test_version_3_is_retired(upstream):
    with gated(upstream) as penstock:
        response = once(penstock, execute(ENVELOPE, path=V3))
        assert_error(response, 410, "endpoint_retired")
        assert upstream.connections == 0
        assert echoed(once(penstock, execute(ENVELOPE)))["target"] == "/x"


def test_version_3_may_be_open_to_some(upstream):
    with gated(upstream, v3="allowlist", v3_allowlist=["umbrella"]) as penstock:
        assert_error(once(penstock, execute(ENVELOPE, path=V3)), 410, "endpoint_retired")
        assert upstream.connections == 0
        response = once(penstock, execute(ENVELOPE, path=V3, key=OTHER_KEY))
        assert echoed(response)["target"] == "/x"
        assert_error(once(penstock, execute(ENVELOPE, path=V3, key="wrong")), (401, 410))


def test_version_3_may_be_open_to_all(upstream):
    with gated(upstream, v3="open") as penstock:
        assert echoed(once(penstock, execute(ENVELOPE, path=V3)))["target"] == "/x"
        assert_error(once(penstock, execute(ENVELOPE, path=V3, key="wrong")), 401)


@pytest.fixture(scope="module")
def slow():
    with Upstream(scripted.never_answers) as server:
        yield server


@pytest.fixture(scope="module")
def hurried(slow, upstream):
    with Penstock({"accounts": [account(slow, id="ca_base"), account(upstream, id="ca_quick")],
                   "execute": {"deadline_margin": "500ms"}}) as server:
        yield server


@pytest.mark.parametrize("name, value", [
    ("x-stainless-read-timeout", "1"), ("x-stainless-read-timeout", "1.0"),
    ("Request-Timeout", "1")])
def test_the_answer_comes_before_the_client_gives_up(hurried, name, value):
    begun = time.monotonic()
    response = once(hurried, execute(ENVELOPE, [(name, value)]))
    took = time.monotonic() - begun
    assert_error(response, 504, "upstream_timeout")
    assert response.header("x-should-retry") == "false"
    assert 0.3 < took < 1.0 * harness.PATIENCE, f"{took:.2f} s"


@pytest.mark.parametrize("value", ["", "soon", "-1", "NaN", "inf", "1e9", "0x1", "1, 2",
                                   "99999999999999999999", "1" * 300])
def test_a_deadline_that_is_none_is_ignored(hurried, value):
    """Neither a fault nor a timeout at once."""
    response = once(hurried, execute({**ENVELOPE, "connected_account_id": "ca_quick"},
                                     [("x-stainless-read-timeout", value)]))
    assert echoed(response)["target"] == "/x"
