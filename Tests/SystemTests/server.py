"""One Penstock process with a configuration, a directory and a log of its own."""

import base64
import contextlib
import copy
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import yaml

import rows
from client import connect
from messages import KEY, PATIENCE, Ended, pairs, request
from notation import BINARY, eventually


def account(upstream, id="ca_echo", **more):
    """An account whose base URL is a scripted upstream, with a bearer token of its own."""
    fields = {"id": id, "base_url": upstream.url,
              "auth": {"type": "bearer", "token": f"upstream-secret-of-{id}"}}
    return merged(fields, more)


def merged(base, extra):
    """`extra` over `base`, mappings key by key, everything else replaced."""
    if isinstance(base, dict) and isinstance(extra, dict):
        return {name: merged(base[name], extra[name]) if name in base and name in extra
                else copy.deepcopy(extra.get(name, base.get(name)))
                for name in list(base) + [name for name in extra if name not in base]}
    return copy.deepcopy(extra)


def free_port():
    """A port that nobody listens on, and that is given out once.

    Below the kernel's own range, so that no connection on its way out takes it meanwhile.
    """
    while True:
        port = next(PORTS)
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
            return port


# Each process of tests begins elsewhere.
PORTS = itertools.cycle(range(10_000 + os.getpid() * 97 % 20_000, 32_000))


def secrets_in(config):
    """Every secret that a configuration spells out, and the forms in which it might leak."""
    found = []
    for key in config.get("api_keys", []):
        found += key["key"] if isinstance(key.get("key"), list) else [key.get("key")]
    for each in config.get("accounts", []):
        auth = each.get("auth", {})
        slots = auth if isinstance(auth, list) else [auth] + auth.get("headers", [])
        for slot in slots:
            found += [slot.get(name) for name in ("token", "password", "value")]
            if "password" in slot:
                both = f"{slot.get('username', '')}:{slot['password']}"
                found.append(base64.b64encode(both.encode()).decode())
    return [secret for secret in found if secret and "${" not in secret]


