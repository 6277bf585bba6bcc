"""Requests of every kind, good and bad, in which callers put secrets where none belong.

`Traffic` makes them up by a seed; what they are for, `site` says: accounts, keys, ports, and the
secrets that a caller may know.
"""

import base64
import dataclasses
import json

from gossips import ANSWERS, FAULTS
from harness import EXECUTE, chunked, request
from secret_spellings import ANY, identifier, json_text, secret, spelt

SESSION = EXECUTE.replace("tools/execute/proxy", "tool_router/session/{}/proxy_execute")
METHODS = ("GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH")


@dataclasses.dataclass
class Site:
    """What there is to be asked for."""
    keys: list           # API keys that may use all accounts
    narrow_key: str      # one that may GET /echo/… of few
    accounts: dict       # id → the secrets that go to its upstream
    broken: list         # ids of accounts whose upstream cannot be reached
    toolkits: dict       # slug → the account whose place its credential has
    known: list          # secrets that callers put anywhere
    upstream: str        # the upstream's URL
    admin_port: int
    links: list = dataclasses.field(default_factory=list)  # to files, as they were given


@dataclasses.dataclass
class Question:
    data: bytes
    account: str = ""
    method: str = "GET"
    request_id: str = ""
    isolated: tuple = ()      # secrets that this request alone has
    sent: tuple = ()          # as which of them go up, so that no answer's header may repeat them
    admin: bool = False
    leaves: float = 0.0       # seconds after which the client goes away; 0 is never


