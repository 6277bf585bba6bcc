"""C2, rows 93 to 95: what every answer carries, whoever asked for it."""

import datetime
import email.utils
import re

import pytest

from good_requests import call
from harness import EXECUTE, KEY, Penstock, account, assert_error, assert_stays, execute, request

BODY_LIMIT = 65536


@pytest.fixture(scope="module")
def penstock(upstream):
    config = {"accounts": [account(upstream)], "limits": {"execute_body_bytes": BODY_LIMIT}}
    with Penstock(config) as server:
        yield server


FIXDATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|"
                     r"Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT")
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

ANSWERS = [
    pytest.param(request("GET", "/healthz"), 200, id="healthz"),
    pytest.param(request("GET", "/readyz"), 200, id="readyz"),
    pytest.param(request("HEAD", "/readyz"), 200, id="head"),
    pytest.param(call(), 200, id="execute"),
    pytest.param(request("OPTIONS", "*"), 204, id="options"),
    pytest.param(b"garbage\r\n\r\n", 400, id="malformed"),
    pytest.param(execute(b"{"), 400, id="json"),
    pytest.param(call(key="wrong"), 401, id="key"),
    pytest.param(request("GET", "/nowhere"), 404, id="path"),
    pytest.param(call("ca_nobody"), 404, id="account"),
    pytest.param(request("POST", "/healthz"), 405, id="method"),
    pytest.param(call(headers={"Content-Length": BODY_LIMIT + 1}), 413, id="length"),
    pytest.param(request("GET", "/" + "a" * 9000), 414, id="target"),
    pytest.param(call(headers={"Expect": "x"}), 417, id="expect"),
    pytest.param(request("GET", "/healthz", {"X": "v" * 9000}), 431, id="field"),
    pytest.param(request("A" * 40, "/healthz"), 501, id="not implemented"),
    pytest.param(request("GET", "/healthz", version="HTTP/2.0"), 505, id="version"),
]


@pytest.mark.parametrize("data, status", ANSWERS)
def test_row_093_fields_of_every_answer(penstock, data, status):
    response = penstock.connect().exchange(data)
    assert response.status == status
    date = response.header("date")
    assert FIXDATE.fullmatch(date), date
    age = datetime.datetime.now(datetime.timezone.utc) - email.utils.parsedate_to_datetime(date)
    assert abs(age.total_seconds()) < 3
    assert REQUEST_ID.fullmatch(response.request_id)
    framing = response.all("content-length") + response.all("transfer-encoding")
    assert len(framing) == (0 if status == 204 else 1), response
    if status != 204:
        assert response.header("content-type")
    if status >= 400:
        assert_error(response, status)
    else:
        assert "error=" not in (response.header("proxy-status") or "")


@pytest.mark.parametrize("method, target, allowed", [
    ("POST", "/healthz", {"GET", "HEAD"}), ("DELETE", "/readyz", {"GET", "HEAD"}),
    ("GET", EXECUTE, {"POST"}), ("PUT", "/api/v3/tools/execute/proxy", {"POST"}),
    ("GET", "/api/v3.1/tool_router/session/s1/proxy_execute", {"POST"}),
    ("POST", "/files/0123", {"GET", "HEAD"}),
])
def test_row_094_allow(penstock, method, target, allowed):
    connection = penstock.connect()
    response = connection.exchange(request(method, target, {"x-api-key": KEY}))
    assert_error(response, 405, "method_not_allowed")
    assert {each.strip() for each in response.header("allow").split(",")} - {"OPTIONS"} == allowed
    assert_stays(connection)


@pytest.mark.parametrize("id", ["a", "row95-A.b_c-9", "x" * 64])
def test_row_095_request_id_echoed(penstock, upstream, id):
    response = penstock.connect().exchange(call(headers={"X-Request-Id": id}))
    assert response.request_id == id
    assert upstream.requests[0].header("x-request-id") == id
    assert penstock.access_line(id)["status"] == 200


def test_row_095_request_id_in_an_error(penstock):
    response = penstock.connect().exchange(
        call("ca_nobody", {"X-Request-Id": "row95-error"}))
    assert_error(response, 404, "connected_account_not_found")
    assert response.request_id == "row95-error"


@pytest.mark.parametrize("id", [
    "", "a b", '"quoted"', "a%0d%0aX-Inj:%201", "y" * 65, "y" * 8000, "\xfc", "a,b", "../x",
    "<script>", "{}", "a\tb",
], ids=lambda id: repr(id)[:24])
def test_row_095_request_id_replaced(penstock, upstream, id):
    connection = penstock.connect()
    response = connection.exchange(call(headers={"X-Request-Id": id}))
    assert response.status == 200
    assert REQUEST_ID.fullmatch(response.request_id) and response.request_id != id
    assert upstream.requests[0].header("x-request-id") == response.request_id
    assert not response.all("x-inj")
    penstock.access_line(response.request_id)
    if len(id) > 4:
        assert id not in penstock.log_text()


def test_row_095_request_id_of_10_kib(penstock):
    """Past the limit of a field's value, which answers first."""
    response = penstock.connect().exchange(
        request("GET", "/healthz", {"X-Request-Id": "z" * 10_240}))
    assert_error(response, 431, "headers_too_large")
    assert REQUEST_ID.fullmatch(response.request_id)
    penstock.access_line(response.request_id)
    assert "z" * 65 not in penstock.log_text()


def test_row_095_two_request_ids(penstock):
    """Neither of two is the one; which is left open."""
    connection = penstock.connect()
    response = connection.exchange(
        call(headers=[("X-Request-Id", "row95-one"), ("X-Request-Id", "row95-two")]))
    assert response.status in (200, 400)
    assert REQUEST_ID.fullmatch(response.request_id)
