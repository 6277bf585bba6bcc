"""The official client's calls, field by field, with nothing changed but its base URL.

Every test runs with the synchronous client and with the asynchronous one.
"""

import asyncio
import json
import threading
import time

import pytest
from composio_client import AsyncComposio, Composio

import official_client
import scripted
from harness import KEY, PATIENCE
from scripted import answer

no_detour, up, penstock = official_client.no_detour, official_client.up, official_client.penstock
client, serve = official_client.client, official_client.serve

HEADER = {"name": "X-A", "value": "b c", "type": "header"}
QUERY = {"name": "q", "value": "a&b=ü", "type": "query"}


# --- What goes up ---------------------------------------------------------------------------

@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_every_method_works_with_parameters_and_a_body(client, up, method):
    more = {} if method in ("GET", "HEAD") else {"body": {"id": 12345678901234567890, "a": ["é"]}}
    answered = client.proxy(endpoint="/repos/x?page=1", method=method,
                            parameters=[HEADER, QUERY], **more)
    assert answered.status == 200
    assert answered.headers["content-type"] == "application/json"
    assert answered.binary_data is None
    got = up.requests[0]
    assert len(up.requests) == 1
    assert got.method == method
    assert got.target == "/repos/x?page=1&q=a%26b%3D%C3%BC"
    assert got.header("x-a") == "b c"
    assert got.header("authorization") == "Bearer upstream-secret-of-ca_base"
    if method == "HEAD":
        assert answered.data is None
    else:
        assert answered.data["method"] == method
    if more:
        assert got.json() == more["body"]
        assert got.header("content-type") == "application/json"
    else:
        assert got.body == b"" and not got.all("content-type")


@pytest.mark.parametrize("body, sent", [
    ({}, b"{}"), ([], b"[]"), (False, b"false"), (0, b"0"), ("", b'""'), ("é", '"é"'.encode()),
    ([None, {"a": None}], b'[null,{"a":null}]'), (1.1, b"1.1"), (1e300, b"1e+300"),
    ({"a": {"b": [1, [2, [3]]]}}, b'{"a":{"b":[1,[2,[3]]]}}'),
    ("a\"b\\c/d\n\t\x01\u2028", '"a\\"b\\\\c/d\\n\\t\\u0001\u2028"'.encode())])
def test_a_body_goes_up_as_the_client_wrote_it(client, up, body, sent):
    client.proxy(method="POST", body=body)
    got = up.requests[0]
    assert got.body == sent
    assert got.header("content-type") == "application/json"
    assert got.header("content-length") == str(len(sent))


def test_a_string_under_a_type_of_its_own_goes_up_as_text(client, up):
    client.proxy(method="POST", body="a=1&b=%20", parameters=[
        {"name": "Content-Type", "value": "application/x-www-form-urlencoded", "type": "header"}])
    got = up.requests[0]
    assert got.body == b"a=1&b=%20"
    assert got.all("content-type") == ["application/x-www-form-urlencoded"]


def test_parameters_are_sent_in_their_order(client, up):
    named = [{"name": "X-A", "value": value, "type": "header"} for value in ("1", "2", "")]
    asked = [{"name": "q", "value": value, "type": "query"} for value in ("b", "a", "")]
    client.proxy(parameters=[named[0], asked[0], named[1], asked[1], named[2], asked[2]])
    got = up.requests[0]
    assert got.all("x-a") == ["1", "2", ""]
    assert got.target == "/x?q=b&q=a&q="


def test_parameters_may_come_from_an_iterator(client, up):
    client.proxy(parameters=(each for each in (HEADER, QUERY)))
    assert up.requests[0].header("x-a") == "b c"


def test_explicit_nulls_and_no_account_are_fine(client, up):
    answered = client.proxy(method="POST", body=None, binary_body=None, parameters=None,
                            custom_connection_data=None, connected_account_id=None)
    assert answered.status == 200
    got = up.requests[0]
    assert got.header("authorization") == "Bearer upstream-secret-of-ca_base"
    assert got.body == b"" and got.header("content-length") == "0"


