"""The document of the execute endpoint: valid, protected, and in step with the error table."""

import json

import openapi_spec_validator
import pytest

import harness
from harness import EXECUTE, Penstock, account, assert_error, error_table, request

# Counted or logged, and never said to anyone.
UNSAID = {"client_aborted", "client_body_timeout", "client_write_timeout", "shutdown_forced",
          "tunnel_idle", "upstream_unsolicited"}
METHODS = {"get", "head", "post"}


def strictly(pairs):
    members = dict(pairs)
    assert len(members) == len(pairs), f"a member stands twice: {[name for name, _ in pairs]}"
    return members


@pytest.fixture(scope="module")
def document(penstock):
    response = penstock.admin("/openapi.json")
    assert response.status == 200, response
    assert response.header("content-type") == "application/json"
    return json.loads(response.body, object_pairs_hook=strictly)


def found(node, document):
    """A part of the document, and what it refers to."""
    while "$ref" in node:
        name = node["$ref"]
        node = document
        for part in name.removeprefix("#/").split("/"):
            node = node[part]
    return node


def operations(document):
    return [(path, method, operation) for path, item in document["paths"].items()
            for method, operation in item.items() if method in METHODS]


def test_it_is_a_valid_document(document):
    openapi_spec_validator.validate(document)
    assert document["openapi"].startswith("3.1.")


def test_everything_that_it_defines_is_used(document):
    text = json.dumps(document)
    for kind, members in document["components"].items():
        for name in members:
            used = name in {"APIKey", "Bearer"} or f'"#/components/{kind}/{name}"' in text
            assert used, f"{kind}/{name}"


def test_it_describes_the_paths_of_the_data_plane(document):
    assert {(method, path) for path, method, _ in operations(document)} == {
        ("post", EXECUTE), ("post", "/api/v3/tools/execute/proxy"),
        ("post", "/api/v3.1/tool_router/session/{session_id}/proxy_execute"),
        ("get", "/files/{id}"), ("head", "/files/{id}"), ("get", "/healthz"), ("get", "/readyz")}


def test_its_slugs_and_statuses_are_those_of_the_error_table(document):
    """Every error but the unsaid ones, under the status that the table gives it."""
    table = {(status, slug) for _, slug, status, _ in error_table() if slug not in UNSAID}
    assert len(table) > 60
    documented, statuses = set(), set()
    for response in document["components"]["responses"].values():
        schema = next(iter(response.get("content", {}).values()), {}).get("schema", {})
        if schema.get("$ref") != "#/components/schemas/Error":
            continue
        if "properties" in schema:
            error = schema["properties"]["error"]["properties"]
            documented |= {(error["status"]["const"], slug) for slug in error["slug"]["enum"]}
    assert documented == table
    for _, _, operation in operations(document):
        for status, reference in operation["responses"].items():
            if int(status) >= 400:
                statuses.add(int(status))
                schema = found(reference, document)["content"]["application/json"]["schema"]
                error = schema["properties"]["error"]["properties"]
                assert error["status"]["const"] == int(status), reference
    assert statuses == {status for status, _ in table}


def test_every_answer_of_an_error_has_the_same_fields(document):
    for _, _, operation in operations(document):
        for status, reference in operation["responses"].items():
            headers = set(found(reference, document)["headers"])
            wanted = {"x-request-id"}
            if int(status) >= 400:
                wanted |= {"x-should-retry", "Proxy-Status"}
            extra = {"401": {"WWW-Authenticate"}, "405": {"Allow"}, "415": {"Accept-Encoding"},
                     "416": {"Content-Range"}, "429": {"Retry-After"}, "503": {"Retry-After"}}
            if "/File" in reference["$ref"] or "PartOfFile" in reference["$ref"]:
                wanted |= {"ETag", "Content-Disposition"}
            if status in ("206", "304"):
                wanted |= {"ETag"} | ({"Content-Range"} if status == "206" else set())
            assert headers == wanted | extra.get(status, set()), (status, headers)


def test_it_names_every_field_of_an_envelope(document):
    schemas = document["components"]["schemas"]
    common = {"endpoint", "method", "body", "binary_body", "parameters", "custom_connection_data"}
    assert set(schemas["Call"]["properties"]) == common
    assert schemas["Call"]["properties"]["method"]["enum"] == [
        "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"]
    assert set(schemas["ExecuteRequest"]["allOf"][1]["properties"]) == {
        "connected_account_id", "user_id"}
    assert set(schemas["SessionRequest"]["allOf"][1]["properties"]) == {"toolkit_slug"}
    assert set(schemas["BinaryBody"]["properties"]) == {"url", "base64", "content_type"}
    assert set(schemas["Parameter"]["properties"]) == {"name", "value", "type", "in"}
    assert set(schemas["ExecuteAnswer"]["properties"]) == {"data", "status", "headers",
                                                           "binary_data"}


# --- Served with the admin plane's protections ----------------------------------------------

def test_a_browser_runs_and_frames_nothing_of_it(penstock):
    response = penstock.admin("/openapi.json")
    assert response.header("content-security-policy") == (
        "default-src 'none'; frame-ancestors 'none'")
    assert response.header("x-content-type-options") == "nosniff"


def test_a_query_makes_no_difference_and_head_has_no_body(penstock, document):
    assert json.loads(penstock.admin("/openapi.json?x=y").body) == document
    head = penstock.admin("/openapi.json", method="HEAD")
    assert head.status == 200 and head.body == b""
    assert head.header("content-length") == str(len(penstock.admin("/openapi.json").body))


@pytest.mark.parametrize("headers", [
    [("Origin", "http://evil.example")], [("Sec-Fetch-Site", "cross-site")],
    [("Sec-Fetch-Site", "same-site")]])
def test_a_foreign_page_gets_nothing_of_it(penstock, headers):
    assert_error(penstock.admin("/openapi.json", headers), 404, "not_found")


def test_an_unknown_host_gets_nothing_of_it(penstock):
    connection = harness.connect(penstock.admin_port)
    assert_error(connection.exchange(request("GET", "/openapi.json", host="evil.example")), 404,
                 "not_found")
    connection.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_it_is_only_read(penstock, method):
    response = penstock.admin("/openapi.json", method=method)
    assert_error(response, 405, "method_not_allowed")
    assert response.header("allow") == "GET, HEAD"


def test_other_planes_do_not_have_it(upstream):
    port = harness.free_port()
    with Penstock({"accounts": [account(upstream)],
                   "metrics": {"listen": f"127.0.0.1:{port}"}}) as penstock:
        assert_error(penstock.probe("/openapi.json"), 404, "not_found")
        connection = harness.connect(port)
        assert_error(connection.exchange(request("GET", "/openapi.json")), 404, "not_found")
        connection.close()
