#!/usr/bin/env python3
"""Penstock beside other proxies, one worker each, on the same work in one run.

Prints, per scenario, what each costs (CPU as the kernel counts it) and its ratio to the cheapest
of the others. A peer that is not installed is left out; ENVOY names Envoy's binary. On a shared
machine read ratios of one run, medians of rounds, and nothing else.
"""

import argparse
import contextlib
import json
import os
import pathlib
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time

import measure
import peers

HERE = pathlib.Path(__file__).resolve().parent


def scenarios(directory, seconds):
    """By name: what is measured of a peer and its process."""
    def requests(path, connections):
        return lambda peer, pid: measure.requests(peer, pid, path, connections, seconds)

    def transfer(path, upload=None):
        return lambda peer, pid: measure.transfer(peer, pid, path, directory, upload)

    def compressed(path, connections):
        def measured(peer, pid):
            result = measure.requests(peer, pid, path, connections, seconds,
                                      [("Accept-Encoding", "gzip")])
            if not measure.is_compressed(peer, path):
                result["fault"] = "not compressed"
            return result
        return measured

    return {
        "json1k": requests("/json", 64),
        "json1k_c512": requests("/json", 512),
        "json1k_tls_upstream": requests("/tls/json", 64),
        "gzip20k": compressed("/gz/doc.json", 32),
        "doc20k": requests("/doc.json", 32),
        "down1g": transfer("/1g"),
        "down1g_tls": transfer("/tls/1g"),
        "up1g": transfer("/up", directory / "www" / "1g"),
        "idle": lambda peer, pid: measure.idle(peer, pid, "/json"),
    }


def prepare(directory):
    """What is served, the certificate, and the sink."""
    directory.chmod(0o755)
    www = directory / "www"
    www.mkdir()
    people = [{"id": i, "name": f"user {i * 7919 % 1000}", "email": f"u{i}@example.com",
               "tags": ["a", "b", str(i * 31 % 97)]} for i in range(220)]
    (www / "doc.json").write_text(json.dumps(people))
    with (www / "1g").open("wb") as file:
        block = os.urandom(1 << 20)
        for _ in range(1024):
            file.write(block)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
         "-keyout", directory / "key.pem", "-out", directory / "cert.pem", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], capture_output=True, check=True)
    subprocess.run(["gcc", "-O2", "-Wall", "-o", directory / "sink", HERE / "sink.c", "-pthread"],
                   check=True)
    peers.write_configurations(directory)


def is_listening(port):
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False


class Processes:
    """Everything that was started, ended with the `with`."""

    def __init__(self, directory):
        self.directory = directory
        self.started = {}

    def __enter__(self):
        return self

    def start(self, name, port, command):
        """The process, once it listens; None, and said, where it does not."""
        if is_listening(port):
            sys.exit(f"port {port} is in use: end what listens there first")
        output = self.directory / f"{name}.out"
        with output.open("w") as file:
            process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT,
                                       env={**os.environ, "GOMAXPROCS": "1"})
        self.started[name] = process
        for _ in range(100):
            if is_listening(port):
                return process
            time.sleep(0.05)
        print(f"{name} did not start: {output.read_text()[-600:]}")
        return None

    def __exit__(self, *_):
        for process in self.started.values():
            process.terminate()
        for process in self.started.values():
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()


def median(results):
    return sorted(results, key=lambda result: result["cost"])[len(results) // 2]


def measured(scenario, peer, pid):
    try:
        return scenario(peer, pid)
    except Exception as error:  # one peer's trouble is not the end of the comparison
        return {"cost": float("nan"), "unit": "", "fault": repr(error)}


def show(name, medians):
    costs = [each["cost"] for peer, each in medians.items()
             if peer != "penstock" and not each["fault"]]
    best = min(costs, default=float("nan"))
    print(f"\n{name}")
    for peer, each in medians.items():
        more = " ".join(
            f"{key}={value if isinstance(value, str) else round(value, 2)}"
            for key, value in each.items() if key not in ("cost", "unit") and value != "")
        print(f"  {peer:9s} {each['cost']:9.2f} {each['unit']:15s}"
              f" x{each['cost'] / best:5.2f} of the best peer  {more}", flush=True)


def compare(directory, options):
    # Each peer holds two descriptors a connection.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    prepare(directory)
    chosen = scenarios(directory, options.seconds)
    if options.only:
        chosen = {name: chosen[name] for name in options.only.split(",")}
    results = {}
    with Processes(directory) as processes:
        processes.start("origin", peers.ORIGIN_PORT, ["nginx", "-c", directory / "origin.conf"])
        processes.start("sink", peers.SINK_PORT, [directory / "sink", str(peers.SINK_PORT)])
        running = []
        for peer in peers.all_peers(options.penstock):
            if peer.name not in options.peers.split(","):
                continue
            if not peer.is_installed:
                print(f"{peer.name} is not installed")
            elif process := processes.start(peer.name, peer.port, peer.started_by(directory)):
                running.append((peer, process.pid))
        for name, scenario in chosen.items():
            rounds = {peer.name: [] for peer, _ in running}
            for _ in range(1 if name == "idle" else options.rounds):
                for peer, pid in running:
                    rounds[peer.name].append(measured(scenario, peer, pid))
            results[name] = {peer: median(each) for peer, each in rounds.items()}
            show(name, results[name])
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--penstock", default=".build/release/penstock", metavar="BINARY")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each round under wrk")
    parser.add_argument("--only", metavar="SCENARIO,…")
    parser.add_argument("--peers", default="nginx,haproxy,envoy,caddy,penstock", metavar="NAME,…")
    parser.add_argument("--json", metavar="FILE", help="write all figures there, too")
    parser.add_argument("--keep", action="store_true", help="keep configurations and logs")
    options = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="side-by-side-"))
    try:
        results = compare(directory, options)
        if options.json:
            pathlib.Path(options.json).write_text(json.dumps(results, indent=1))
    finally:
        if options.keep:
            print(f"\nkept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