class Traffic:
    def __init__(self, choose, site):
        self.choose, self.site = choose, site
        self.kinds = [self.stream] * 6 + [self.envelope] * 6 + [self.inline] * 3 + [
            self.file, self.admin, self.garbage, self.slow] + [self.refused] * 4

    def next(self):
        return self.choose.choice(self.kinds)()

    # Words

    def known(self):
        return self.choose.choice(self.site.known)

    def word(self):
        """A secret in a spelling that a target, and any other place, takes."""
        return spelt(self.choose, self.known())

    def field_value(self):
        """One as a field's value may have it: mostly as it is."""
        text = self.known() if self.choose.random() < 0.6 else self.word()
        return text.encode().decode("latin-1")

    def json_value(self):
        return self.known() if self.choose.random() < 0.6 else self.word()

    def id(self):
        """One as an id, or nothing."""
        return identifier(self.choose, self.known()) or ""

    def behaviour(self):
        return self.choose.choice(list(ANSWERS if self.choose.random() < 0.6 else FAULTS))

    def path(self):
        form = self.choose.choice(("/{0}", "/{0}/{1}/x", "/{0}/a.{1}.b", "/{0}/x?q={1}",
                                   "/{0}?{1}={2}&x", "/{0}/{1}?{2}", "/{0}/y"))
        return form.format(self.behaviour(), self.word(), self.word())

    def key_fields(self, key):
        value = key.encode().decode("latin-1")
        return [("x-api-key", value) if self.choose.random() < 0.6
                else ("Authorization", f"Bearer {value}")]

    def caller_fields(self, question):
        """What callers say beside their question, a secret in any of it."""
        offers = {
            "User-Agent": self.field_value, "Referer": self.field_value, "Cookie": self.field_value,
            "X-Forwarded-For": self.field_value, "Forwarded": lambda: f"for={self.word()}",
            "X-Anything": self.field_value, "Accept-Language": self.field_value,
            "tracestate": lambda: f"a={self.field_value()}", "TE": lambda: "trailers",
            "Accept-Encoding": lambda: "gzip", "Via": self.field_value,
            "traceparent": self.trace, "Expect": lambda: "100-continue"}
        fields = [(name, make()) for name, make in offers.items() if self.choose.random() < 0.2]
        if self.choose.random() < 0.4:
            question.request_id = self.id()
        if question.request_id:
            fields.append(("x-request-id", question.request_id))
        return fields

    def trace(self):
        """One whose id is a secret, where one is as long as an id."""
        ids = [each for known in self.site.known for each in (known, known.encode().hex())
               if len(each) == 32 and set(each) <= set("0123456789abcdef")]
        trace = self.choose.choice(ids or ["1" * 32])
        return f"00-{trace}-{'1' * 16}-01" if self.choose.random() < 0.8 else self.field_value()

    def body(self):
        return self.choose.choice((
            b"", b"", self.known().encode(), self.word().encode() * 40,
            json.dumps({"token": self.known()}).encode()))

    # Questions

    def account(self):
        if self.choose.random() < 0.15:
            return self.choose.choice(self.site.broken)
        return self.choose.choice(list(self.site.accounts))

    def stream(self):
        """The streaming route, and one of the configuration."""
        question = Question(b"", self.account(), self.choose.choice(METHODS))
        target = f"/proxy/{question.account}{self.path()}"
        if self.choose.random() < 0.2:
            question.account = "ca_bearer"
            target = "/mirror" + self.path()
        fields = self.key_fields(self.choose.choice(self.site.keys)) + self.caller_fields(question)
        if self.choose.random() < 0.1 or "/switch" in target:
            fields += [("Connection", "Upgrade"), ("Upgrade", "websocket")]
        body = b"" if question.method in ("GET", "HEAD") else self.body()
        if body and self.choose.random() < 0.4:
            fields, body = [*fields, ("Transfer-Encoding", "chunked")], chunked(body)
        if self.choose.random() < 0.03:
            question.leaves = self.choose.choice((0.001, 0.02, 0.1))
        question.data = request(question.method, target, fields, body)
        return question

    def post(self, question, envelope, path=EXECUTE, key=None, more=()):
        """An envelope on its way, as JSON that may escape any character."""
        text = json_text(self.choose, envelope, self.choose.choice((0, 0, 0.2, 1)))
        fields = [("Content-Type", "application/json"),
                  *self.key_fields(key or self.choose.choice(self.site.keys)),
                  *self.caller_fields(question), *more]
        if self.choose.random() < 0.1:
            fields.append(("Idempotency-Key", self.id() or "key"))
        question.data = request("POST", path, fields, text.encode())
        return question

    def members(self, method):
        envelope = {"endpoint": self.path(), "method": method}
        if self.choose.random() < 0.5:
            envelope["user_id"] = self.json_value()
        if self.choose.random() < 0.3:
            envelope["parameters"] = [
                {"name": "X-Said", "value": self.json_value(), "type": "header"},
                {"name": self.json_value(), "value": self.json_value(), "type": "query"}]
        if self.choose.random() < 0.2:
            envelope[self.json_value()] = self.json_value()
        if method in ("POST", "PUT", "PATCH"):
            self.add_body(envelope)
        return envelope

    def add_body(self, envelope):
        chance = self.choose.random()
        if chance < 0.5:
            envelope["body"] = {"token": self.json_value()}
        elif chance < 0.7:
            coded = base64.b64encode(self.known().encode()).decode()
            envelope["binary_body"] = {"base64": coded, "content_type": "text/plain"}
        elif chance < 0.8:
            url = self.choose.choice((self.site.upstream, "http://127.0.0.1:1")) + self.path()
            envelope["binary_body"] = {"url": url}

    def envelope(self):
        """The execute endpoint in its three forms."""
        question = Question(b"", self.account(), "POST")
        envelope = self.members(self.choose.choice(METHODS))
        chance = self.choose.random()
        if chance < 0.15:
            question.account = self.site.toolkits["main"]
            return self.post(question, {**envelope, "toolkit_slug": "main"},
                             SESSION.format(self.id() or "session"))
        if chance < 0.2:
            return self.post(question, envelope, "/api/v3/tools/execute/proxy")
        return self.post(question, {**envelope, "connected_account_id": question.account})

    def inline(self):
        """An envelope with a credential of its own, which no other request has."""
        slug = self.choose.choice(list(self.site.toolkits))
        question = Question(b"", self.site.toolkits[slug], "POST")
        own, name = secret(self.choose, ANY), secret(self.choose, ANY.replace(":", ""))
        encoded = base64.b64encode(f"{name}:{own}".encode()).decode()
        scheme, val, question.sent = self.choose.choice((
            ("BEARER_TOKEN", {"token": own}, (own,)),
            ("OAUTH2", {"access_token": own, "refresh_token": name}, (own, name)),
            ("API_KEY", {"generic_api_key": own}, (own,)),
            ("API_KEY", {"api_key": own, "bearer_token": name}, (own, name)),
            ("API_KEY", {"basic_encoded": encoded}, (encoded,)),
            ("BASIC", {"username": name, "password": own}, (own, encoded)),
            ("BASIC", {"username": name}, (name,)),
            ("BASIC", {"username": name + ":", "password": own}, ()),
            ("BEARER_TOKEN", {"token": own + "\n"}, ()), (own, {"token": name}, ()),
            ("NO_AUTH", {"token": own}, ())))
        question.isolated = (own, name)
        envelope = {**self.members(self.choose.choice(METHODS)), "custom_connection_data": {
            "authScheme": scheme, "toolkitSlug": slug, "val": val}}
        if self.choose.random() < 0.1:
            envelope["connected_account_id"] = own
        if self.choose.random() < 0.1:
            del envelope["endpoint"]
        return self.post(question, envelope)

    def file(self):
        question = Question(b"", method=self.choose.choice(("GET", "GET", "HEAD", "POST")))
        target = f"/files/{self.word()}?expires=9999999999&signature={self.word()}"
        if self.site.links and self.choose.random() < 0.8:
            target = self.choose.choice(self.site.links)
            target = self.choose.choice((target, target, target[:-1], target + self.word()))
        fields = self.caller_fields(question)
        fields += self.choose.choice(([], [("Range", "bytes=0-9")], [("Range", "bytes=9999-")],
                                      [("If-None-Match", f'"{self.field_value()}"')]))
        question.data = request(question.method, target, fields)
        return question

    def admin(self):
        question = Question(b"", admin=True)
        target = self.choose.choice(("/metrics", "/healthz", "/readyz", "/status", "/status.json",
                                     "/openapi.json", f"/{self.word()}", f"/?{self.word()}"))
        fields = self.caller_fields(question) + self.choose.choice(
            ([], [], [("Origin", f"http://{self.word()}")]))
        host = self.choose.choice((f"127.0.0.1:{self.site.admin_port}", self.id() or "h"))
        question.data = request("GET", target, [*fields, ("Connection", "close")], host=host)
        return question

    def garbage(self):
        """What is no request."""
        secret = self.field_value().encode("latin-1")
        word = self.word().encode()
        key = b"x-api-key: " + self.choose.choice(self.site.keys).encode() + b"\r\n"
        head = b" HTTP/1.1\r\nHost: p\r\n" + key
        return Question(self.choose.choice((
            secret + b"\r\n\r\n", b"GET /" + secret + head + b"\r\n",
            b"GET /" + word + b"#" + word + head + b"\r\n",
            b"GET /" + word + b" HTTP/1.1\r\nHost: " + secret + b"\r\n\r\n",
            b"GET /" + word + b" HTTP/9." + word + b"\r\nHost: p\r\n\r\n",
            b"GET /" + word + b" HTTP/2.0\r\nHost: p\r\n\r\n",
            word + b" /" + word + head + b"\r\n", word * 3 + b" /" + word + head + b"\r\n",
            b"GET /x" + head + secret + b"\r\n\r\n",
            b"GET /x" + head + b": " + secret + b"\r\n\r\n",
            b"GET /x" + head + b"X: a\r\n " + secret + b"\r\n\r\n",
            b"GET /x" + head + b"X: " + secret + b"\0\r\n\r\n",
            b"GET /x" + head + b"X: " + secret * 600 + b"\r\n\r\n",
            b"GET /" + word * 900 + head + b"\r\n",
            b"GET http://" + word + b"/x" + head + b"\r\n",
            b"CONNECT " + word + b":443" + head + b"\r\n", b"TRACE /" + word + head + b"\r\n",
            b"POST /x" + head + b"Content-Length: " + secret + b"\r\n\r\n",
            b"POST /x" + head + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n" + secret,
            b"POST /x" + head + b"Transfer-Encoding: " + secret + b"\r\n\r\n",
            b"POST /x" + head + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + secret,
            b"POST /x" + head + b"Expect: " + secret + b"\r\n\r\n",
            b"POST /proxy/ca_bearer/echo" + head + b"Transfer-Encoding: chunked\r\n\r\n"
            + secret + b"\r\n\r\n")), method="POST")

    def slow(self):
        """What never becomes whole."""
        fields = [("Content-Length", "1000")] + self.key_fields(self.choose.choice(self.site.keys))
        head = request("POST", "/proxy/ca_bearer" + self.path(), fields)
        call = request("POST", EXECUTE, [("Content-Type", "application/json"), *fields])
        return Question(self.choose.choice((head[:-4], head, call)) + self.known().encode(),
                        account="ca_bearer", method="POST",
                        leaves=self.choose.choice((0, 0.05, 2)))

    def refused(self):
        """What is wrong in one way."""
        question = Question(b"", "ca_bearer", "POST")
        good = {"endpoint": "/echo", "method": "POST", "connected_account_id": "ca_bearer"}
        value = self.json_value()
        wrong = self.choose.choice((
            self.wrong_envelope, self.wrong_envelope, self.wrong_envelope, self.wrong_caller,
            self.wrong_body))
        return wrong(question, good, value)

    def wrong_envelope(self, question, good, value):
        word, url = self.word(), self.site.upstream
        return self.post(question, {**good, **self.choose.choice((
            {"endpoint": value}, {"endpoint": f"//{word}"}, {"endpoint": f"/a/../{word}"},
            {"endpoint": f"https://{word}@h/{word}"}, {"endpoint": f"{word[:9]}://{word}"},
            {"endpoint": f"https://{word[:60]}/x"}, {"endpoint": f"gopher://h/{word}"},
            {"endpoint": f"/x%00{word}"}, {"endpoint": f"/{value}\r\nX: y"},
            {"endpoint": "/" + word * 200}, {"endpoint": f"http://10.0.0.1/{word}",
                                             "connected_account_id": "ca_open"},
            {"endpoint": f"http://{self.id() or 'x'}.invalid/{word}",
             "connected_account_id": "ca_open"},
            {"method": value}, {"method": [value]}, {"connected_account_id": value},
            {"connected_account_id": None}, {"connected_account_id": "ca_off"},
            {"parameters": {value: value}}, {"parameters": [{"name": value}]},
            {"parameters": [{"name": "a", "value": value, "type": value}]},
            {"parameters": [{"name": value, "value": "x", "type": "header"}]},
            {"parameters": [{"name": "X-A", "value": value + "\r", "type": "header"}]},
            {"parameters": [{"name": "X-A", "value": value + "\x01", "type": "header"}]},
            {"parameters": [{"name": "Authorization", "value": value, "type": "header"}]},
            {"parameters": [{"name": "a", "value": value, "type": "query"}] * 101},
            {"parameters": [{"name": "a", "value": value * 600, "type": "header"}]},
            {"parameters": [{"name": "k y", "value": value, "type": "query"}],
             "connected_account_id": "ca_query"},
            {"body": value, "method": "GET"}, {"body": value, "binary_body": {"base64": value}},
            {"binary_body": {"base64": value + "*"}}, {"binary_body": {"url": value}},
            {"binary_body": {"base64": "AAAA" * 9000}},
            {"binary_body": {"base64": "AAAA", "content_type": value}},
            {"binary_body": {"url": f"{url}/redirect/{word}"}},
            {"binary_body": {"url": f"{url}/too-large/{word}"}},
            {"binary_body": {"url": f"{url}/hang/{word}"}},
            {"binary_body": {"url": f"http://u:{word[:20]}@h/{word}"}},
            {"binary_body": {"url": f"http://10.0.0.1/{word}"}},
            {"custom_connection_data": value},
            {"custom_connection_data": {"authScheme": value, "toolkitSlug": value, "val": value}},
            {"user_id": [value]}))})

    def wrong_caller(self, question, good, value):
        key = self.field_value()
        return self.choose.choice((
            lambda: self.post(question, good, key=self.known() + "?"),
            lambda: self.post(question, good, path="/api/v3/tools/execute/proxy"),
            lambda: self.post(question, good, SESSION.format(self.word())),
            lambda: self.post(question, {**good, "toolkit_slug": value}, SESSION.format("s")),
            lambda: self.post(question, {**good, "connected_account_id": "ca_basic"},
                              key=self.site.narrow_key),
            lambda: self.post(question, {"endpoint": "/echo", "method": "GET"},
                              key=self.site.narrow_key),
            lambda: self.post(question, good, more=[("Idempotency-Key", key + "\xe9")]),
            lambda: self.post(question, {**good, "body": value}, more=[("Idempotency-Key", "a")]),
            lambda: self.post(question, {**good, "endpoint": "/long"}, more=[
                ("Idempotency-Key", "b")]),
            lambda: self.plain(question, "GET", EXECUTE + "?" + self.word(), key),
            lambda: self.plain(question, "GET", f"/{self.word()}", key),
            lambda: self.plain(question, "GET", f"/proxy/{self.word()}/x", None),
            lambda: self.plain(question, "GET", f"/proxy/ca_off/{self.word()}", None),
            lambda: self.plain(question, "GET", f"/proxy/ca_bearer/..%2f{self.word()}", None),
            lambda: self.plain(question, self.id() or "X", f"/proxy/ca_bearer/{self.word()}", None),
            lambda: self.plain(question, "GET", f"/proxy/ca_query/echo?k%20y={self.word()}", None),
        ))()

    def plain(self, question, method, target, key):
        """`key`: None for one that is valid."""
        question.method = method
        question.account = target.split("/")[2] if target.startswith("/proxy/") else ""
        fields = [("x-api-key", key)] if key else self.key_fields(self.site.keys[0])
        question.data = request(method, target, fields + self.caller_fields(question))
        return question

    def wrong_body(self, question, good, value):
        text = json.dumps(value)
        body, type = self.choose.choice((
            (text, "application/json"), (text[:-1], "application/json"),
            (f'{{"endpoint": {text}, "endpoint": {text}}}', "application/json"),
            (f"{{{text}: {text},}}", "application/json"), (text, "text/plain"),
            (text, f"application/json; charset={self.word()}"),
            ("[" * 100 + text, "application/json"),
            (text * 9000, "application/json")))
        coding = self.choose.choice(([], [], [], [("Content-Encoding", "gzip")],
                                     [("Content-Encoding", "zstd")]))
        fields = [("Content-Type", type), *coding, *self.key_fields(self.site.keys[0])]
        question.data = request("POST", EXECUTE, fields + self.caller_fields(question),
                                body.encode())
        return question
