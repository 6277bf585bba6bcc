"""The log's file is renamed, its reader is slow or gone, its disk is full: no request notices."""

import contextlib
import json
import os
import signal

from harness import Penstock, account, eventually
from origins import proxy


def server(upstream, path=None):
    # The level is said, so that nobody expects all lines in one file.
    log = {"level": "info"} | ({"path": str(path)} if path else {})
    return Penstock({"accounts": [account(upstream, "ca_up")], "log": log,
                     "limits": {"log_ring_bytes": "64KiB"}})


def serve(penstock, count):
    """The ids of so many requests, each of which is answered."""
    connection, ids = penstock.connect(), []
    for _ in range(count):
        response = connection.exchange(proxy("GET", "/" + "x" * 500))
        assert response.status == 200
        ids.append(response.request_id)
    connection.close()
    return ids


def test_no_line_is_lost_or_torn_when_the_file_is_renamed(upstream):
    """Row 352, SIGUSR1."""
    with server(upstream) as penstock:
        ids = []
        for number in range(5):
            ids += serve(penstock, 40)
            penstock.log_path.rename(penstock.directory / f"old-{number}")
            ids += serve(penstock, 40)  # these go wherever the thread has got to
            penstock.process.send_signal(signal.SIGUSR1)
            eventually(penstock.log_path.exists, 5, "a new file")
        ids += serve(penstock, 40)
        assert penstock.stop() == 0
        texts = [path.read_text() for path in penstock.directory.glob("old-*")]
        texts.append(penstock.log_text())
        assert all(text.endswith("\n") for text in texts if text)
        lines = [json.loads(line) for text in texts for line in text.splitlines()]
        told = [line["request_id"] for line in lines if line["event"] == "request"]
        assert sorted(each for each in told if each in set(ids)) == sorted(ids)


def test_no_line_is_torn_when_the_file_is_truncated(upstream):
    """Row 352, logrotate's copytruncate."""
    with server(upstream) as penstock:
        penstock.access_line(serve(penstock, 40)[-1])
        os.truncate(penstock.log_path, 0)
        ids = serve(penstock, 40)
        assert penstock.access_line(ids[-1])
        assert ids == [line["request_id"] for line in penstock.log_lines(event="request")
                       if line["request_id"] in ids]
        assert "\0" not in penstock.log_text(), "written behind the old end"


def test_a_reader_that_takes_nothing_costs_lines_and_no_request(upstream, tmp_path):
    """Row 351: a full pipe, then one whose reader has gone."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with contextlib.ExitStack() as stack:
        stack.callback(lambda: reader < 0 or os.close(reader))
        with server(upstream, path) as penstock:
            serve(penstock, 500)
            before = eventually(lambda: penstock.metric("penstock_log_lines_dropped_total"), 5,
                                "lines that are dropped")
            os.close(reader)
            reader = -1
            serve(penstock, 100)
            eventually(lambda: penstock.metric("penstock_log_lines_dropped_total") > before, 5,
                       "more that are dropped")
            assert penstock.probe("/healthz").status == 200


def test_a_full_disk_costs_lines_and_no_request(upstream):
    """Row 351."""
    with server(upstream, "/dev/full") as penstock:
        serve(penstock, 20)
        eventually(lambda: penstock.metric("penstock_log_lines_dropped_total") >= 20, 5,
                   "lines that are dropped")
