"""Grafana's JSON: panels of four kinds, laid out in rows, and the variables of a dashboard.

Expressions hold three words that are filled in here: ACCOUNT and PROCESS, the label matchers of the
variables with and without `account`, and RATE, the time to take a rate over.
"""

import re

COLUMNS = 24
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
WORDS = {"PROCESS": 'job=~"$job",instance=~"$instance"',
         "ACCOUNT": 'job=~"$job",instance=~"$instance",account=~"$account"',
         "RATE": "$__rate_interval"}


def filled_in(expression):
    return re.sub(r"\b(PROCESS|ACCOUNT|RATE)\b", lambda match: WORDS[match[1]], expression)


# --- Panels ---------------------------------------------------------------------------------

def panel(kind, title, description, unit, targets, width, height, custom=None, **options):
    """`targets`: a mapping of legends to expressions."""
    return {
        "type": kind, "title": title, "description": description, "datasource": DATASOURCE,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {"defaults": {"unit": unit, "custom": custom or {}}, "overrides": []},
        "options": options,
        "targets": [{"refId": chr(ord("A") + index), "datasource": DATASOURCE, "range": True,
                     "expr": filled_in(expression), "legendFormat": legend}
                    for index, (legend, expression) in enumerate(targets.items())]}


def series(title, description, unit, targets, width=8, stacked=False):
    """Lines over time, or areas one above the other."""
    custom = {"fillOpacity": 40 if stacked else 8, "lineWidth": 1, "showPoints": "never",
              "axisSoftMin": 0, "stacking": {"mode": "normal" if stacked else "none"}}
    return panel("timeseries", title, description, unit, targets, width, 8, custom,
                 legend={"displayMode": "list", "placement": "bottom", "showLegend": True},
                 tooltip={"mode": "multi", "sort": "desc"})


def quantiles(title, description, metric, matchers, width=8):
    """The half, the slowest tenth and the slowest hundredth of a histogram of seconds."""
    buckets = f"sum by (le) (rate({metric}_bucket{{{matchers}}}[RATE]))"
    return series(title, description, "s", {
        f"p{percent}": f"histogram_quantile({percent / 100}, {buckets})"
        for percent in (50, 90, 99)}, width)


def heatmap(title, description, metric, matchers, width=8):
    """A histogram of seconds over time."""
    made = panel("heatmap", title, description, "s", {
        "{{le}}": f"sum by (le) (increase({metric}_bucket{{{matchers}}}[RATE]))"}, width, 8,
        calculate=False, yAxis={"unit": "s"}, color={"mode": "scheme", "scheme": "Oranges"},
        filterValues={"le": 1e-9}, legend={"show": True}, tooltip={"mode": "single"})
    made["targets"][0]["format"] = "heatmap"
    return made


def stat(title, description, unit, expression, bad=None, names=None, width=4):
    """One number. From `bad` on it is red; `names` are words for single values."""
    made = panel("stat", title, description, unit, {"": expression}, width, 4,
                 colorMode="value", graphMode="area", reduceOptions={"calcs": ["lastNotNull"]})
    steps = [{"color": "green", "value": None}]
    if bad is not None:
        steps.append({"color": "red", "value": bad})
    defaults = made["fieldConfig"]["defaults"]
    defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    if names:
        defaults["mappings"] = [{"type": "value", "options": {
            str(value): {"text": text} for value, text in names.items()}}]
    return made


def table(title, description, columns, width=24):
    """What is now, a line for each set of labels. `columns`: names to (unit, expression); one
    without a unit is always 1, and only its labels are shown."""
    made = panel("table", title, description, "short",
                 {name: expression for name, (_, expression) in columns.items()}, width, 8)
    for target in made["targets"]:
        target.update(format="table", instant=True, range=False)
    # Grafana leaves the letter out where there is one expression only.
    sources = {name: f"Value #{target['refId']}" if len(columns) > 1 else "Value"
               for name, target in zip(columns, made["targets"])}
    hidden = ["Time"] + [sources[name] for name, (unit, _) in columns.items() if not unit]
    made["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {
            "excludeByName": {name: True for name in hidden},
            "renameByName": {source: name for name, source in sources.items()}}}]
    made["fieldConfig"]["overrides"] = [
        {"matcher": {"id": "byName", "options": name},
         "properties": [{"id": "unit", "value": unit}]}
        for name, (unit, _) in columns.items() if unit]
    return made


# --- Dashboards -----------------------------------------------------------------------------

def dashboard(name, title, description, rows):
    """`rows`: a mapping of headings to panels, which fill one line after the other."""
    return {
        "uid": f"penstock-{name}", "title": title, "description": description,
        "tags": ["penstock"], "schemaVersion": 41, "editable": True, "graphTooltip": 1,
        "refresh": "30s", "time": {"from": "now-3h", "to": "now"},
        "links": [{"type": "dashboards", "title": "Penstock", "tags": ["penstock"],
                   "includeVars": True, "keepTime": True}],
        "templating": {"list": variables()}, "panels": laid_out(rows)}


def laid_out(rows):
    panels, top = [], 0
    for heading, row in rows.items():
        panels.append({"type": "row", "title": heading, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": top, "w": COLUMNS, "h": 1}})
        top, left = top + 1, 0
        for each in row:
            place = each["gridPos"]
            if left + place["w"] > COLUMNS:
                top, left = top + panels[-1]["gridPos"]["h"], 0
            place.update(x=left, y=top)
            left += place["w"]
            panels.append(each)
        top += panels[-1]["gridPos"]["h"]
    for number, each in enumerate(panels, 1):
        each["id"] = number
    return panels


def variables():
    return [{"name": "datasource", "label": "Data source", "type": "datasource",
             "query": "prometheus"},
            variable("job", "Job", "label_values(penstock_build_info, job)"),
            variable("instance", "Instance",
                     'label_values(penstock_build_info{job=~"$job"}, instance)'),
            variable("account", "Account",
                     f"label_values(penstock_requests_total{{{WORDS['PROCESS']}}}, account)")]


def variable(name, label, query):
    return {"name": name, "label": label, "type": "query", "datasource": DATASOURCE,
            "definition": query, "query": {"query": query, "refId": name}, "multi": True,
            "includeAll": True, "allValue": ".*", "current": {"text": "All", "value": "$__all"},
            "refresh": 2, "sort": 1}
