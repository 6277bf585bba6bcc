"""C5: a redirect is an answer, and an answer leaves nothing behind."""

import pytest

import scripted
from harness import Penstock, Upstream, account
from resolution_cases import call, echoed, every, inner, stream

STATUSES = [(301, "Moved Permanently"), (302, "Found"), (303, "See Other"),
            (307, "Temporary Redirect"), (308, "Permanent Redirect"), (300, "Multiple Choices")]


@pytest.fixture(scope="module")
def elsewhere():
    """Where the redirects point; nobody may come."""
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(upstream):
    with Penstock({"accounts": [account(upstream, id="ca_base")]}) as server:
        yield server


def test_a_redirect_is_returned_and_not_followed(penstock, upstream, elsewhere, answers):
    """Row 181."""
    places = [elsewhere.url + "/y", upstream.url + "/y", "/y", "http://10.0.0.1/y",
              "http://169.254.169.254/latest", "file:///etc/passwd", "//evil.example/y"]

    def check(case):
        (status, reason), place = case
        answers(scripted.answer(b"{}", status, reason, [("Location", place)]))
        upstream.begin_row()
        got = inner(call(penstock, "/x", method="POST", body={"a": 1}))
        assert got["status"] == status
        assert got["headers"]["location"] == place
        assert got["data"] == {}
        response = stream(penstock, "/x")
        assert response.status == status
        assert response.header("location") == place
        assert [each.target for each in upstream.requests] == ["/x", "/x"]
        assert elsewhere.connections == 0, "it was followed"

    every([(status, place) for status in STATUSES for place in places], check)


def test_an_answer_leaves_no_state_behind(penstock, upstream, answers):
    """Row 182: no cookies, no HSTS, no alternative services, no refresh."""
    fields = [("Set-Cookie", "session=s1; Path=/"), ("Set-Cookie", "b=2"),
              ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
              ("Alt-Svc", 'h3=":443"; ma=2592000'), ("Refresh", "0; url=http://10.0.0.1/"),
              ("Clear-Site-Data", '"*"')]
    answers(scripted.answer(b"{}", headers=fields))
    got = inner(call(penstock, "/x"))
    assert got["headers"]["set-cookie"] == "session=s1; Path=/\nb=2"
    for name, value in fields[2:]:
        assert got["headers"][name.lower()] == value
    response = stream(penstock, "/x")
    assert response.all("set-cookie") == ["session=s1; Path=/", "b=2"]
    upstream.handler = scripted.echo
    upstream.begin_row()
    for response in (call(penstock, "/x"), stream(penstock, "/x")):
        described = echoed(response)
        assert not [name for name, _ in described["headers"] if name == "cookie"]
        assert ["host", f"127.0.0.1:{upstream.port}"] in described["headers"]
