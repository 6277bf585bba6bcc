"""Fixtures that every room of the system tests shares."""

import json

import pytest
import trustme

import harness
import scripted
from good_requests import JSON, ROUTES


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    setattr(item, f"failed_{call.when}", report.failed)
    if report.failed:
        for penstock in harness.running:
            report.sections.append((f"penstock {penstock.pid}", penstock.tail()))


@pytest.fixture(autouse=True)
def every_row(request):
    """What must hold after every row is checked after every test, for every server that runs.

    Servers of module scope are up before this fixture; one that a test starts for itself checks
    the same when its `with` ends.
    """
    harness.begin_row(request.node.name)
    yield
    if getattr(request.node, "failed_call", False):
        harness.end_row()
        for penstock in harness.running:
            if penstock.process.poll() is None:
                penstock.accept_leaks()
    else:
        harness.after_row()


@pytest.fixture(scope="module")
def upstream():
    """The upstream that answers with what it was asked."""
    with harness.Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(upstream):
    """The baseline with one account; a module that wants another defines its own."""
    with harness.Penstock({"accounts": [harness.account(upstream)]}) as server:
        yield server


@pytest.fixture(scope="session")
def authority():
    """A certificate authority that no system trusts."""
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_file(authority, tmp_path_factory):
    """Where that authority's certificate lies, for an account's `ca_file`."""
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture
def refused(penstock, upstream):
    """Sends bytes that get one error and a close: whole, then byte by byte.

    A parser that sees the same bytes cut elsewhere must decide the same. `head` says that the head
    alone is bad, so nothing goes up; with a bad body on the streaming route the head may be on its
    way, and then the upstream must see its request aborted.
    """
    def check(data, status=400, slug="malformed_request", head=True):
        for cut in (False, True):
            if cut and len(data) > 2000:
                break
            connection = penstock.connect()
            if cut:
                connection.send_slowly(data, 0)
            else:
                connection.send(data)
            response = connection.read_response()
            harness.assert_error(response, status, slug)
            harness.assert_closed(connection, response)
        if head:
            assert upstream.connections == 0
        assert not any(each.complete for each in upstream.requests)
    return check


@pytest.fixture(params=ROUTES)
def route(request):
    """Each route that the framing rows run on; see good_requests.py."""
    return request.param


@pytest.fixture
def accepted(penstock, upstream):
    """Bytes that are one good request; the upstream sees its body exactly once."""
    def check(route, data, cut=False):
        connection = penstock.connect()
        connection.send_slowly(data, 0) if cut else connection.send(data)
        response = connection.read_response()
        assert response.status == 200, response
        got = upstream.requests
        assert len(got) == 1 and got[0].complete
        if route == "execute":
            assert response.json()["status"] == 200
            assert got[0].json() == json.loads(JSON)["body"]
        else:
            assert got[0].body == JSON
        harness.assert_stays(connection)
        return got[0]
    return check


@pytest.fixture
def answers(upstream):
    """Lets a row say what the upstream answers."""
    def set_answers(*data):
        upstream.handler = scripted.fixed(*data)
        upstream.drop()  # connections that are kept alive have the answers of before
    yield set_answers
    upstream.handler = scripted.echo
