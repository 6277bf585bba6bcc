"""C5: a relative endpoint is joined to the base URL and never leaves it."""

import re

import pytest

import harness
from harness import Penstock, account
from resolution_cases import (BAD_PATH, MALFORMED, MALFORMED_OR_FOREIGN, call, echoed, every,
                              refused, stream)

DOT_SEGMENTS = ["/../admin", "/a/../../admin", "/./x", "/a/..", "/..", "/.", "/a/.", "/a/./b",
                "/x/../../../../etc/passwd", "/../admin?a=b", "/..?a=b"]

ENCODED_DOT_SEGMENTS = [
    "/%2e%2e/admin", "/%2E./x", "/.%2e/x", "/.%2E", "/%2e/x", "/%2e", "/a/%2E%2e", "/..%2fadmin",
    "/%2e%2e%2fadmin", "/a%2f..", "/a%2F../b", "/a%2f%2e%2e%2fb", "/..%5cadmin", "/a%5c..",
    "/%2e%2e%5cadmin", "/%252e%252e/", "/%252e%252e%252fadmin", "/.%252e/x", "/..%252fadmin",
    "/..;/admin", "/a/..;x=y/b", "/a;/../b", "/%2e%2e;/admin", "/..%3b/admin",
    "/%c0%ae%c0%ae/", "/%c0%ae%c0%ae/admin", "/%u002e%u002e/", "/%u002e%u002e/admin"]

RAW_CONTROLS = ["/x\r\nHost: evil\r\n\r\nGET /y", "/x\nX: y", "/x\ry", "/x y", " /x", "/x ",
                "/x\tz", "/café", "/x\u0000", "/x\u001b[0m", "/x\u007f", "/x\u0085", "/x\u2028",
                "/x?a=b c", "/x?a=\u0000", "/x?a=\r\nX: y", "/x?é"]


@pytest.fixture(scope="module")
def penstock(upstream):
    config = {"accounts": [account(upstream, id="ca_base", base_url=upstream.url + "/base/v1"),
                           account(upstream, id="ca_root")]}
    with Penstock(config) as server:
        yield server


def test_what_is_joined_arrives_byte_for_byte(penstock, upstream):
    """Row 146."""
    def check(case):
        path, target = case
        assert echoed(call(penstock, path))["target"] == target
        assert echoed(stream(penstock, path))["target"] == target

    paths = ["/x", "/", "/x/", "/x?a=b&c=%20d", "/x?", "/x?a=b?c=d", "/a%2Fb", "/a%20b%C3%A9",
             "/a;b=c/d", "/x?q=a+b%2B", "/~!$&'()*+,;=:@", "/...", "/a..b", "/..a", "/x%2e", "/.x"]
    every([(path, "/base/v1" + path) for path in paths], check)


def test_a_base_url_without_a_path_adds_none(penstock, upstream):
    """Row 146."""
    assert echoed(call(penstock, "/x?a=b", account="ca_root"))["target"] == "/x?a=b"
    assert echoed(call(penstock, "/", account="ca_root"))["target"] == "/"
    assert echoed(stream(penstock, "/x?a=b", account="ca_root"))["target"] == "/x?a=b"


def test_host_is_the_base_url_s(penstock, upstream):
    for response in (call(penstock), stream(penstock, "/x")):
        hosts = [value for name, value in echoed(response)["headers"] if name == "host"]
        assert hosts == [f"127.0.0.1:{upstream.port}"]


def test_an_endpoint_must_begin_with_a_slash(penstock, upstream):
    """Row 147."""
    cases = ["x", "", "?q", "#f", ".", "..", "x/y"]
    refused(MALFORMED | "validation_error" | "missing_field", cases,
            lambda endpoint: call(penstock, endpoint), upstream)


def test_a_second_slash_or_a_backslash_is_no_way_out(penstock, upstream):
    """Row 148."""
    cases = ["//evil.example/x", "///evil.example", "////evil.example", "/\\evil.example",
             "\\\\evil.example", "\\/evil.example", "/%2f/evil.example", "/%5cevil.example",
             "/%2F%2Fevil.example", "/%5C%5Cevil.example", "/x\\y",
             f"//127.0.0.1:{upstream.port}/x"]
    for name in ("ca_base", "ca_root"):
        refused(MALFORMED_OR_FOREIGN, cases,
                lambda endpoint, name=name: call(penstock, endpoint, account=name), upstream)


