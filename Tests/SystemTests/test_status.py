"""The status page's data equals the metrics and the log, and says who is in trouble."""

import calendar
import json
import time

import pytest

import scripted
from harness import PATIENCE, Penstock, account, eventually, execute
from origins import outcome, proxy
from watched import Load, served

SECRET = "a-secret-that-a-caller-shows-as-an-id"


def status(penstock):
    answer = penstock.admin("/status.json")
    assert answer.status == 200
    assert answer.header("content-type") == "application/json"
    assert answer.header("cache-control") == "no-store"
    return json.loads(answer.body)


def sampled(penstock, within=6.0):
    """The status once it knows of all that was counted: it looks every other second."""
    found = []

    def is_there():
        found[:] = [status(penstock)]
        return found[0]["all"]["requests_total"] == penstock.metric("penstock_requests_total")
    eventually(is_there, within, "all requests in the status")
    return found[0]


def by_account(said):
    return {each["account"]: each for each in said["accounts"]}


def quantile(share, buckets):
    """As Prometheus' histogram_quantile has it. `buckets`: [(bound, count up to it)]."""
    rank = share * buckets[-1][1]
    start, below = 0.0, 0.0
    for bound, count in buckets[:-1]:
        if count > below and count >= rank:
            return start + (bound - start) * (rank - below) / (count - below)
        start, below = bound, count
    return start


def buckets(samples, name, account=None):
    """A histogram's, of one account or of all together."""
    found = {}
    for sample, value in samples.items():
        if sample.startswith(f"{name}_bucket") and f'account="{account or ""}' in sample:
            bound = float(sample.split('le="')[1].split('"')[0])
            found[bound] = found.get(bound, 0) + value
    return sorted(found.items())


@pytest.fixture(scope="module")
def loaded(authority, ca_file, tmp_path_factory):
    """A server after some rounds of everything: it, its status, its metrics, and what was sent."""
    with served(authority, ca_file, tmp_path_factory.mktemp("status") / "files") as penstock:
        probes = penstock.metric("penstock_requests_total")
        load = Load(penstock)
        load.run(4)
        yield penstock, sampled(penstock), penstock.metrics(), probes + sum(load.sent.values())


def test_its_totals_are_those_of_the_metrics_and_of_who_sent_them(loaded):
    _, said, samples, sent = loaded
    assert said["all"]["requests_total"] == sent

    def metric(name, *labels):
        return sum(value for sample, value in samples.items()
                   if sample.split("{")[0] == name and all(each in sample for each in labels))
    assert set(by_account(said)) == {
        sample.split('account="')[1].split('"')[0] for sample in samples
        if sample.startswith("penstock_requests_total")}
    for name, each in [("", said["all"]), *by_account(said).items()]:
        label = f'account="{name}' + ('"' if name else "")
        assert each["requests_total"] == metric("penstock_requests_total", label)
        for side, key in [("downstream", "caller"), ("upstream", "upstream"),
                          ("internal", "internal")]:
            assert each[f"{key}_errors_total"] == metric(
                "penstock_errors_total", label, f'side="{side}"')
        assert each["upstream_5xx_total"] == metric(
            "penstock_upstream_responses_total", label, 'code="5')
        assert each["request_bytes_total"] == metric("penstock_request_bytes_total", label)
        assert each["response_bytes_total"] == metric("penstock_response_bytes_total", label)


def test_its_percentiles_are_those_that_prometheus_would_find(loaded):
    _, said, samples, _ = loaded
    for name, each in [(None, said["all"]), *by_account(said).items()]:
        for family, shares in [("penstock_request_duration_seconds", {"p50_ms": 0.5, "p90_ms": 0.9,
                                                                      "p99_ms": 0.99}),
                               ("penstock_proxy_added_seconds", {"added_p50_ms": 0.5,
                                                                 "added_p99_ms": 0.99})]:
            found = buckets(samples, family, name)
            for key, share in shares.items():
                if found and found[-1][1]:
                    assert each[key] == pytest.approx(1000 * quantile(share, found), abs=0.001)
                else:
                    assert each[key] is None


