"""What a secret audit is held on: a Penstock with a secret in every slot, and its upstreams."""

import base64
import contextlib
import hashlib
import time
import urllib.parse

import scripted
from gossips import gossips
from harness import Penstock, Upstream
from origins import Hanging
from secret_spellings import ANY, TOKEN, VISIBLE, secret
from secret_traffic import Site

# Accounts that nothing comes of: disabled, refused, not to be found, not to be trusted.
BROKEN = ("ca_off", "ca_refused", "ca_nowhere", "ca_hanging", "ca_untrusted", "ca_plain",
          "ca_silent", "ca_behind")
TOOLKITS = {"main": "ca_bearer", "basic": "ca_basic", "header": "ca_header", "query": "ca_query",
            "none": "ca_none"}


class Secrets:
    """One for each slot of a configuration, by name."""

    def __init__(self, choose):
        hexadecimal = f"{choose.getrandbits(128):032x}"
        self.plain = {
            "bearer": secret(choose, TOKEN, 20, 32), "user": secret(choose, ANY.replace(":", "")),
            "password": secret(choose), "header": secret(choose), "second header": hexadecimal,
            "part of a header": secret(choose, TOKEN), "user alone": secret(choose, TOKEN),
            "query": secret(choose), "from the environment": secret(choose),
            "from a file": secret(choose, least=200, most=400),
            "short": secret(choose, TOKEN, 16, 17), "old key": secret(choose, VISIBLE),
            "key": secret(choose, VISIBLE), "narrow key": secret(choose, VISIBLE),
            "signing key": secret(choose), "old signing key": secret(choose, VISIBLE)}
        self.plain |= {f"of {id}": secret(choose) for id in BROKEN}
        # Penstock knows its digest alone: it is masked by where it stands, not by what it is.
        self.digested = secret(choose, VISIBLE)

    def __getitem__(self, name):
        return self.plain[name]

    @property
    def all(self):
        return {name: text.encode() for name, text in self.plain.items()} | {
            "digested key": self.digested.encode()}


def yaml_text(text):
    return text.replace("$", "$$")


def bearer(token):
    return {"type": "bearer", "token": yaml_text(token)}


def header(name, value):
    return {"type": "header", "name": name, "value": value}


def speaks_no_tls(connection):
    connection.take(5, time.monotonic() + 5)
    connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")


