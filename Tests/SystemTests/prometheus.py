"""A Prometheus that scrapes one Penstock each second, and what its expressions name."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

from harness import PATIENCE, REPOSITORY, eventually, free_port

JOB = "penstock"


class Prometheus:
    """One process with the rules of the repository. Use as a context manager.

    `features`: names for its --enable-feature.
    """

    def __init__(self, penstock, *features):
        self.features = features
        self.target, self.port = f"127.0.0.1:{penstock.admin_port}", free_port()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="prometheus-"))
        self.process = None

    def __enter__(self):
        config = self.directory / "prometheus.yaml"
        config.write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(REPOSITORY / "dashboards" / "rules.yaml")],
            "scrape_configs": [{"job_name": JOB, "static_configs": [{"targets": [self.target]}]}]}))
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.directory}",
                 f"--web.listen-address=127.0.0.1:{self.port}",
                 f"--enable-feature={','.join(self.features)}"], stdout=log, stderr=log)
        try:
            eventually(lambda: self.ask("query", query="up == 1"), 30.0, "the first scrape")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    def ask(self, what, **parameters):
        """The `result` or the list of an API call; nothing while it does not answer yet."""
        url = f"http://127.0.0.1:{self.port}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20.0 * PATIENCE) as response:
                data = json.load(response)["data"]
        except urllib.error.HTTPError as error:
            assert error.code == 503, error.read().decode()
            return []
        except urllib.error.URLError:
            return []
        return data["result"] if isinstance(data, dict) and "result" in data else data

    def query(self, expression, at=None):
        """[(labels, value)], at a moment or now."""
        found = self.ask("query", query=expression, time=at or time.time())
        return [(each["metric"], float(each["value"][1])) for each in found]

    def rules(self):
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]


# --- Expressions ----------------------------------------------------------------------------

TOKEN = re.compile(r"""
    (?P<text> "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | `[^`]*`)
  | (?P<number> (?:\d[\w.]*|\.\d+))
  | (?P<word> [A-Za-z_:][A-Za-z0-9_:]*)
  | (?P<comment> \#[^\n]*)
  | (?P<space> \s+)
  | (?P<sign> .)""", re.X)
# Each is followed by labels in parentheses.
GROUPING = {"by", "without", "on", "ignoring", "group_left", "group_right"}
WORDS = GROUPING | {"and", "or", "unless", "bool", "offset", "inf", "nan", "atan2"}


def selectors(expression):
    """Every selector of an expression in PromQL: [(metric, matchers with their braces)].

    A word is a metric unless it is a keyword, a function (an opening parenthesis follows), an
    aggregation (a parenthesis or a grouping follows), or stands among labels or matchers.
    """
    tokens = [(match.lastgroup, match[0]) for match in TOKEN.finditer(expression)
              if match.lastgroup not in ("space", "comment")] + [("end", "")]
    found, index = [], 0
    while index < len(tokens) - 1:
        (kind, text), (_, following) = tokens[index:index + 2]
        index += 1
        if kind == "word" and text in GROUPING and following == "(":
            index = end_of(tokens, index, ")")
        elif text == "[":
            index = end_of(tokens, index, "]")
        elif kind == "word" and following == "{":
            end = end_of(tokens, index, "}")
            found.append((text, "".join(each for _, each in tokens[index:end])))
            index = end
        elif (kind == "word" and text.lower() not in WORDS and following != "("
              and following not in ("by", "without")):
            found.append((text, ""))
    return found


def end_of(tokens, index, closing):
    """The index behind the next token of that text."""
    while tokens[index][1] != closing:
        index += 1
    return index + 1
