"""C5: query parameters arrive as what they are, and never beside the injected one."""

import urllib.parse

import pytest

import harness
from harness import Penstock, account
from resolution_cases import (RESERVED_PARAMETER, Verdict, call, echoed, every, query, refused,
                              stream)

SECRET = "upstream secret&of=query/+?%"


@pytest.fixture(scope="module")
def penstock(upstream):
    config = {"accounts": [
        account(upstream, id="ca_base", base_url=upstream.url + "/base"),
        {"id": "ca_query", "base_url": upstream.url,
         "auth": {"type": "query", "name": "api_key", "value": SECRET}}]}
    with Penstock(config, secrets=[urllib.parse.quote(SECRET, safe="")]) as server:
        yield server


def parsed(target):
    """The pairs of a target's query, which must be well formed."""
    assert all(0x21 <= ord(each) <= 0x7e for each in target), target
    return urllib.parse.parse_qsl(target.partition("?")[2], keep_blank_values=True,
                                  strict_parsing=True)


def test_a_query_parameter_arrives_as_exactly_one_pair(penstock):
    """Row 179."""
    def check(pair):
        got = echoed(call(penstock, "/x", parameters=[query(*pair)]))
        assert got["target"].startswith("/base/x?")
        assert parsed(got["target"]) == [pair]

    every([("a", "b"), ("a", ""), ("a&b", "c&d"), ("a=b", "c=d"), ("a#b", "c#d"), ("a%b", "c%d"),
           ("a%26b", "%3D"), ("a+b", "c+d"), ("a b", "c d"), ("é", "ü€😀"), ("a?b", "c?d"),
           ("a/b", "../.."), ("a;b", "c;d"), ("[]", "{}"), ("a'\"", "<>\\^`|"), ("a,b", "c@d:e"),
           ("x[]", "1"), ("~-._", "~-._"), ("a", "\t")], check)


def test_query_parameters_are_appended_in_their_order(penstock):
    pairs = [("b", "1"), ("a", "2"), ("b", "3"), ("b", "1")]
    parameters = [query(*pair) for pair in pairs]
    assert parsed(echoed(call(penstock, parameters=parameters))["target"]) == pairs
    target = echoed(call(penstock, "/x?z=%20d&b=0", parameters=parameters))["target"]
    assert target.startswith("/base/x?z=%20d&b=0&")
    assert parsed(target) == [("z", " d"), ("b", "0")] + pairs


def test_a_query_parameter_after_a_bare_question_mark_stays_well_formed(penstock):
    assert parsed(echoed(call(penstock, "/x?", parameters=[query("a", "b")]))["target"]) == [
        ("a", "b")]


def test_in_is_another_name_for_type(penstock):
    got = echoed(call(penstock, parameters=[{"name": "a", "value": "b", "in": "query"},
                                            {"name": "X-A", "value": "c", "in": "header"}]))
    assert parsed(got["target"]) == [("a", "b")]
    assert ["x-a", "c"] in got["headers"]


def test_a_line_break_or_nul_in_a_query_parameter_is_refused(penstock, upstream):
    """Row 179."""
    controls = ["a\r\nb", "a\nb", "a\rb", "a\0b", "\r\n", "\0"]
    verdict = Verdict(400, "invalid_parameter", "invalid_query_parameter", "validation_error",
                      "invalid_endpoint", "invalid_parameter_value", "invalid_parameter_name")
    refused(verdict, [("a", text) for text in controls] + [(text, "a") for text in controls],
            lambda pair: call(penstock, parameters=[query(*pair)]), upstream)


def test_the_injected_parameter_is_appended_once(penstock):
    """Row 180."""
    for response in (call(penstock, "/x?a=b", account="ca_query"),
                     stream(penstock, "/x?a=b", account="ca_query")):
        assert sorted(parsed(echoed(response)["target"])) == [("a", "b"), ("api_key", SECRET)]
    for response in (call(penstock, "/x", account="ca_query"),
                     stream(penstock, "/x", account="ca_query")):
        assert parsed(echoed(response)["target"]) == [("api_key", SECRET)]


SPELLINGS = ["api_key", "API_KEY", "Api_Key", "api%5fkey", "api%5Fkey", "%61pi_key",
             "%41PI%5FKEY", "%61%70%69%5f%6b%65%79"]


def test_an_endpoint_may_not_bring_the_injected_parameter(penstock, upstream):
    """Row 180."""
    cases = [f"/x?{name}=evil" for name in SPELLINGS]
    cases += ["/x?api_key", "/x?api_key=", "/x?a=b&api_key=evil", "/x?api_key=evil&a=b",
              "/x?api_key=a&api_key=b", "/x?&api_key=evil"]
    cases += [upstream.url + case for case in cases[:3]]
    refused(RESERVED_PARAMETER, cases,
            lambda endpoint: call(penstock, endpoint, account="ca_query"), upstream)


def test_a_parameter_may_not_be_the_injected_one(penstock, upstream):
    """Row 180."""
    refused(RESERVED_PARAMETER, ["api_key", "API_KEY", "Api_Key", "aPI_kEY"],
            lambda name: call(penstock, account="ca_query", parameters=[query(name, "evil")]),
            upstream)


def test_a_parameter_that_only_resembles_the_injected_one_passes(penstock):
    """Row 180; a parameter's name is encoded once more, so `%5f` is three characters of it."""
    for name in ("api_key2", "xapi_key", "api-key", "api%5fkey", "api_key "):
        got = echoed(call(penstock, account="ca_query", parameters=[query(name, "mine")]))
        assert sorted(parsed(got["target"])) == sorted([(name, "mine"), ("api_key", SECRET)])


def test_the_streaming_route_drops_the_injected_parameter(penstock):
    """Row 180: the upstream sees exactly one, ours."""
    def check(name):
        for query_text in (f"{name}=evil&a=b", f"a=b&{name}=evil", f"{name}=x&a=b&{name}=y"):
            got = echoed(stream(penstock, f"/x?{query_text}", account="ca_query"))
            assert sorted(parsed(got["target"])) == [("a", "b"), ("api_key", SECRET)]
        got = echoed(stream(penstock, f"/x?{name}=evil", account="ca_query"))
        assert parsed(got["target"]) == [("api_key", SECRET)]

    every(SPELLINGS, check)


def test_another_account_may_use_that_name_itself(penstock):
    got = echoed(call(penstock, "/x?api_key=mine", parameters=[query("api_key", "too")]))
    assert parsed(got["target"]) == [("api_key", "mine"), ("api_key", "too")]


def test_the_injected_parameter_is_in_no_log(penstock):
    response = call(penstock, "/x?a=value-of-a", account="ca_query")
    line = penstock.access_line(response.request_id)
    assert "value-of-a" not in str(line)
    assert "upstream secret" not in str(line)


def test_the_number_of_parameters_is_bounded(penstock, upstream):
    many = [query("a", str(number)) for number in range(100)]
    assert len(parsed(echoed(call(penstock, parameters=many))["target"])) == 100
    upstream.begin_row()
    for count in (101, 10_000):
        response = call(penstock, parameters=[query("a", "b")] * count)
        harness.assert_error(response, 400, "too_many_parameters")
    assert upstream.connections == 0
