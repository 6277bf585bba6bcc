"""Alerts and dashboards: promtool reads what Prometheus will, a runbook stands behind each alert,
and a Prometheus that watches a loaded Penstock finds something for every expression.

PENSTOCK_WATCH_SECONDS sets how long it watches; 20 where nothing is said.
"""

import collections
import contextlib
import json
import math
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

import pytest
import yaml

import watched
from harness import REPOSITORY, eventually
from prometheus import JOB, Prometheus, selectors

SECONDS = float(os.environ.get("PENSTOCK_WATCH_SECONDS", "20"))
DASHBOARDS = REPOSITORY / "dashboards"


def need_prometheus():
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is not installed")


def promtool(*arguments, text=None):
    """Runs it to the end; whatever it finds fault with is on its standard output or error."""
    need_prometheus()
    done = subprocess.run(["promtool", *map(str, arguments)], input=text, text=True,
                          capture_output=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def rules():
    groups = yaml.safe_load((DASHBOARDS / "rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules() if "alert" in rule}


# --- What promtool says ---------------------------------------------------------------------

def test_the_rules_are_well_formed():
    assert f"{len(rules())} rules found" in promtool("check", "rules", DASHBOARDS / "rules.yaml")


def test_the_alerts_fire_and_stay_silent_where_they_must():
    promtool("test", "rules", DASHBOARDS / "rules.test.yaml")


def test_each_alert_fires_in_one_case_and_stays_silent_in_another():
    cases = yaml.safe_load((DASHBOARDS / "rules.test.yaml").read_text())["tests"]
    expected = [(each["alertname"], bool(each.get("exp_alerts")))
                for case in cases for each in case["alert_rule_test"]]
    assert set(expected) == {(name, fires) for name in ALERTS for fires in (True, False)}


def test_the_demonstration_s_prometheus_is_well_formed():
    said = promtool("check", "config", REPOSITORY / "conf" / "prometheus.yaml")
    assert "1 rule files found" in said


def test_the_demonstration_s_prometheus_scrapes_the_demonstration():
    prometheus, demo = (yaml.safe_load((REPOSITORY / "conf" / name).read_text())
                        for name in ("prometheus.yaml", "demo.yaml"))
    scrape, = prometheus["scrape_configs"]
    assert scrape["static_configs"] == [{"targets": [demo["admin"]]}]
    assert scrape["job_name"] == JOB, "by which the rules know it"



# --- What an alert says ---------------------------------------------------------------------

@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_how_bad_it_is_and_where_help_is(name):
    alert = ALERTS[name]
    assert name.startswith("Penstock")
    assert alert["labels"]["severity"] in ("critical", "warning")
    annotations = alert["annotations"]
    assert set(annotations) == {"summary", "description", "runbook_url"}
    anchor = re.fullmatch(r"{{ \$externalLabels\.runbooks }}README\.md#([a-z]+)",
                          annotations["runbook_url"])[1]
    headings = re.findall(r"^#+ (.+)$", (REPOSITORY / "README.md").read_text(), re.M)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
    assert name.lower().startswith(anchor)


# --- What a dashboard is --------------------------------------------------------------------

DOCUMENTS = {path.stem: json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))}
PANELS = {(name, panel["title"]): panel for name, document in DOCUMENTS.items()
          for panel in document["panels"] if panel["type"] != "row"}
VARIABLES = {"datasource", "job", "instance", "account"}


def expressions(panel):
    return [target["expr"] for target in panel["targets"]]


def test_the_dashboards_are_those_that_the_program_writes(tmp_path):
    subprocess.run([sys.executable, "-B", DASHBOARDS / "write.py", tmp_path], check=True)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_text() for path in DASHBOARDS.glob("*.json")}