def test_its_series_add_up_to_what_was_sent(loaded):
    _, said, _, sent = loaded
    series = said["series"]
    times = series["unix_seconds"]
    assert {len(values) for values in series.values()} == {len(times)}
    assert all(1.8 < after - before < 2.5 * PATIENCE for before, after in zip(times, times[1:]))
    steps = [times[1] - times[0]] + [after - before for before, after in zip(times, times[1:])]
    answered = sum(rate * step for rate, step in zip(series["requests_per_second"], steps))
    assert answered == pytest.approx(sent, rel=0.1)


def test_those_in_trouble_come_first_with_the_reason(loaded):
    _, said, _, _ = loaded
    reasons = {each["account"]: each["trouble"] and each["trouble"]["reason"]
               for each in said["accounts"]}
    assert reasons["ca_refused"] == reasons["ca_slow"] == "upstream_failing"
    assert reasons["ca_quota"] == "throttled"
    assert reasons["ca_tls"] is reasons["ca_late"] is reasons["none"] is None
    order = [each["trouble"] is None for each in said["accounts"]]
    assert order == sorted(order)
    quota = by_account(said)["ca_quota"]
    assert (quota["quota_limit"], quota["quota_remaining"]) == (100, 5)


def test_what_failed_last_stands_in_the_log_under_the_same_id(loaded):
    penstock, said, _, _ = loaded
    lines = {line["request_id"]: line for line in penstock.log_lines(event="request")}
    assert len({error["id"] for error in said["errors"]}) == len(said["errors"])
    assert {error["side"] for error in said["errors"]} == {"downstream", "upstream", "internal"}
    assert [error["time"] for error in said["errors"]] == sorted(
        (error["time"] for error in said["errors"]), reverse=True)
    for error in said["errors"]:
        line = lines[error["request_id"]]
        assert error["status"] == line["status"]
        assert error.get("account") == line.get("account")
        assert error.get("project") == line.get("project")
        assert error.get("upstream_status") == line.get("upstream_status")
        if error["error"] == "upstream_status":
            assert "error" not in line
            assert line["upstream_status"] >= 500 or line["upstream_status"] in (401, 429)
        else:
            assert error["error"] == line["error"]
            assert line["termination"] == f"{error['side']}:{error['phase']}"


TROUBLES = {
    "ca_failing": ("upstream_failing", scripted.answer(status=500)),
    "ca_refused": ("credential_refused", scripted.answer(status=401)),
    "ca_full": ("throttled", scripted.answer(status=429)),
    "ca_asked": ("throttled", scripted.answer(headers=[("Retry-After", "300")])),
    "ca_near": ("quota_low", scripted.answer(
        headers=[("RateLimit", "limit=100, remaining=9, reset=60")])),
    "ca_fine": (None, scripted.answer(
        headers=[("RateLimit", "limit=100, remaining=10, reset=60")])),
    "ca_missing": (None, scripted.answer(status=404))}


@pytest.fixture
def penstock(upstream):
    accounts = [account(upstream, id) for id in TROUBLES]
    accounts.append(account(upstream, "ca_off", disabled=True))
    with Penstock({"accounts": accounts}) as server:
        yield server


def test_what_upstreams_answer_is_a_trouble_since_when_they_did(penstock, answers):
    begun = time.time()
    for id, (_, reply) in TROUBLES.items():
        answers(reply)
        for _ in range(3):
            outcome(penstock, proxy("GET", account=id))
    said = by_account(sampled(penstock))
    assert {id: trouble and trouble["reason"] for id in TROUBLES
            for trouble in [said[id]["trouble"]]} == {id: row[0] for id, row in TROUBLES.items()}
    since = said["ca_failing"]["trouble"]["since"]
    moment = calendar.timegm(time.strptime(since[:19], "%Y-%m-%dT%H:%M:%S"))
    assert begun - 1 <= moment <= time.time()
    time.sleep(2.2)
    assert by_account(status(penstock))["ca_failing"]["trouble"]["since"] == since


