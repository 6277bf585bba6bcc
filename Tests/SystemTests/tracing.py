"""A server under strace, which makes its system calls fail or take their time."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time

import pytest

from notation import eventually

needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


@contextlib.contextmanager
def traced(penstock, *arguments, output="/dev/null"):
    """The server under strace, which has it see what the arguments say."""
    tracer = subprocess.Popen(
        ["strace", "-f", "-q", "-o", str(output), *arguments, "-p", str(penstock.pid)],
        stderr=subprocess.DEVNULL)
    try:
        threads = f"/proc/{penstock.pid}/task"
        eventually(lambda: all(
            f"TracerPid:\t{tracer.pid}" in pathlib.Path(threads, each, "status").read_text()
            for each in os.listdir(threads)), 5.0, "the tracer")
        yield
    finally:
        tracer.terminate()
        tracer.wait()


def put_out(path):
    """What is in memory of a file leaves it, which the kernel may take a moment for."""
    with open(path, "rb") as file:
        deadline = time.monotonic() + 5.0
        while time.monotonic() < deadline:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            try:
                os.preadv(file.fileno(), [bytearray(1)], 0, os.RWF_NOWAIT)
            except BlockingIOError:
                return
            time.sleep(0.05)
    pytest.skip("files cannot be put out of memory here")