def test_the_streaming_route_never_takes_an_authority_from_its_path(penstock, upstream):
    """Row 148: what passes there is path bytes of the base origin."""
    def check(path):
        response = stream(penstock, path, account="ca_root")
        if response.status == 200:
            assert echoed(response)["target"] == path
        else:
            harness.assert_error(response, BAD_PATH.status, BAD_PATH.slugs)

    every(["//evil.example/x", "///evil.example", "/%2f/evil.example", "/%5cevil.example",
           "/http://evil.example/", "/@evil.example/"], check)
    refused(BAD_PATH, ["/\\evil.example", "/a\\..\\b"],
            lambda path: stream(penstock, path, account="ca_root"))


def test_nothing_is_glued_to_the_base_url(penstock, upstream):
    """Row 149."""
    refused(MALFORMED, ["@evil.example/", ".evil.example/", ":8080/x", "-evil", ":80", "%40evil/",
                        ";x", "&x"],
            lambda endpoint: call(penstock, endpoint, account="ca_root"), upstream)


def test_a_dot_segment_is_refused(penstock, upstream):
    """Row 172."""
    refused(MALFORMED | "dot_segments", DOT_SEGMENTS, lambda path: call(penstock, path), upstream)
    refused(BAD_PATH, DOT_SEGMENTS, lambda path: stream(penstock, path), upstream)


def test_a_dot_segment_is_refused_in_every_encoding(penstock, upstream):
    """Row 173."""
    refused(MALFORMED | "dot_segments", ENCODED_DOT_SEGMENTS,
            lambda path: call(penstock, path), upstream)
    refused(BAD_PATH, ENCODED_DOT_SEGMENTS, lambda path: stream(penstock, path), upstream)


def test_a_dot_segment_of_an_absolute_endpoint_is_refused(penstock, upstream):
    """Rows 172 and 173."""
    refused(MALFORMED | "dot_segments", [upstream.url + path
                                         for path in DOT_SEGMENTS + ENCODED_DOT_SEGMENTS],
            lambda endpoint: call(penstock, endpoint), upstream)


def test_an_encoded_control_character_is_refused(penstock, upstream):
    """Row 174."""
    cases = ["/x%00", "/x%0d%0aHost:%20evil", "/x%0aSet-Cookie", "/x%0D", "/x%1f", "/x%7F",
             "/x%09", "/%00"]
    refused(MALFORMED, cases, lambda path: call(penstock, path), upstream)


def test_the_streaming_route_never_decodes_a_control_character(penstock, upstream):
    """Row 174."""
    def check(path):
        response = stream(penstock, path)
        if response.status == 200:
            assert echoed(response)["target"] == "/base/v1" + path
        else:
            harness.assert_error(response, BAD_PATH.status, BAD_PATH.slugs)

    every(["/x%00", "/x%0d%0aHost:%20evil", "/x%0aSet-Cookie"], check)


def test_a_raw_control_character_space_or_non_ascii_is_refused(penstock, upstream):
    """Row 175."""
    refused(MALFORMED, RAW_CONTROLS, lambda path: call(penstock, path), upstream)
    for path in ("/x\tz", "/x\u0000", "/caf\u00e9", "/x y", "/x\ry"):
        refused(BAD_PATH, [path], lambda path: stream(penstock, path), upstream)


def test_a_query_may_say_anything_and_a_fragment_nothing(penstock, upstream):
    """Row 176."""
    def check(path):
        assert echoed(call(penstock, path))["target"] == "/base/v1" + path
        assert echoed(stream(penstock, path))["target"] == "/base/v1" + path

    every(["/x?u=//evil", "/x?..=%2e%2e", "/x?../../y", "/x?u=http://evil.example/@a:b"], check)
    upstream.begin_row()
    refused(MALFORMED, ["/x?a=b#frag", "/x#", "/#/y", "/x#?a=b"],
            lambda path: call(penstock, path), upstream)
    refused(BAD_PATH, ["/x?a=b#frag", "/x#"], lambda path: stream(penstock, path), upstream)


def test_an_endpoint_has_a_longest_length(penstock, upstream):
    """Row 177."""
    longest = "/" + "x" * 8191
    assert echoed(call(penstock, longest, account="ca_root"))["target"] == longest
    upstream.begin_row()
    too_long = ["/" + "x" * 8192, "/x?" + "a" * 8190, upstream.url + "/" + "x" * 8192]
    refused(MALFORMED | "endpoint_too_long", too_long,
            lambda endpoint: call(penstock, endpoint, account="ca_root"), upstream)
    harness.assert_error(stream(penstock, "/" + "x" * 8192), 414, "uri_too_long")


def test_a_template_is_no_template(penstock, upstream):
    """Row 178."""
    for path in ("/{{token}}", "/${env:HOME}", "/%7B%7Btoken%7D%7D", "/x?t={{token}}"):
        target = echoed(call(penstock, path))["target"]
        assert target == "/base/v1" + path
        assert not re.search("upstream-secret", target)
