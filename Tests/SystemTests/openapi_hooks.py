"""What Schemathesis loads, beside the document, to call a Penstock; see test_openapi_fuzz.py.

What no schema can say of a body is put right here: where the upstream is, which accounts there are,
which fields are reserved. Only what the document allows is replaced, so that what it forbids still
arrives. The choice depends on the body alone, so that a failure can be replayed.
"""

import itertools
import json
import os
import re
import zlib

import schemathesis
from schemathesis.generation.meta import TestPhase

ENDPOINT = re.compile(r"(/|(/|[Hh][Tt][Tt][Pp][Ss]?://)[!\"$-.0-\[\]-~][!\"$-\[\]-~]*)\Z")
ENDPOINTS = ["/echo", "/echo?a=b&c", "/text", "/latin", "/none", "/empty", "/binary", "/cut",
             "/close", "/reset", "/nonsense", "/hang", "/stall", "/gzip", "/broken-gzip", "/large",
             "/redirect", "/unavailable", "/fields", "/not-json"]
ACCOUNTS = ["ca_base"] * 6 + ["ca_closed", "ca_off", "ca_open", "ca_none"]
NUMBERS = itertools.count()
RANGES = ["bytes=0-0", "bytes=-1", "bytes=5-", "bytes=0-99999999", "bytes=9-2", "abc",
          "bytes=0-1,3-4", "bytes=999999-"]
TOOLKITS = ["base", "base", "base", "none"]
SLUGS = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
# The header names that the document speaks of, without spelling them out.
RESERVED = re.compile(r"(authorization|connection|content-length|expect|forwarded|host|"
                      r"http2-settings|keep-alive|te|trailer|transfer-encoding|upgrade|via|"
                      r"accept-encoding|content-type|x-request-id|proxy-.*|x-forwarded-.*)\Z")


def name_toolkit(connection, body, choice):
    """One that there is, and not another than the session's own."""
    if isinstance(connection.get("toolkitSlug"), str):
        slug = body.get("toolkit_slug")
        connection["toolkitSlug"] = (slug if isinstance(slug, str)
                                     else TOOLKITS[choice // 64 % len(TOOLKITS)])


def give_key(body):
    """A key that the toolkit's account takes, which has a bearer token, to a valid body without."""
    connection = body.get("custom_connection_data") if isinstance(body, dict) else None
    if isinstance(connection, dict) and connection.get("authScheme") == "API_KEY":
        val = connection["val"]
        if all(val.get(name) is None for name in ("generic_api_key", "api_key", "bearer_token")):
            val["api_key"] = val["basic_encoded"]


@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict):
        choice = zlib.crc32(json.dumps(body, sort_keys=True).encode())
        if isinstance(body.get("endpoint"), str) and ENDPOINT.match(body["endpoint"]):
            body["endpoint"] = ENDPOINTS[choice % len(ENDPOINTS)]
        if isinstance(body.get("connected_account_id"), str):
            body["connected_account_id"] = ACCOUNTS[choice // 64 % len(ACCOUNTS)]
            if body["connected_account_id"] == "ca_open" and body.get("endpoint") in ENDPOINTS:
                body["endpoint"] = "https://127.0.0.1/refused"
        if isinstance(body.get("toolkit_slug"), str):
            body["toolkit_slug"] = TOOLKITS[choice // 64 % len(TOOLKITS)]
        if isinstance(body.get("custom_connection_data"), dict):
            name_toolkit(body["custom_connection_data"], body, choice)
        if isinstance(body.get("parameters"), list):
            for parameter in body["parameters"]:
                name = parameter.get("name") if isinstance(parameter, dict) else None
                if isinstance(name, str) and RESERVED.match(name.lower().replace("_", "-")):
                    parameter["name"] = "X-" + name
        binary = body.get("binary_body")
        if isinstance(binary, dict) and isinstance(binary.get("url"), str):
            binary["url"] = "http://127.0.0.1:9/refused"
    return body


@schemathesis.hook
def before_call(context, case, kwargs):
    """Boundary cases pass by map_body, and nobody could make up a link that Penstock has made."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.meta.phase.name == TestPhase.COVERAGE:
        case.body = map_body(context, case.body)
    give_key(case.body)
    link = os.environ.get("PENSTOCK_TEST_LINK")
    if link and case.operation.path == "/files/{id}" and next(NUMBERS) % 2 == 0:
        use_link(case, link)


def use_link(case, link):
    name, expires, signature = re.fullmatch(
        r".*/files/(.*)\?expires=(.*)&signature=(.*)", link).groups()
    case.path_parameters = {"id": name}
    case.query = {"expires": expires, "signature": signature}
    headers = case.headers
    if "Range" in headers:
        headers["Range"] = RANGES[next(NUMBERS) // 2 % len(RANGES)]
    if "If-None-Match" in headers and next(NUMBERS) % 3 == 0:
        headers["If-None-Match"] = f'"{name}"'


@schemathesis.hook
def map_headers(context, headers):
    """No two requests have one name, so that each has its own line in the log."""
    if headers and "x-request-id" in headers:
        headers["x-request-id"] = f"{str(headers['x-request-id'])[:50]}-{next(NUMBERS)}"
    return headers


@schemathesis.check
def errors_are_penstock_s_own(ctx, response, case):
    """No internal error, and whatever is one says so in the same way everywhere."""
    assert response.status_code != 500
    if response.status_code < 400 or case.method == "HEAD":
        return
    error = response.json()["error"]
    assert error["status"] == response.status_code
    assert error["request_id"] == response.headers["x-request-id"][0]
    assert SLUGS.match(error["slug"])


@schemathesis.check
def a_write_is_never_tried_again(ctx, response, case):
    """x-should-retry is true of what never left, and of idempotent methods alone."""
    body = case.body if isinstance(case.body, dict) else {}
    if response.status_code >= 400 and body.get("method") in ("POST", "PATCH"):
        if response.headers["x-should-retry"][0] == "true":
            assert response.json()["error"]["slug"] in (
                "upstream_connect_failed", "overloaded", "draining", "local_resource_exhausted")
