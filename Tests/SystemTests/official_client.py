"""The official client, unchanged, in both its forms; what the test_client_… files share.

`Caller` lets one test drive the synchronous client and the asynchronous one. A module takes the
fixtures that it wants by name: `client = official_client.client`.
"""

import asyncio
import os

import pytest
from composio_client import AsyncComposio, Composio

import harness
import scripted
from harness import KEY, Penstock, Upstream, account

TYPED = {"slug": str, "message": str, "request_id": str, "suggested_fix": str, "code": int,
         "status": int}


class Caller:
    """One of the two clients; each call returns what the client returns, or raises what it raises.
    """

    def __init__(self, kind, port, key=KEY, **options):
        self.kind, self.port, self.key, self.options = kind, port, key, options
        made = {"sync": Composio, "async": AsyncComposio}[kind]
        self.client = made(api_key=key, base_url=f"http://127.0.0.1:{port}", **options)
        self.runner = asyncio.Runner() if kind == "async" else None

    def run(self, result):
        return self.runner.run(result) if self.runner else result

    def proxy(self, **fields):
        """`tools.proxy` of an account whose upstream is scripted; None leaves a field out."""
        call = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_base", **fields}
        return self.run(self.client.tools.proxy(**call))

    def raw(self, **fields):
        call = {"endpoint": "/x", "method": "GET", "connected_account_id": "ca_base", **fields}
        return self.run(self.client.tools.with_raw_response.proxy(**call))

    def session(self, session_id="trs_1", **fields):
        call = {"endpoint": "/x", "method": "GET", "toolkit_slug": "base", **fields}
        return self.run(self.client.tool_router.session.proxy_execute(session_id, **call))

    def post(self, path, **fields):
        return self.run(self.client.post(path, cast_to=object, **fields))

    def another(self, **options):
        """A client of the same kind and server with other options; to be closed by the caller."""
        return Caller(self.kind, self.port, **{"key": self.key, **self.options, **options})

    def close(self):
        self.run(self.client.close())
        if self.runner:
            self.runner.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def assert_details(error, status, slug):
    """What the client keeps of an error's envelope, each in its type."""
    assert error.status_code == status, error
    told = error.body["error"]
    for name, kind in TYPED.items():
        assert type(told[name]) is kind and told[name] != "", (name, told)
    assert all(type(each) is str for each in told["errors"])
    assert told["status"] == status
    assert told["slug"] == slug, told
    assert told["request_id"] == error.response.headers["x-request-id"]
    return told


@pytest.fixture(scope="module", autouse=True)
def no_detour():
    """The environment's proxies are not for loopback, and tracking stays off."""
    patch = pytest.MonkeyPatch()
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("COMPOSIO_"):
            patch.delenv(name)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    closed = {"type": "bearer", "token": "upstream-secret-of-the-closed"}
    query = {"type": "query", "name": "key", "value": "upstream-secret-in-the-query"}
    brief = {"connect": "1s", "first_byte": "300ms", "idle": "300ms"}
    config = {
        "api_keys": [
            {"name": "acme", "key": KEY, "accounts": ["ca_*"], "default_account": "ca_base"},
            {"name": "umbrella", "key": OTHER_KEY, "accounts": ["cb_foreign"]}],
        "accounts": [account(up, id="ca_base"), account(up, id="cb_foreign"),
                     account(up, id="ca_off", disabled=True),
                     account(up, id="ca_open", allowed_hosts=["*"]),
                     account(up, id="ca_brief", timeouts=brief),
                     account(up, id="ca_single", pool={"connections": 1},
                             timeouts={"connect": "100ms"}),
                     {"id": "ca_query", "base_url": up.url, "auth": query},
                     {"id": "ca_closed", "auth": closed,
                      "base_url": f"http://127.0.0.1:{harness.free_port()}"}]}
    with Penstock(config) as server:
        yield server


OTHER_KEY = "k2-test-key-9876543210"


@pytest.fixture(params=["sync", "async"])
def client(penstock, request):
    with Caller(request.param, penstock.port) as caller:
        yield caller


@pytest.fixture
def serve(up):
    """Sets what serves connections in this test; those that are open have the old one."""
    def set_handler(handler):
        up.drop()
        up.handler = handler
    yield set_handler
    up.handler = scripted.echo


@pytest.fixture
def lines(penstock):
    """So many access lines of calls to one path, which is the row's own."""
    def of(path, count):
        def found():
            return [line for line in penstock.log_lines(event="request")
                    if line.get("path", "").endswith(path)]
        harness.eventually(lambda: len(found()) >= count, 2.0, f"{count} access lines")
        return found()
    return of
