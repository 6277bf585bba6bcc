"""`penstock check`: what it prints, to the letter, for files that are wrong in one way each."""
import os
import pathlib
import shutil
import subprocess

import pytest

BINARY = os.environ.get("PENSTOCK_BIN", ".build/release/penstock")
ROOT = pathlib.Path(__file__).resolve().parents[2]
BROKEN = sorted((pathlib.Path(__file__).parent / "broken").glob("*.yaml"))
GOOD = "accounts: [{id: ca_one, base_url: https://one.example}]\nlimits: {connections: 100}\n"


def run(directory, *arguments):
    environment = {name: value for name, value in os.environ.items()
                   if name != "CREDENTIALS_DIRECTORY" and not name.startswith("PENSTOCK_TEST")}
    environment["PENSTOCK_TEST_EMPTY"] = ""
    binary = (ROOT / BINARY).resolve()
    return subprocess.run([binary, *arguments], cwd=directory, env=environment, timeout=20,
                          capture_output=True, text=True)


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_every_fault_of_a_broken_file_is_printed(path, tmp_path):
    shutil.copy(path, tmp_path)
    (tmp_path / path.name).chmod(0o600)
    result = run(tmp_path, "check", "--config", path.name)
    assert result.stdout == path.with_suffix(".txt").read_text()
    assert (result.returncode, result.stderr) == (1, "")
    assert "in-plain" not in result.stdout


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_serve_refuses_it_with_the_same_words(path, tmp_path):
    shutil.copy(path, tmp_path)
    (tmp_path / path.name).chmod(0o600)
    result = run(tmp_path, "serve", "--config", path.name)
    assert result.stderr == path.with_suffix(".txt").read_text()
    assert (result.returncode, result.stdout) == (1, "")


def test_a_good_file_is_fine(tmp_path):
    (tmp_path / "good.yaml").write_text(GOOD)
    result = run(tmp_path, "check", "--config", "good.yaml")
    assert (result.returncode, result.stdout, result.stderr) == (0, "good.yaml: fine\n", "")


def test_a_warning_leaves_a_file_fine(tmp_path):
    (tmp_path / "open.yaml").write_text("listen: 0.0.0.0:8080\n" + GOOD)
    result = run(tmp_path, "check", "--config", "open.yaml")
    assert result.returncode == 0
    assert result.stdout.startswith("open.yaml:1:9: warning: ")
    assert result.stdout.endswith("open.yaml: fine\n")


@pytest.mark.parametrize("content, message", [
    ("", "the file is empty"),
    ("#" * (5 << 20), "the file is larger than 4MiB"),
    (b"listen: \xff\n", "the file is not UTF-8 text"),
], ids=["empty", "large", "not UTF-8"])
def test_a_file_that_is_no_configuration_is_a_fault(content, message, tmp_path):
    data = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "odd.yaml").write_bytes(data)
    result = run(tmp_path, "check", "--config", "odd.yaml")
    assert result.returncode == 1
    assert result.stdout == f"odd.yaml:1:1: error: {message}\n"


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    for name, message in [("gone", "does not exist"), (".", "is not a regular file"),
                          ("pipe", "is not a regular file"),
                          ("loop", "cannot be read: Too many levels of symbolic links")]:
        result = run(tmp_path, "check", "--config", name)
        assert result.returncode == 1
        assert result.stdout == f"{name}:1:1: error: the file {message}\n"


@pytest.mark.parametrize("arguments", [
    ["check"], ["check", "--config"], ["check", "--conf", "x"], ["nonsense"], ["serve"]])
def test_wrong_usage_exits_with_64(arguments, tmp_path):
    assert run(tmp_path, *arguments).returncode == 64


def test_the_error_table_has_a_row_for_every_status_it_promises(tmp_path):
    result = run(tmp_path, "errors")
    assert result.returncode == 0
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0] == ["code", "slug", "status", "side", "fix"]
    slugs = [row[1] for row in rows[1:]]
    sides = [(row[1], row[3]) for row in rows[1:]]
    assert len(sides) == len(set(sides)), "a slug is one side's once"
    assert {"OriginMismatch", "MissingAuthContext", "unauthorized", "internal_error"} <= set(slugs)


def test_the_version_is_one_line(tmp_path):
    result = run(tmp_path, "--version")
    assert (result.returncode, result.stdout.count("\n")) == (0, 1)