def test_there_are_three_and_each_is_known_by_a_name_of_its_own():
    assert set(DOCUMENTS) == {"overview", "account", "internals"}
    for name in ("uid", "title"):
        assert len({document[name] for document in DOCUMENTS.values()}) == 3


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_dashboard_has_the_four_variables_and_uses_each(name):
    document = DOCUMENTS[name]
    variables = {each["name"]: each for each in document["templating"]["list"]}
    assert set(variables) == VARIABLES
    assert variables == {each["name"]: each
                         for each in DOCUMENTS["overview"]["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(document["panels"])))
    assert {each for each in used if not each.startswith("__")} == VARIABLES


@pytest.mark.parametrize("name", DOCUMENTS)
def test_ids_are_unique_and_no_panel_lies_on_another(name):
    panels = DOCUMENTS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = collections.Counter()
    for place in (panel["gridPos"] for panel in panels):
        assert place["x"] + place["w"] <= 24
        taken.update((x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"]))
    assert max(taken.values()) == 1


@pytest.mark.parametrize("dashboard, title", PANELS)
def test_a_panel_says_what_it_shows_and_in_which_unit(dashboard, title):
    panel = PANELS[dashboard, title]
    assert panel["type"] in ("timeseries", "stat", "table", "heatmap")
    assert panel["fieldConfig"]["defaults"]["unit"] and panel["description"].endswith(".")
    assert panel["targets"]
    for each in [panel] + panel["targets"]:
        assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_titles_are_unique_in_a_dashboard():
    assert len(PANELS) == sum(panel["type"] != "row" for document in DOCUMENTS.values()
                              for panel in document["panels"])


# --- What a Prometheus sees -----------------------------------------------------------------

def family(name):
    return re.sub("_(bucket|sum|count)$", "", name)


@pytest.mark.parametrize("expression, found", [
    ("up", [("up", "")]), ("1e3 + 5 > bool .5", []), ("time() - x_y:z", [("x_y:z", "")]),
    ('a{b="}",c=~"d e"} and on (f) g', [("a", '{b="}",c=~"d e"}'), ("g", "")]),
    ("sum by (le) (rate(a_bucket[5m] offset 1m))", [("a_bucket", "")]),
    ("sum(rate(a[$__rate_interval])) without (b) / ignoring (c) group_left (d) e # f",
     [("a", ""), ("e", "")]),
    ("topk(10, min without(a) (b)) or c unless d", [("b", ""), ("c", ""), ("d", "")])])
def test_metrics_are_found_in_expressions(expression, found):
    assert selectors(expression) == found


class Seen:
    """What there was at one moment: a Prometheus to ask, what was sent and answered, the log."""

    def __init__(self, prometheus, page, sent, lines, answers):
        self.prometheus, self.page, self.at = prometheus, page, time.time()
        self.sent, self.lines, self.answers = sent, lines, answers
        self.names = set(prometheus.ask("label/__name__/values"))

    def query(self, expression, account=".*"):
        """What a panel would show, with all values of its variables chosen, or one account."""
        for name, value in (("$job", JOB), ("$instance", ".*"), ("$account", account),
                            ("$__rate_interval", "5m"), ("$__range", "5m")):
            expression = expression.replace(name, value)
        return self.prometheus.query(expression, self.at)

    def assert_found(self, expression):
        """Every selector: what stands beside an `or`, or is compared, need not show elsewhere."""
        for metric, matchers in selectors(expression):
            assert self.query(metric + matchers), f"nothing for {metric}{matchers}"

    def panel(self, dashboard, title, account=".*"):
        """{values of labels, in order of their names: value} of each of a panel's expressions."""
        found = []
        for expression in expressions(PANELS[dashboard, title]):
            found.append({tuple(value for _, value in sorted(labels.items())): value
                          for labels, value in self.query(expression, account)})
        return found

    def lines_with(self, **members):
        return [line for line in self.lines
                if all(line.get(name) == value for name, value in members.items())]


@pytest.fixture(scope="module")
def seen(authority, ca_file, tmp_path_factory):
    """A Penstock under load, watched from its start to its end."""
    need_prometheus()
    with contextlib.ExitStack() as stack:
        files = tmp_path_factory.mktemp("watched") / "files"
        with watched.served(authority, ca_file, files) as penstock:
            prometheus = stack.enter_context(Prometheus(penstock))
            penstock.base_fds += 1  # the connection that it scrapes on
            probes = penstock.metric("penstock_requests_total")
            load = watched.Load(penstock)
            load.run(SECONDS)
            load.sent[200] += int(probes)
            lines = watched.settled(penstock, load.sent.total())
            total = penstock.metric("penstock_requests_total")
            eventually(lambda: [total] == [value for _, value in prometheus.query(
                "sum(penstock_requests_total)")], 10.0, "the last scrape")
            page = penstock.admin().body.decode()
            answers = [response for _, response in penstock.ledger]
            found = Seen(prometheus, page, load.sent, lines, answers)
        yield found


@pytest.mark.slow
def test_the_metrics_are_well_formed(seen):
    assert promtool("check", "metrics", text=seen.page) == ""


@pytest.mark.slow
def test_clients_counters_and_log_agree_to_the_request(seen):
    counted = {int(labels["code"]): int(value)
               for labels, value in seen.query("sum by (code) (penstock_requests_total)")}
    assert counted == dict(seen.sent)
    assert counted == collections.Counter(line["status"] for line in seen.lines)
    assert seen.query("sum(penstock_request_duration_seconds_count)")[0][1] == len(seen.lines)
    failed = collections.Counter((line["error"], line["termination"].split(":")[0])
                                 for line in seen.lines if "error" in line)
    assert failed == {(labels["slug"], labels["side"]): value for labels, value in seen.query(
        "sum by (slug, side) (penstock_errors_total)")}
    assert {side for _, side in failed} == {"downstream", "upstream", "internal"}


@pytest.mark.slow
def test_every_name_is_exported(seen):
    named = {name for panel in PANELS.values() for each in expressions(panel)
             for name, _ in selectors(each)}
    named |= {name for rule in rules() for name, _ in selectors(rule["expr"])}
    assert named - seen.names == set()


@pytest.mark.slow
@pytest.mark.parametrize("dashboard, title", PANELS)
def test_a_panel_shows_something(seen, dashboard, title):
    for expression in expressions(PANELS[dashboard, title]):
        values = [value for _, value in seen.query(expression)]
        assert not all(map(math.isnan, values)), f"nothing for {expression}"
        seen.assert_found(expression)


@pytest.mark.slow
def test_every_rule_is_evaluated_and_every_selector_of_it_finds_something(seen):
    found = seen.prometheus.rules()
    assert len(found) == len(rules())
    assert {rule["health"] for rule in found} == {"ok"}, found
    for rule in rules():
        seen.assert_found(rule.get("record", "up"))
        seen.assert_found(rule["expr"])


# --- Twelve questions -----------------------------------------------------------------------

QUESTIONS = [[cell.strip() for cell in line.strip("|").split("|")]
             for line in (REPOSITORY / "README.md").read_text().splitlines()
             if re.match(r"\| [A-Z].*\? \|", line)]


@pytest.mark.slow
def test_the_questions_panels_metrics_and_members_are_there(seen):
    assert len(QUESTIONS) == 12
    members = {name for line in seen.lines for name in line}
    for question, panels, metrics, named in QUESTIONS:
        metrics, named = (set(re.findall("`([a-z_]+)`", cell)) for cell in (metrics, named))
        dashboard, _, titles = panels.partition(": ")
        shown = {family(name) for title in (re.split(", (?=[A-Z])", titles) if titles else [])
                 for each in expressions(PANELS[dashboard, title]) for name, _ in selectors(each)}
        assert metrics <= shown and named <= members, question
        assert metrics if panels else named, question


@pytest.mark.slow
def test_whose_fault_are_the_errors(seen):
    rates, = seen.panel("overview", "Errors by side")
    sides = {line["termination"].split(":")[0] for line in seen.lines if "error" in line}
    assert {side for (side,), rate in rates.items() if rate > 0} == sides
    assert sides == {"downstream", "upstream", "internal"}


@pytest.mark.slow
def test_which_account_fails_and_with_what(seen):
    rates, = seen.panel("account", "Errors by slug", "ca_refused")
    assert [name for name, rate in rates.items() if rate > 0] == [
        ("ca_refused", "upstream_connect_failed")]
    assert {line["error"] for line in seen.lines_with(account="ca_refused")} == {
        "upstream_connect_failed"}


@pytest.mark.slow
def test_is_it_penstock_that_is_slow_or_the_upstream(seen):
    added, first_byte = (seen.panel("overview", title, "ca_late")[0][()]
                         for title in ("Added by Penstock", "Upstream's first byte"))
    assert added < 0.1 <= first_byte, "which is a bucket's bound, and below LATE_SECONDS"
    lines = seen.lines_with(account="ca_late")
    added, first_byte = (statistics.median(line[name] for line in lines)
                         for name in ("proxy_ms", "ttfb_ms"))
    assert added < 100 <= first_byte


@pytest.mark.slow
def test_in_which_phase_upstreams_lose_the_time(seen):
    new, used = ([line for line in seen.lines_with(account="ca_tls", reused=reused)]
                 for reused in (False, True))
    assert new and used
    for line in new:
        assert all(line[name] > 0 for name in ("connect_ms", "tls_ms", "ttfb_ms")), line
    assert not any("tls_ms" in line for line in used)
    phases, = seen.panel("account", "Phases, slowest hundredth")
    assert {("connect",), ("tls",), ("first_byte",)} <= set(phases)


@pytest.mark.slow
def test_what_became_of_this_one_request(seen):
    late = next(each for each in seen.answers if each.status == 504)
    line, = seen.lines_with(request_id=late.request_id)
    assert (line["account"], line["error"], line["termination"]) == (
        "ca_slow", "upstream_timeout", "upstream:first_byte")


@pytest.mark.slow
def test_who_asks_so_much(seen):
    rates = seen.panel("overview", "Accounts")[0]
    logged = collections.Counter(line.get("account", "none") for line in seen.lines)
    assert max(rates, key=rates.get) == (logged.most_common(1)[0][0],) == ("ca_plain",)
    asked = collections.Counter(line.get("project") for line in seen.lines_with(account="ca_plain"))
    assert asked["acme"] > asked["reader"] > 0


@pytest.mark.slow
def test_did_the_upstream_answer_so_or_penstock(seen):
    rates, = seen.panel("account", "The upstream's answers", "ca_plain")
    assert rates[("503",)] > 0
    theirs = seen.lines_with(status=503, upstream_status=503)
    ours = [line for line in seen.lines_with(status=503) if line not in theirs]
    assert theirs and not any("error" in line for line in theirs)
    assert ours and all("error" in line for line in ours)


@pytest.mark.slow
def test_is_a_quota_nearly_gone(seen):
    left, limit = seen.panel("account", "Quota")
    assert left[("ca_quota",)] / limit[("ca_quota",)] == 0.05


@pytest.mark.slow
def test_which_limit_refuses_requests(seen):
    rates, = seen.panel("internals", "Limits hit")
    assert {name for (name,), rate in rates.items() if rate > 0} == {
        "uri_bytes", "files_max_bytes"}
    assert len(seen.lines_with(error="uri_too_long")) == seen.sent[414]


@pytest.mark.slow
def test_was_anything_sent_twice(seen):
    twice = [line for line in seen.lines if line.get("retries")]
    assert {(line["account"], line["retries"]) for line in twice} == {("ca_retried", 1)}
    rates, = seen.panel("account", "Retries")
    assert [name for name, rate in rates.items() if rate > 0] == [("ca_retried",)]
    counted = seen.query("sum(penstock_retries_total)")
    assert counted[0][1] == len(twice)


@pytest.mark.slow
def test_do_clients_leave_before_their_answer_is_whole(seen):
    rates, = seen.panel("internals", "Clients' connections closed")
    assert rates[("client_aborted",)] > 0 and rates[("write_stall",)] == 0
    left = seen.lines_with(error="client_aborted")
    assert {line["termination"] for line in left} == {"downstream:body"}


@pytest.mark.slow
def test_is_there_room_for_binary_results(seen):
    rates, = seen.panel("internals", "Disk errors")
    assert {name for (name,), rate in rates.items() if rate > 0} == {"max_bytes"}
    used, free = seen.panel("internals", "Bytes")
    assert 0 < sum(used.values()) < 1 << 20 and sum(free.values()) > 0
    assert seen.lines_with(error="spool_unavailable")
