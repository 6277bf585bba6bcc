"""`penstock-bench` as a program: its load generator and its origin."""

import contextlib
import json
import os
import subprocess

from harness import PATIENCE, REPOSITORY

BENCH = os.environ.get(
    "PENSTOCK_BENCH_BIN", str(REPOSITORY / ".build" / "release" / "penstock-bench"))


@contextlib.contextmanager
def origin():
    """The test origin; yields its URL without a path."""
    process = subprocess.Popen(
        [BENCH, "origin", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        yield "http://" + process.stdout.readline().rsplit(" ", 1)[1].strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Run:
    """One run: its exit code, what it printed, its report."""

    def __init__(self, path, *arguments):
        self.path = str(path / "report.json")
        process = subprocess.run(
            [BENCH, "run", "--json", self.path, *map(str, arguments)], capture_output=True,
            text=True, timeout=60 * PATIENCE)
        self.code, self.text, self.complaint = (
            process.returncode, process.stdout, process.stderr)
        self.report = None
        if os.path.exists(self.path):
            with open(self.path) as file:
                self.report = json.load(file)

    def __getitem__(self, key):
        return self.report[key]

    @property
    def causes(self):
        return {cause["cause"]: cause["count"] for cause in self.report["error_causes"]}