class Penstock:
    """One server process with its own ports, directory, log and ledger of answers.

    `config` is merged over a small baseline; in its `listen` and `admin`, `{port}` and
    `{admin_port}` stand for the free ports chosen here. `env` adds to the environment, `secrets`
    to what must never be seen. Use as a context manager.
    """

    def __init__(self, config=None, env=None, secrets=()):
        self.port, self.admin_port = free_port(), free_port()
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="penstock-"))
        self.log_path = self.directory / "penstock.log"
        self.stdout_path = self.directory / "stdout"
        self.stderr_path = self.directory / "stderr"
        self.config_path = self.directory / "penstock.yaml"
        baseline = {
            "listen": "127.0.0.1:{port}",
            "admin": "127.0.0.1:{admin_port}",
            "workers": 1,
            "api_keys": [{"name": "acme", "key": KEY, "accounts": ["*"]}],
            "log": {"path": str(self.log_path)},
        }
        self.config = self.with_ports(merged(baseline, config or {}))
        # So that no test writes where an installed Penstock would.
        self.environment = {**os.environ, "STATE_DIRECTORY": str(self.directory), **(env or {})}
        self.secrets = secrets_in(self.config) + list(secrets)
        self.ledger = []  # (row, answer)
        self.process = None
        self.stopped = False  # true once a test has ended the process on purpose
        self.base_fds = self.base_in_flight = 0

    def with_ports(self, value):
        if isinstance(value, dict):
            return {name: self.with_ports(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.with_ports(each) for each in value]
        if isinstance(value, str):
            return (value.replace("{port}", str(self.port))
                    .replace("{admin_port}", str(self.admin_port)))
        return value

    # Life

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.kill()
            shutil.rmtree(self.directory, ignore_errors=True)
            raise
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None and not self.stopped:
                rows.after_row(self)
                code = self.stop()
                assert code == 0, f"exit code {code}\n{self.tail()}"
            if kind is None:
                self.check_ledger()
        finally:
            self.kill()
            shutil.rmtree(self.directory, ignore_errors=True)

    def write_config(self, config):
        """Writes the file that SIGHUP reads; the ports stay."""
        self.config = self.with_ports(config)
        self.secrets += [each for each in secrets_in(self.config) if each not in self.secrets]
        self.config_path.write_text(yaml.safe_dump(self.config, sort_keys=False))

    def start(self):
        self.write_config(self.config)
        with open(self.stdout_path, "ab") as stdout, open(self.stderr_path, "ab") as stderr:
            self.process = subprocess.Popen(
                [BINARY, "serve", "--config", str(self.config_path)], env=self.environment,
                cwd=self.directory, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
        rows.running.append(self)
        self.wait_until_ready()
        self.health()
        self.base_in_flight = self.metric("penstock_requests_in_flight")
        time.sleep(0.05)  # the probes' own connections are gone then
        self.base_fds = self.fds()

    def wait_until_ready(self, within=10.0):
        deadline = time.monotonic() + within * PATIENCE
        while True:
            if self.process.poll() is not None:
                raise AssertionError(f"exit code {self.process.returncode}\n{self.tail()}")
            with contextlib.suppress(OSError, Ended):
                if self.probe("/readyz").status == 200:
                    return
            assert time.monotonic() < deadline, f"not ready in {within} s\n{self.tail()}"
            time.sleep(0.01)

    def stop(self, signal_number=signal.SIGTERM, within=30.0):
        """Sends the signal and waits for the end; the exit code (negative: killed by a signal)."""
        self.stopped = True
        self.process.send_signal(signal_number)
        code = self.process.wait(within * PATIENCE)
        if self in rows.running:
            rows.running.remove(self)
        return code

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self in rows.running:
            rows.running.remove(self)

    # Facts

    @property
    def pid(self):
        return self.process.pid

    def connect(self, **options):
        return connect(self.port, **options)

    def admin(self, target="/metrics", headers=(), method="GET"):
        """One request to the admin plane, on a connection of its own."""
        connection = connect(self.admin_port)
        try:
            fields = [("Connection", "close")] + pairs(headers)
            return connection.exchange(
                request(method, target, fields, host=f"127.0.0.1:{self.admin_port}"))
        finally:
            connection.close()
            rows.clients.remove(connection)

    def metrics(self):
        """Every sample of /metrics: `name{label="value",…}` as printed → float."""
        samples = {}
        for line in self.admin("/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = re.fullmatch(r"(\S+?(?:\{.*\})?) (\S+)(?: \S+)?", line).groups()
                assert name not in samples, f"{name} came twice"
                samples[name] = float(value)
        return samples

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels."""
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(value for sample, value in self.metrics().items()
                   if sample.split("{")[0] == name and all(each in sample for each in wanted))

    def fds(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])

    def log_text(self):
        path = {"stdout": self.stdout_path, "stderr": self.stderr_path}.get(
            self.config["log"].get("path"), self.log_path)
        return path.read_text("utf-8") if path.exists() else ""

    def log_lines(self, count=0, within=1.5, **fields):
        """The log so far as parsed JSON, only lines with these fields; waits for `count` lines."""
        deadline = time.monotonic() + within * PATIENCE
        while True:
            text = self.log_text()
            lines = [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]
            lines = [line for line in lines
                     if all(line.get(name) == value for name, value in fields.items())]
            if len(lines) >= count or time.monotonic() > deadline:
                return lines
            time.sleep(0.02)

    def access_line(self, request_id):
        """The one access line of a request."""
        lines = self.log_lines(1, event="request", request_id=request_id)
        assert len(lines) == 1, f"{len(lines)} access lines for {request_id}"
        return lines[0]

    def tail(self):
        """The end of stderr and log, for a failure's message."""
        stderr = self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""
        return f"--- stderr\n{stderr[-3000:]}\n--- log\n{self.log_text()[-3000:]}"

    def probe(self, target):
        """One GET on a connection of its own, gone before the next thing happens."""
        connection = connect(self.port)
        try:
            return connection.exchange(request("GET", target), timeout=1.0 * PATIENCE)
        finally:
            connection.close()
            rows.clients.remove(connection)

    def health(self):
        response = self.probe("/healthz")
        assert response.status == 200, response

    # The ledger

    def note(self, response):
        self.ledger.append((rows.current_row, response))
        head = response.raw_head.decode("latin-1")
        for secret in self.secrets:
            assert secret not in head, f"a secret in a response head: {head}"

    def note_body(self, response):
        """Only what Penstock itself made: an upstream's body is passed on as it is."""
        if response.header("proxy-status"):
            for secret in self.secrets:
                assert secret.encode() not in response.body, f"a secret in {response}"

    # After every row

    def begin_row(self):
        """A server that an earlier row has ended is started anew, so that one crash is one
        failure."""
        if self.process.poll() is not None:
            rows.running.remove(self)
            self.start()

    def check_row(self):
        """What the catalogue wants of the process after every row; the log follows at the end."""
        assert self.process.poll() is None, f"died: {self.process.returncode}\n{self.tail()}"
        self.health()
        try:
            eventually(lambda: self.fds() <= self.base_fds, 5.0, "open descriptors at their base")
            eventually(lambda: self.metric("penstock_requests_in_flight") <= self.base_in_flight,
                       5.0, "the in-flight gauge at its base")
        except AssertionError as fault:
            left = f"{self.fds()} descriptors open, {self.base_fds} at the start"
            self.accept_leaks()
            raise AssertionError(f"{fault}; {left}") from None
        text = self.admin("/metrics").body.decode()
        for secret in self.secrets:
            assert secret not in text, "a secret in the metrics"

    def accept_leaks(self, within=1.0):
        """What one row has leaked is that row's failure, not also that of all that follow."""
        deadline = time.monotonic() + within
        while self.fds() > self.base_fds and time.monotonic() < deadline:
            time.sleep(0.02)
        self.base_fds = max(self.base_fds, self.fds())
        self.base_in_flight = max(self.base_in_flight,
                                  self.metric("penstock_requests_in_flight"))

    def check_ledger(self):
        """One access line an answer, every line JSON, no secret; run when the log is complete."""
        text = (self.log_text() + self.stdout_path.read_text(errors="replace")
                + self.stderr_path.read_text(errors="replace"))
        for secret in self.secrets:
            assert secret not in text, "a secret in the log or on stderr"
        counts = {}
        for line in self.log_lines(event="request"):
            id = line.get("request_id")
            counts[id] = counts.get(id, 0) + 1
        if {"sample_success", "level"} & set(self.config["log"]):
            return
        faults = []
        for row, response in self.ledger:
            found = counts.get(response.request_id, 0)
            if found != 1:
                faults.append(f"{row}: {found} access lines for {response}")
        twice = [name for name, count in counts.items() if count > 1]
        assert not faults, "\n".join(faults[:20]) + f"\n({len(faults)} in all)"
        assert not twice, f"more than one access line for {twice[:20]}"
