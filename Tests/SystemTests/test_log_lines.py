"""Which lines are written: levels, what is slow, and a share of what went well."""

import signal
import time

import pytest

import scripted
from harness import Penstock, Upstream, account, assert_error, free_port, request
from origins import outcome, proxy


def slowly(connection, request):
    time.sleep(1.2)
    connection.send(scripted.answer(scripted.described(request)))


@pytest.fixture(scope="module")
def upstream():
    """At once, but for /slow."""
    with Upstream(scripted.by_path({"/slow": slowly}, scripted.answer({}))) as server:
        yield server


def server(upstream, **log):
    """A Penstock whose log is set so, with an upstream that answers and one that does not."""
    accounts = [account(upstream, "ca_up"),
                {"id": "ca_refused", "base_url": f"http://127.0.0.1:{free_port()}"}]
    return Penstock({"accounts": accounts, "log": log})


def fail(penstock):
    """An exchange that is worth a warning."""
    response = outcome(penstock, proxy("GET", account="ca_refused"))
    assert_error(response, 502, "upstream_connect_failed")
    return response


def lines_so_far(penstock):
    """All access lines but one: that of a failure, behind which none of before can still come."""
    id = fail(penstock).request_id
    assert penstock.access_line(id)["level"] == "warning"
    return [line for line in penstock.log_lines(event="request") if line["request_id"] != id]


def test_level_warn_leaves_out_what_is_worth_no_warning(upstream):
    with server(upstream, level="warn") as penstock:
        assert outcome(penstock, proxy("GET")).status == 200
        assert_error(outcome(penstock, request("GET", "/nowhere")), 404)
        assert lines_so_far(penstock) == []
        penstock.process.send_signal(signal.SIGHUP)
        told = penstock.log_lines(1, event="signal_ignored")
        assert [line["level"] for line in told] == ["warning"]
        assert {line["level"] for line in penstock.log_lines()} == {"warning"}, "`started` is info"


def test_level_error_leaves_out_warnings(upstream):
    with server(upstream, level="error") as penstock:
        fail(penstock)
        assert penstock.stop() == 0
        assert penstock.log_lines() == []
        penstock.check_ledger()


def test_what_is_slow_is_a_warning_whatever_the_sampling(upstream):
    with server(upstream, slow="1s", sample_success=0) as penstock:
        slow = outcome(penstock, proxy("GET", "/slow"))
        assert slow.status == 200
        for _ in range(5):
            assert outcome(penstock, proxy("GET", "/quick")).status == 200
        line = penstock.access_line(slow.request_id)
        assert (line["level"], line["slow"], line["status"]) == ("warning", True, 200)
        for line in lines_so_far(penstock):  # on a busy machine others may be slow, too
            assert line["duration_ms"] >= 1000 and line["slow"] is True
            assert "sample_rate" not in line


def test_a_share_of_what_went_well_is_written_and_says_so(upstream):
    count, rate = 2000, 0.25
    with server(upstream, sample_success=rate) as penstock:
        before = penstock.metric("penstock_requests_total", account="ca_up", code="200")
        for _ in range(4):
            connection = penstock.connect()
            for _ in range(count // 4):
                assert connection.exchange(proxy("GET")).status == 200
            connection.close()
        failed = [fail(penstock).request_id for _ in range(5)]
        lines = [line for line in lines_so_far(penstock) if line.get("account") == "ca_up"]
        # Six standard deviations of 19.4.
        assert abs(len(lines) - count * rate) < 117, len(lines)
        assert {line["sample_rate"] for line in lines} == {rate}
        for id in failed:
            assert "sample_rate" not in penstock.access_line(id)
        assert penstock.metric("penstock_requests_total", account="ca_up",
                               code="200") == before + count


def test_a_share_of_nothing_and_one_of_all(upstream):
    with server(upstream, sample_success=0) as penstock:
        for _ in range(50):
            assert outcome(penstock, proxy("GET")).status == 200
        assert lines_so_far(penstock) == []
        assert outcome(penstock, request("GET", "/nowhere")).status == 404
        assert len(lines_so_far(penstock)) == 2, "the failure of before, and the 404"
    with server(upstream, sample_success=1) as penstock:
        ids = {outcome(penstock, proxy("GET")).request_id for _ in range(50)}
        lines = lines_so_far(penstock)
        assert ids <= {line["request_id"] for line in lines}
        assert not any("sample_rate" in line for line in lines)
