"""`penstock logs-audit`: finds the secrets of a configuration in logs, and names them only."""

import base64
import json
import subprocess

import pytest
import yaml

from harness import BINARY

TOKEN, VALUE = "tok_live-9aZ.Qe4_77bXkd", "a secret, with blanks"
PASSWORD = 'pass"word\u2028%é\U0001f600'
QUERY, API_KEY, SIGNING = "100%of/the~query", "k1-of-project-acme", "0f1e2d3c4b5a69788796a5b4c3d2"
NAMES = {
    TOKEN: "account ca_bearer: bearer token", PASSWORD: "account ca_basic: basic password",
    VALUE: "account ca_header: header x-key", QUERY: "account ca_query: query parameter key",
    API_KEY: "project acme: API key", SIGNING: "files: signing_key"}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    auths = {"ca_bearer": {"type": "bearer", "token": TOKEN},
             "ca_basic": {"type": "basic", "username": "me", "password": PASSWORD},
             "ca_header": {"type": "header", "name": "X-Key", "value": VALUE},
             "ca_query": {"type": "query", "name": "key", "value": QUERY},
             "ca_short": {"type": "bearer", "token": "s7"}}
    path = tmp_path_factory.mktemp("audit") / "penstock.yaml"
    path.write_text(yaml.safe_dump({
        "listen": "127.0.0.1:1", "api_keys": [{"name": "acme", "key": API_KEY, "accounts": ["*"]}],
        "accounts": [{"id": id, "base_url": "https://up.example", "auth": auth}
                     for id, auth in auths.items()],
        "files": {"signing_key": SIGNING}}))
    return path


def audit(config, *logs, input=b""):
    """The exit code, the findings, and the closing line."""
    done = subprocess.run([BINARY, "logs-audit", "--config", str(config), *map(str, logs)],
                          input=input, capture_output=True, timeout=60)
    text = done.stdout.decode() + done.stderr.decode()
    for secret in NAMES:
        assert secret not in text, "it prints what it looks for"
    lines = done.stdout.decode().splitlines()
    return done.returncode, lines[:-1], lines[-1] if lines else ""


ENCODINGS = {
    "": lambda secret: secret,
    ", percent-encoded": lambda secret: "".join(f"%{byte:02x}" for byte in secret.encode()),
    ", base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    ", hexadecimal": lambda secret: secret.encode().hex().upper(),
    ", base64, percent-encoded": lambda secret: "".join(
        f"%{ord(each):02X}" if index % 3 == 0 else each
        for index, each in enumerate(base64.b64encode(secret.encode()).decode()))}


@pytest.mark.parametrize("secret", NAMES)
def test_each_secret_is_found_in_each_encoding_and_named(config, tmp_path, secret):
    log = tmp_path / "some.log"
    for ending, encode in ENCODINGS.items():
        log.write_text(f"nothing here\nGET /a/{encode(secret)}/b\n{encode(secret)}")
        code, found, closing = audit(config, log)
        assert code == 1
        assert found == [f"{log}:{line}: {NAMES[secret]}{ending}" for line in (2, 3)]
        size = log.stat().st_size
        assert closing == f"read 1 files, 3 lines, {size} bytes: 2 times a secret"


def test_json_s_own_escapes_hide_nothing(config):
    for ascii in (True, False):
        lines = [json.dumps({"path": f"/{secret}"}, ensure_ascii=ascii) for secret in NAMES]
        escaped = "".join(f"\\u{ord(each):04x}" for each in API_KEY)
        code, found, _ = audit(config, "-", input="\n".join([*lines, escaped]).encode())
        assert code == 1
        assert found == [f"-:{line}: {name}" for line, name in enumerate(
            [*NAMES.values(), NAMES[API_KEY]], 1)]


def test_user_and_password_are_found_as_an_authorization_field_has_them(config):
    pair = base64.b64encode(f"me:{PASSWORD}".encode())
    code, found, _ = audit(config, "-", input=b"Authorization: Basic " + pair)
    assert code == 1 and "-:1: account ca_basic: basic user:password, base64" in found


def test_a_clean_log_is_told_to_be_clean(config, tmp_path):
    log, empty = tmp_path / "clean.log", tmp_path / "empty.log"
    text = f"/proxy/ca_bearer/{TOKEN[:-1]}/{TOKEN[1:]}/s7/%zz%\\u12\\\n" * 2000
    log.write_text(text)
    empty.write_text("")
    assert audit(config, log, empty, "-", input=b"\xff\x00\n") == (
        0, [], f"read 3 files, 2001 lines, {len(text) + 3} bytes: no secret")


@pytest.mark.parametrize("at", [0, 262_130, 1_048_570, 1_100_000, 5_000_000])
def test_a_line_of_any_length_is_searched_where_its_pieces_meet_too(config, tmp_path, at):
    log = tmp_path / "long.log"
    text = "".join(f"%25{byte:02x}" for byte in TOKEN.encode())
    log.write_text("x" * at + text + "y" * 3_000_000 + "\n" + TOKEN)
    code, found, _ = audit(config, log)
    assert code == 1
    assert found == [f"{log}:1: {NAMES[TOKEN]}, percent-encoded", f"{log}:2: {NAMES[TOKEN]}"]


def test_wrong_usage_is_64_and_a_log_that_cannot_be_read_is_too(config, tmp_path):
    assert audit(config)[0] == 64
    done = subprocess.run([BINARY, "logs-audit", "-"], capture_output=True, timeout=60, input=b"")
    assert done.returncode == 64
    clean, missing = tmp_path / "clean.log", tmp_path / "missing.log"
    clean.write_text("fine\n")
    assert audit(config, missing, clean) == (64, [], "read 1 files, 1 lines, 5 bytes: no secret")
    assert audit(config, tmp_path)[0] == 64, "a directory"
    clean.write_text(TOKEN)
    assert audit(config, missing, clean)[0] == 1, "what was found matters more"
    missing.write_text("nonsense: [")
    assert audit(missing, clean)[0] == 1


def test_a_secret_that_is_too_short_is_said_not_to_be_searched_for(config):
    done = subprocess.run([BINARY, "logs-audit", "--config", str(config), "-"], input=b"s7",
                          capture_output=True, timeout=60)
    assert done.returncode == 0
    assert b"account ca_short: bearer token: too short to be searched for" in done.stderr
