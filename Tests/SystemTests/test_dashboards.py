"""Alerts: promtool reads what Prometheus will, and a runbook stands behind each."""

import re
import shutil
import subprocess

import pytest
import yaml

import scripted
from harness import REPOSITORY
from origins import outcome, proxy

DASHBOARDS = REPOSITORY / "dashboards"

pytestmark = pytest.mark.skipif(not shutil.which("promtool"), reason="prometheus is not installed")


def promtool(*arguments, text=None):
    """Runs it to the end; whatever it finds fault with is on its standard output or error."""
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
    assert scrape["job_name"] == "penstock", "by which the rules know it"


def test_the_metrics_are_well_formed(penstock, upstream):
    upstream.handler = scripted.echo
    assert outcome(penstock, proxy("GET", account="ca_echo")).status == 200
    assert outcome(penstock, proxy("GET", account="ca_none")).status == 404
    assert promtool("check", "metrics", text=penstock.admin().body.decode()) == ""


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
