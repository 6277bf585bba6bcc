"""What the execute endpoint refuses beside malformed envelopes."""

import gzip
import json

import pytest

from harness import assert_error, execute
from resolution_cases import once

ENVELOPE = {"connected_account_id": "ca_echo", "endpoint": "/x", "method": "POST"}


def headers(count, value):
    return [{"name": f"X-Field-{number}", "value": value, "type": "header"}
            for number in range(count)]


# 32 KiB of header fields, the limit of `header_bytes`, in parameters that each fit.
@pytest.mark.parametrize("envelope, status, slug", [
    ({"parameters": headers(5, "v" * 8000)}, 400, "parameters_too_large"),
    ({"custom_connection_data": {"toolkit_slug": "x", "auth_scheme": "BEARER_TOKEN", "val": {}}},
     501, "custom_connection_data_off"),
    ({"binary_body": {"url": "files.example/a.bin"}}, 400, "invalid_binary_url"),
])
def test_what_cannot_be_sent_is_refused_before_anything_leaves(
        penstock, upstream, envelope, status, slug):
    assert_error(once(penstock, execute({**ENVELOPE, **envelope})), status, slug)
    assert upstream.connections == 0


def test_parameters_within_the_limit_pass(penstock, upstream):
    response = once(penstock, execute({**ENVELOPE, "parameters": headers(3, "v" * 8000)}))
    assert response.status == 200, response
    assert len([name for name, _ in upstream.requests[0].headers
                if name.lower().startswith("x-field-")]) == 3


@pytest.mark.parametrize("coding", ["br", "gzip, gzip", "unheard-of"])
def test_an_envelope_in_any_other_content_coding_is_refused(penstock, upstream, coding):
    body = gzip.compress(json.dumps(ENVELOPE).encode())
    response = once(penstock, execute(body, [("Content-Encoding", coding)]))
    assert_error(response, 415, "unsupported_encoding")
    assert upstream.connections == 0


def test_identity_is_no_content_coding(penstock):
    assert once(penstock, execute(ENVELOPE, [("Content-Encoding", "identity")])).status == 200