def test_an_account_that_is_switched_off_and_called_is_in_trouble(penstock):
    assert outcome(penstock, execute({"endpoint": "/x", "method": "GET",
                                      "connected_account_id": "ca_off"})).status == 422
    assert by_account(sampled(penstock))["ca_off"]["trouble"]["reason"] == "disabled"


def test_a_flood_of_one_side_leaves_what_others_did(penstock, answers):
    answers(scripted.answer(status=500))
    outcome(penstock, proxy("GET", account="ca_failing"))
    for _ in range(200):
        outcome(penstock, proxy("GET", key="wrong"))
    errors = sampled(penstock)["errors"]
    assert [error["error"] for error in errors].count("unauthorized") == 32
    assert errors[-1]["error"] == "upstream_status"


def test_an_id_that_holds_a_secret_is_not_shown(upstream):
    keys = [{"name": "acme", "key": "${env:ACME_KEY}", "accounts": ["*"]}]
    # With a level, no answer is looked for in the log by its id, which is `***` there.
    config = {"accounts": [account(upstream)], "api_keys": keys, "log": {"level": "info"}}
    with Penstock(config, {"ACME_KEY": SECRET}) as penstock:
        outcome(penstock, proxy("GET", "/", [("x-request-id", SECRET)], key="wrong"))
        outcome(penstock, proxy("GET", "/", [("x-request-id", "an-id")], key="wrong"))
        said = sampled(penstock)
        assert [error["request_id"] for error in said["errors"]] == ["an-id", None]
        assert SECRET not in json.dumps(said)


def test_equal_request_ids_are_errors_apart(upstream):
    """A client may call all that it asks for by the same name, and ask for it at once."""
    config = {"accounts": [account(upstream)], "log": {"level": "info"}}
    with Penstock(config) as penstock:
        connection = penstock.connect()
        connection.send(proxy("GET", "/", [("x-request-id", "the-same")], key="wrong") * 4)
        for _ in range(4):
            assert connection.read_response("GET").status == 401
        errors = sampled(penstock)["errors"]
        assert [error["request_id"] for error in errors] == ["the-same"] * 4
        assert len({error["id"] for error in errors}) == 4


def test_several_troubles_are_told_each_with_its_beginning(penstock, answers):
    answers(scripted.answer(status=503, headers=[("Retry-After", "300")]))
    outcome(penstock, proxy("GET", account="ca_fine"))
    found = by_account(sampled(penstock))["ca_fine"]
    assert [each["reason"] for each in found["troubles"]] == ["upstream_failing", "throttled"]
    assert found["trouble"] == found["troubles"][0]


@pytest.mark.parametrize("path", ["/status", "/status.json"])
def test_a_foreign_page_gets_nothing_of_it(penstock, path):
    assert penstock.admin(path).status == 200
    assert penstock.admin(path, [("Sec-Fetch-Site", "same-origin")]).status == 200
    assert penstock.admin(path, [("Sec-Fetch-Site", "cross-site")]).status == 404
    assert penstock.admin(path, [("Origin", "http://evil.example")]).status == 404
    assert penstock.admin(path, method="POST").status == 405
    assert outcome(penstock, scripted_get(path)).status == 404  # not on the data plane


def scripted_get(path):
    return f"GET {path} HTTP/1.1\r\nHost: p\r\n\r\n".encode()


def test_its_page_runs_nothing_but_itself(penstock):
    page = penstock.admin("/status")
    policy = page.header("content-security-policy")
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert page.header("x-content-type-options") == "nosniff"
    body = page.body.decode()
    assert "src=" not in body and "@import" not in body and "url(" not in body


def test_a_thousand_accounts_are_told_at_once(upstream):
    accounts = [account(upstream, f"ca_{number:04}") for number in range(1000)]
    with Penstock({"accounts": accounts}) as penstock:
        connection = penstock.connect()
        for each in accounts:
            assert connection.exchange(proxy("GET", account=each["id"])).status == 200
        sampled(penstock)
        begun = time.monotonic()
        said = status(penstock)
        assert time.monotonic() - begun < 1 * PATIENCE
        assert by_account(said).keys() - {"none"} == {each["id"] for each in accounts}
        assert all(each["requests_total"] == 1 for id, each in by_account(said).items()
                   if id != "none")
