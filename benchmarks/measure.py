"""What a process costs, as the kernel counts it, while one client or the other is at work on it."""

import glob
import pathlib
import re
import socket
import subprocess
import time
import urllib.request


def with_children(pid):
    found = [pid]
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return found
    for child in children:
        found += with_children(int(child))
    return found


def cpu_nanoseconds(pid):
    """Time on CPU of all threads of the process and its children."""
    total = 0
    for process in with_children(pid):
        for path in glob.glob(f"/proc/{process}/task/*/schedstat"):
            try:
                total += int(pathlib.Path(path).read_text().split()[0])
            except OSError:
                pass  # the thread has just ended
    return total


def resident_kibibytes(pid):
    total = 0
    for process in with_children(pid):
        try:
            status = pathlib.Path(f"/proc/{process}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
        except (OSError, AttributeError):
            pass
    return total


def requests(peer, pid, path, connections, seconds, fields=()):
    """Microseconds of CPU a request, under wrk."""
    command = ["wrk", "-t1", f"-c{connections}"]
    for name, value in [*peer.fields, *fields]:
        command += ["-H", f"{name}: {value}"]
    subprocess.run([*command, "-d1s", peer.url(path)], capture_output=True, timeout=60)
    before = cpu_nanoseconds(pid)
    said = subprocess.run([*command, f"-d{seconds}s", "--latency", peer.url(path)], text=True,
                          capture_output=True, timeout=seconds + 60).stdout
    cost = cpu_nanoseconds(pid) - before
    count = int(re.search(r"(\d+) requests in", said).group(1))
    fault = re.search(r"Non-2xx.*|Socket errors.*", said)
    return {
        "cost": cost / 1e3 / max(count, 1), "unit": "us/request",
        "per_second": float(re.search(r"Requests/sec:\s+([\d.]+)", said).group(1)),
        "p99": re.search(r"99%\s+(\S+)", said).group(1),
        "fault": fault.group(0) if fault else "",
    }


def is_compressed(peer, path):
    """Whether a peer compresses at all: one that does not has no place in that comparison."""
    request = urllib.request.Request(
        peer.url(path), headers={**dict(peer.fields), "Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers.get("Content-Encoding") == "gzip"


def transfer(peer, pid, path, directory, upload=None, size=1 << 30):
    """Milliseconds of CPU for one body of `size` bytes, down or up, under curl."""
    answer = directory / "answer"
    command = ["curl", "-s", "-o", str(answer), "-w", "%{http_code} %{size_download}"]
    for name, value in peer.fields:
        command += ["-H", f"{name}: {value}"]
    if upload:
        command += ["-T", str(upload), "-H", "Expect:"]
    before, began = cpu_nanoseconds(pid), time.monotonic()
    said = subprocess.run([*command, peer.url(path)], text=True, capture_output=True,
                          timeout=120).stdout
    seconds, cost = time.monotonic() - began, cpu_nanoseconds(pid) - before
    code, received = said.split()
    with answer.open(errors="replace") as file:
        is_whole = str(size) in file.read(200) if upload else int(received) == size
    return {
        "cost": cost / 1e6, "unit": "ms", "seconds": seconds,
        "resident_mib": resident_kibibytes(pid) // 1024,
        "fault": "" if code == "200" and is_whole else said,
    }


def idle(peer, pid, path, count=3000):
    """Kibibytes of resident memory for a connection that has had one answer and waits."""
    fields = "".join(f"{name}: {value}\r\n" for name, value in peer.fields)
    target = peer.url(path).split(str(peer.port), 1)[1]
    request = f"GET {target} HTTP/1.1\r\nHost: x\r\n{fields}\r\n".encode()
    before, open_sockets, failed = resident_kibibytes(pid), [], 0
    for _ in range(count):
        try:
            client = socket.create_connection(("127.0.0.1", peer.port), 3)
            client.sendall(request)
            failed += b" 200 " not in client.recv(65536)[:20]
            open_sockets.append(client)
        except OSError:
            failed += 1
    grown = resident_kibibytes(pid) - before
    for client in open_sockets:
        client.close()
    return {"cost": max(grown / count, 0.01), "unit": "KiB/connection",
            "fault": f"{failed} failed" if failed else ""}