class Stage:
    """The servers that an audit needs: upstreams, and a Penstock in front of them."""

    def __init__(self, choose, authority, directory):
        self.secrets = secrets = Secrets(choose)
        self.up = Upstream(gossips)
        self.untrusted = Upstream(gossips, tls=scripted.tls_context(authority, "localhost"))
        self.silent = Upstream(scripted.never_answers)
        self.plain = Upstream(speaks_no_tls)
        self.hanging = Hanging()
        (directory / "a secret").write_text(secrets["from a file"] + "\n")
        environment = {"THE_SECRET": secrets["from the environment"], "THE_KEY": secrets["key"],
                       "THE_SIGNING_KEY": secrets["signing key"]}
        self.penstock = Penstock(self.configuration(directory), env=environment)
        # The ledger's own rule is simpler than what an audit does to it.
        self.penstock.secrets = []

    def configuration(self, directory):
        secrets = self.secrets
        auths = {
            "ca_bearer": bearer(secrets["bearer"]),
            "ca_basic": {"type": "basic", "username": yaml_text(secrets["user"]),
                         "password": yaml_text(secrets["password"])},
            "ca_header": header("X-Key", yaml_text(secrets["header"])),
            "ca_headers": [header("X-Key", secrets["second header"]),
                           header("X-Key-Secret", f'Token token="{secrets["part of a header"]}"')],
            "ca_user": {"type": "basic", "username": secrets["user alone"], "password": ""},
            "ca_query": {"type": "query", "name": "k y", "value": yaml_text(secrets["query"])},
            "ca_environment": {"type": "bearer", "token": "${env:THE_SECRET}"},
            "ca_file": header("X-Key", f"${{file:{directory}/a secret}}"),
            "ca_short": bearer(secrets["short"]), "ca_open": bearer(secrets["bearer"]),
            "ca_none": {"type": "none"}}
        brief = {"connect": "200ms", "first_byte": "150ms", "idle": "150ms"}
        more = {"ca_open": {"allowed_hosts": ["*"]}, "ca_bearer": {"trace": True},
                "ca_basic": {"rules": [{"methods": ["GET", "HEAD", "POST"]}]},
                "ca_header": {"request_decompression": True, "forwarded": "on"}}
        accounts = [{"id": id, "base_url": self.up.url, "auth": auth, "timeouts": brief,
                     **more.get(id, {})} for id, auth in auths.items()]
        urls = {
            "ca_off": self.up.url, "ca_refused": "http://127.0.0.1:1",
            "ca_nowhere": "http://nowhere.invalid",
            "ca_hanging": f"http://127.0.0.1:{self.hanging.port}",
            "ca_untrusted": self.untrusted.url, "ca_plain": f"https://localhost:{self.plain.port}",
            "ca_silent": f"https://localhost:{self.silent.port}", "ca_behind": self.up.url}
        accounts += [{"id": id, "base_url": urls[id], "auth": bearer(secrets[f"of {id}"]),
                      "timeouts": brief} for id in BROKEN]
        accounts[-len(BROKEN)]["disabled"] = True
        accounts[-1]["proxy"] = "http://127.0.0.1:1"
        digest = hashlib.sha256(secrets.digested.encode()).hexdigest()
        return {
            "workers": 2, "trusted_proxies": ["127.0.0.0/8"],
            "api_keys": [
                {"name": "acme", "key": [yaml_text(secrets["old key"]), "${env:THE_KEY}"],
                 "accounts": ["*"], "default_account": "ca_bearer"},
                {"name": "digested", "key_sha256": digest, "accounts": ["*"]},
                {"name": "narrow", "key": [yaml_text(secrets["narrow key"])],
                 "accounts": ["ca_bearer", "ca_basic"],
                 "rules": [{"methods": ["GET"], "paths": ["/echo/**"]}]}],
            "accounts": accounts,
            "routes": [{"path": "/mirror/", "account": "ca_bearer", "server_timing": True}],
            "execute": {
                "v3": "allowlist", "v3_allowlist": ["digested"], "custom_connection_data": "on",
                "binary_url_allow": ["127.0.0.0/8"],
                "toolkits": {slug: {"account": id} for slug, id in TOOLKITS.items()}},
            "files": {"signing_key": ["${env:THE_SIGNING_KEY}",
                                      yaml_text(secrets["old signing key"])]},
            "log": {"level": "debug", "slow": "100ms"},
            "timeouts": {"header": "300ms", "body_idle": "300ms", "tunnel_idle": "200ms"},
            "limits": {
                "execute_body_bytes": "128KiB", "execute_response_bytes": "1MiB",
                "execute_base64_bytes": "16KiB", "file_bytes": "1MiB",
                "decompression_ratio_after_bytes": "16KiB", "lingering_time": "100ms",
                "idempotent_answer_bytes": "8KiB"}}

    @property
    def site(self):
        secrets = self.secrets
        of = {"ca_bearer": ["bearer"], "ca_basic": ["password"], "ca_header": ["header"],
              "ca_headers": ["second header", "part of a header"], "ca_user": ["user alone"],
              "ca_query": ["query"], "ca_environment": ["from the environment"],
              "ca_file": ["from a file"],
              "ca_short": ["short"], "ca_none": []}
        accounts = {id: [secrets[name] for name in names] for id, names in of.items()}
        pair = f"{secrets['user']}:{secrets['password']}".encode()
        accounts["ca_basic"].append(base64.b64encode(pair).decode())
        accounts["ca_query"].append(urllib.parse.quote(secrets["query"], safe=""))
        return Site(
            keys=[secrets["old key"], secrets["key"], secrets.digested],
            narrow_key=secrets["narrow key"], accounts=accounts, broken=list(BROKEN),
            toolkits=TOOLKITS, known=list(secrets.plain.values()), upstream=self.up.url,
            admin_port=self.penstock.admin_port)

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            stack.callback(self.close)
            stack.enter_context(self.penstock)
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)

    def close(self):
        for each in (self.up, self.untrusted, self.silent, self.plain):
            each.close()
        self.hanging.__exit__()