def test_an_absolute_endpoint_works(client, up):
    answered = client.proxy(endpoint=up.url + "/abs?x=y")
    assert answered.data["target"] == "/abs?x=y"


def test_nothing_of_the_client_itself_goes_upstream(client, up):
    client.proxy(extra_query={"in": "the-outer-query"}, extra_headers={"X-Mine": "outer"})
    head = up.requests[0].raw_head.lower()
    for token in (b"composio", b"stainless", b"x-api-key", KEY.encode(), b"python", b"outer",
                  b"x-mine"):
        assert token not in head, head


def test_fields_that_are_not_known_are_ignored(client, up, penstock):
    raw = client.raw(extra_body={"user_id": "user-17", "version": "latest", "x": [1]})
    assert raw.status_code == 200
    assert penstock.access_line(raw.headers["x-request-id"])["user_id"] == "user-17"
    assert b"user-17" not in up.received


# --- What comes down ------------------------------------------------------------------------

@pytest.mark.parametrize("status", [200, 201, 204, 301, 400, 401, 403, 404, 409, 418, 422, 429,
                                    500, 502, 503, 504])
def test_an_upstream_s_status_is_an_answer_and_no_exception(client, up, serve, status):
    data = b"HTTP/1.1 204 No Content\r\n\r\n" if status == 204 else answer(
        {"message": "said"}, status, "Reason", [("X-Rate", "1"), ("Retry-After", "1")])
    serve(scripted.fixed(data))
    answered = client.proxy(method="POST")
    assert answered.status == status
    assert answered.data == (None if status == 204 else {"message": "said"})
    if status != 204:
        assert (answered.headers["x-rate"], answered.headers["retry-after"]) == ("1", "1")
    assert len(up.requests) == 1, "the client tried again"


@pytest.mark.parametrize("data", [
    {}, [], None, True, 0, "", "text", [1, {"a": [None]}], {"a": {"b": "é😀\u2028"}},
    {"data": 1, "status": 404, "headers": 7, "binary_data": {"url": "x"}}])
def test_json_is_the_data_itself(client, serve, data):
    text = json.dumps(data, ensure_ascii=False).encode()
    serve(scripted.fixed(answer(text)))
    answered = client.proxy()
    assert (answered.status, answered.data) == (200, data)
    assert type(answered.data) is type(data)
    assert answered.binary_data is None


@pytest.mark.parametrize("content_type, body, text", [
    ("text/plain; charset=utf-8", "grüße\n".encode(), "grüße\n"),
    ("text/plain; charset=iso-8859-1", b"gr\xfc\xdfe", "grüße"),
    ("text/html", b"<p>\"</p>", '<p>"</p>'), ("application/xml", b"<a/>", "<a/>"),
    ("application/json", b"{'a': 1}", "{'a': 1}"), (None, b"plain", "plain")])
def test_text_is_a_string(client, serve, content_type, body, text):
    serve(scripted.fixed(answer(body, content_type=content_type)))
    assert client.proxy().data == text


def test_repeated_headers_are_one_string(client, serve):
    serve(scripted.fixed(answer({}, headers=[("X-A", "1"), ("x-a", "2"), ("Set-Cookie", "a=1"),
                                             ("Set-Cookie", "b=2, c"), ("Connection", "X-Hop"),
                                             ("X-Hop", "1")])))
    headers = client.proxy().headers
    assert (headers["x-a"], headers["set-cookie"]) == ("1, 2", "a=1\nb=2, c")
    assert not {"x-hop", "connection", "transfer-encoding"} & set(headers)


def test_the_request_id_is_there_to_be_read(client, penstock):
    name = f"mine-{client.kind}"
    raw = client.raw(extra_headers={"x-request-id": name})
    assert raw.headers["x-request-id"] == name
    assert penstock.access_line(name)["status"] == 200
    parsed = client.run(raw.parse()) if client.runner else raw.parse()
    assert parsed.status == 200


def test_a_large_answer_arrives_whole(client, serve):
    serve(scripted.fixed(answer([{"n": number, "text": "é" * 20} for number in range(5000)])))
    assert [item["n"] for item in client.proxy().data] == list(range(5000))


def test_an_answer_of_many_megabytes_arrives_whole(client, serve):
    text = "é" * (16 << 20)
    serve(scripted.fixed(answer(text.encode(), content_type="text/plain; charset=utf-8")))
    assert client.proxy().data == text


def test_an_envelope_of_many_megabytes_goes_up_whole(client, up):
    text = "x" * (8 << 20)
    assert client.proxy(method="POST", body=text).data["body_length"] == len(text) + 2
    assert up.requests[0].body == f'"{text}"'.encode()


# --- Many at once ---------------------------------------------------------------------------

def test_a_hundred_calls_at_once_do_not_wait_for_each_other(penstock, up, serve):
    """The upstream answers none of them before it has all of them."""
    count = 100
    everyone = threading.Barrier(count)

    def together(connection):
        while request := connection.read_request():
            everyone.wait(10 * PATIENCE)
            connection.send(answer(scripted.described(request)))

    async def calls():
        async with AsyncComposio(api_key=KEY, max_retries=0,
                                 base_url=f"http://127.0.0.1:{penstock.port}") as client:
            return await asyncio.gather(*(
                client.tools.proxy(endpoint=f"/{number}", method="POST", body={"n": number},
                                   connected_account_id="ca_base") for number in range(count)))

    serve(together)
    start = time.monotonic()
    answered = asyncio.run(calls())
    assert time.monotonic() - start < 5 * PATIENCE
    assert [each.data["target"] for each in answered] == [f"/{number}" for number in range(count)]
    assert [each.data["body"] for each in answered] == [
        '{"n":%d}' % number for number in range(count)]
    assert up.connections == count


def test_a_hundred_calls_of_all_kinds_at_once_get_each_its_own(penstock, up):
    """Answers and refusals, over connections that both sides keep."""
    async def one(client, number):
        kind = number % 4
        fields = [{"method": "POST", "body": {"n": number}}, {"method": "GET"},
                  {"method": "GET", "connected_account_id": "ca_none"},
                  {"method": "OPTIONS"}][kind]
        call = {"endpoint": f"/{number}", "connected_account_id": "ca_base", **fields}
        try:
            return (await client.tools.proxy(**call)).data["target"]
        except Exception as error:
            return error.body["error"]["slug"]

    async def calls():
        async with AsyncComposio(api_key=KEY,
                                 base_url=f"http://127.0.0.1:{penstock.port}") as client:
            first = await asyncio.gather(*(one(client, number) for number in range(100)))
            return first + await asyncio.gather(*(one(client, number) for number in range(100)))

    refusals = {2: "connected_account_not_found", 3: "invalid_method"}
    assert asyncio.run(calls()) == [refusals.get(number % 4, f"/{number}")
                                    for number in range(100)] * 2
    assert len(up.requests) == 100


def test_threads_may_share_a_client(penstock, up):
    answered = {}

    def calls(client, thread):
        for number in range(10):
            target = f"/{thread}-{number}"
            answered[target] = client.tools.proxy(endpoint=target, method="GET").data["target"]

    with Composio(api_key=KEY, base_url=f"http://127.0.0.1:{penstock.port}") as client:
        threads = [threading.Thread(target=calls, args=(client, each)) for each in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(answered) == 80 and all(target == got for target, got in answered.items())


@pytest.mark.parametrize("kind", [Composio, AsyncComposio])
def test_the_base_url_may_come_from_the_environment(penstock, monkeypatch, kind):
    monkeypatch.setenv("COMPOSIO_BASE_URL", f"http://127.0.0.1:{penstock.port}")
    monkeypatch.setenv("COMPOSIO_API_KEY", KEY)

    async def call():
        async with AsyncComposio() as client:
            return await client.tools.proxy(endpoint="/x", method="GET")

    if kind is AsyncComposio:
        assert asyncio.run(call()).status == 200
    else:
        with Composio() as client:
            assert client.tools.proxy(endpoint="/x", method="GET").status == 200
