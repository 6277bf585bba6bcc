"""What an operator sees of an exchange: its access line, its metrics, health, the admin plane."""

import re

import pytest

import scripted
from harness import KEY, Penstock, Upstream, account, assert_error, connect, free_port, request
from origins import outcome, proxy

FAMILIES = {
    "penstock_requests_total": "counter", "penstock_upstream_responses_total": "counter",
    "penstock_request_duration_seconds": "histogram", "penstock_upstream_ttfb_seconds": "histogram",
    "penstock_upstream_connect_seconds": "histogram", "penstock_proxy_added_seconds": "histogram",
    "penstock_request_bytes_total": "counter", "penstock_response_bytes_total": "counter",
    "penstock_requests_in_flight": "gauge", "penstock_connections": "gauge",
    "penstock_errors_total": "counter", "penstock_limit": "gauge",
    "penstock_limit_hits_total": "counter", "penstock_log_lines_dropped_total": "counter",
    "penstock_config_last_reload_successful": "gauge",
    "penstock_config_last_reload_timestamp_seconds": "gauge", "penstock_build_info": "gauge",
    "penstock_upstream_quota_limit": "gauge", "penstock_upstream_quota_remaining": "gauge",
    "penstock_upstream_quota_reset_timestamp_seconds": "gauge",
    "penstock_upstream_retry_after_timestamp_seconds": "gauge",
    "process_cpu_seconds_total": "counter", "process_resident_memory_bytes": "gauge",
    "process_open_fds": "gauge", "process_max_fds": "gauge", "process_start_time_seconds": "gauge"}
LABELS = {
    "penstock_requests_total": {"account", "method", "code"},
    "penstock_upstream_responses_total": {"account", "code"},
    "penstock_request_duration_seconds": {"account"}, "penstock_upstream_ttfb_seconds": {"account"},
    "penstock_proxy_added_seconds": {"account"}, "penstock_request_bytes_total": {"account"},
    "penstock_response_bytes_total": {"account"}, "penstock_connections": {"side", "state"},
    "penstock_errors_total": {"account", "slug", "side"}, "penstock_limit": {"limit"},
    "penstock_limit_hits_total": {"limit"}}


@pytest.fixture(scope="module")
def up():
    with Upstream(scripted.echo) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [account(up, "ca_up", timeouts={"first_byte": "400ms"}),
                {"id": "ca_refused", "base_url": f"http://127.0.0.1:{free_port()}"}]
    with Penstock({"accounts": accounts}) as server:
        yield server


# --- The access line ------------------------------------------------------------------------

def test_the_access_line_has_every_field(penstock, up):
    up.handler = scripted.echo
    first = outcome(penstock, proxy("POST", "/a/b?token=in-the-query", body=b"x" * 1000))
    second = outcome(penstock, proxy("GET", "/c"))
    line = penstock.access_line(first.request_id)
    expected = {
        "level": "info", "event": "request", "request_id": first.request_id, "project": "acme",
        "account": "ca_up", "route": "proxy", "method": "POST", "status": 200,
        "upstream_status": 200, "reused": False}
    assert {name: line.get(name) for name in expected} == expected
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["time"]), line["time"]
    assert "/a/b" in line["path"] and "in-the-query" not in str(line)
    assert line["upstream_host"] in (f"127.0.0.1:{up.port}", "127.0.0.1")
    assert line["client"].startswith("127.0.0.1")
    assert line["bytes_received"] >= 1000 and line["bytes_sent"] >= len(first.body)
    for name in ("duration_ms", "proxy_ms", "connect_ms", "ttfb_ms"):
        assert isinstance(line[name], (int, float)) and 0 <= line[name] < 5000, name
    assert line["proxy_ms"] <= line["duration_ms"] and line["ttfb_ms"] <= line["duration_ms"]
    assert line.get("retries", 0) == 0
    assert "error" not in line and "tls_ms" not in line and "user_id" not in line
    line = penstock.access_line(second.request_id)
    assert line["reused"] is True and line.get("connect_ms", 0) == 0


def test_the_slow_part_is_where_it_was(penstock, up):
    up.handler = scripted.after(0.2)
    response = outcome(penstock, proxy("GET"))
    line = penstock.access_line(response.request_id)
    assert 195 <= line["ttfb_ms"] <= line["duration_ms"] < 1000
    assert line["proxy_ms"] < 100, "the upstream's time is not Penstock's"


@pytest.mark.parametrize("path, fields, status, expected", [
    ("/nowhere", [], 404, {}),
    ("/proxy/ca_up/x", [("x-api-key", "wrong")], 401, {"error": "unauthorized"}),
    ("/proxy/ca_unknown/x", [("x-api-key", KEY)], 404, {"error": "connected_account_not_found",
                                                        "project": "acme"}),
    ("/proxy/ca_refused/x", [("x-api-key", KEY)], 502, {"error": "upstream_connect_failed",
                                                        "account": "ca_refused",
                                                        "termination": "upstream:connect"})])
def test_an_error_s_line_says_what_and_whose(penstock, path, fields, status, expected):
    response = outcome(penstock, request("GET", path, fields))
    assert response.status == status
    line = penstock.access_line(response.request_id)
    assert {**line, **expected} == line
    assert line["status"] == status and "upstream_status" not in line
    assert re.fullmatch("(downstream|upstream|internal):(receive|authorize|queue|dns|connect|tls|"
                        "send|first_byte|body|respond)", line["termination"]), line


def test_an_unknown_account_s_name_is_no_label(penstock):
    """Row 136."""
    outcome(penstock, proxy("GET", account="ca_made_up_by_a_client"))
    assert "ca_made_up" not in penstock.admin().body.decode()


@pytest.mark.parametrize("text", [
    'x"}{"level":"fatal"}', "a\\b", "%0a%0dinjected", "%1b[31m", "%00"])
def test_a_path_is_only_ever_a_string(penstock, up, text):
    """Row 367."""
    target = f"/proxy/ca_up/{text}".replace('"', "%22").replace("\\", "%5c")
    response = outcome(penstock, request("GET", target.replace("{", "%7b").replace("}", "%7d"),
                                         [("x-api-key", KEY), ("User-Agent", text[:20])]))
    line = penstock.access_line(response.request_id)
    assert line["level"] in ("info", "warn", "warning", "error")


# --- Metrics --------------------------------------------------------------------------------

def exposition(penstock):
    """{family: type}, {family: help}, and the samples, of the text as it stands."""
    types, helps = {}, {}
    response = penstock.admin()
    assert response.header("content-type").startswith("text/plain; version=0.0.4")
    for line in response.body.decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, f"{name} is typed twice"
            types[name] = kind
        elif line.startswith("# HELP "):
            name = line.split(" ")[2]
            assert name not in helps, f"{name} is explained twice"
            helps[name] = line
    return types, helps


def traffic(penstock, up):
    up.handler = scripted.echo
    outcome(penstock, proxy("GET"))
    outcome(penstock, proxy("POST", body=b"x" * 100))
    outcome(penstock, proxy("BREW"))
    outcome(penstock, proxy("GET", account="ca_refused"))
    up.handler = scripted.never_answers
    up.drop()
    outcome(penstock, proxy("GET", "/silent"))


def test_every_family_is_there_with_its_type(penstock, up):
    traffic(penstock, up)
    types, helps = exposition(penstock)
    assert {name: types.get(name) for name in FAMILIES} == FAMILIES
    assert set(helps) >= set(FAMILIES)
    assert all(re.fullmatch("(penstock|process)_[a-z_]+", name) for name in types), types


def test_labels_are_the_published_ones(penstock, up):
    traffic(penstock, up)
    found = {}
    for sample in penstock.metrics():
        name = sample.split("{")[0]
        for suffix in ("_bucket", "_sum", "_count"):
            base = name.removesuffix(suffix)
            name = base if base in LABELS else name
        found.setdefault(name, set()).update(re.findall(r'(\w+)="', sample))
    for name, labels in LABELS.items():
        assert found.get(name, labels) - {"le"} == labels, name
    samples = penstock.metrics()
    assert {"none", "ca_up", "ca_refused"} >= {
        value for sample in samples for value in re.findall(r'account="([^"]*)"', sample)}
    assert {"GET", "POST", "other"} <= {
        value for sample in samples for value in re.findall(r'method="([^"]*)"', sample)}


def test_requests_are_counted_by_what_the_client_got(penstock, up):
    before = penstock.metrics()
    traffic(penstock, up)
    after = penstock.metrics()

    def grown(name, **labels):
        wanted = [f'{label}="{value}"' for label, value in labels.items()]
        return sum(value - before.get(sample, 0) for sample, value in after.items()
                   if sample.split("{")[0] == name and all(each in sample for each in wanted))

    requests, account = "penstock_requests_total", "ca_up"
    assert grown(requests, account=account, method="GET", code="200") == 1
    assert grown(requests, account=account, method="POST", code="200") == 1
    assert grown(requests, account=account, method="other", code="200") == 1
    assert grown(requests, account=account, method="GET", code="504") == 1
    assert grown(requests, account="ca_refused", method="GET", code="502") == 1
    assert grown("penstock_upstream_responses_total", account=account, code="200") == 3
    assert grown("penstock_upstream_responses_total", account=account) == 3
    assert grown("penstock_errors_total", account=account, slug="upstream_timeout",
                 side="upstream") == 1
    assert grown("penstock_errors_total", account="ca_refused",
                 slug="upstream_connect_failed", side="upstream") == 1
    assert grown("penstock_request_duration_seconds_count", account=account) == 4
    assert grown("penstock_upstream_ttfb_seconds_count", account=account) == 3
    assert grown("penstock_request_bytes_total", account=account) >= 100


def test_histograms_add_up(penstock, up):
    """Row 363: buckets are cumulative, the last is the count, a stall is in its bucket."""
    traffic(penstock, up)
    series = {}
    samples = penstock.metrics()
    for sample, value in samples.items():
        if "_bucket{" in sample:
            bound = re.search(r'le="([^"]+)"', sample)[1]
            rest = re.sub(r',?le="[^"]+"', "", sample).replace("{,", "{")
            series.setdefault(rest, []).append((float(bound.replace("+Inf", "inf")), value))
    assert series
    for name, buckets in series.items():
        bounds, counts = zip(*buckets)
        assert list(bounds) == sorted(set(bounds)) and bounds[-1] == float("inf"), name
        assert list(counts) == sorted(counts), name
        total = name.replace("_bucket", "_count").removesuffix("{}")
        assert samples[total] == counts[-1], name
        assert samples[total.replace("_count", "_sum")] >= 0
    slow = next(buckets for name, buckets in series.items()
                if name.startswith("penstock_request_duration_seconds") and "ca_up" in name)
    assert max(count for bound, count in slow if bound < 0.3) < slow[-1][1]


def test_gauges_return_and_counters_never_fall(penstock, up):
    before = penstock.metrics()
    traffic(penstock, up)
    after = penstock.metrics()
    for sample, value in before.items():
        if re.search(r"_(total|count|bucket)(\{|$)", sample):
            assert after.get(sample, -1) >= value, sample
    assert after["penstock_config_last_reload_successful"] == 1
    assert all(value >= 0 for value in after.values())


def test_openmetrics_when_asked_for(penstock):
    response = penstock.admin(headers=[("Accept", "application/openmetrics-text; version=1.0.0")])
    assert response.header("content-type").startswith("application/openmetrics-text; version=1.0")
    text = response.body.decode()
    assert text.endswith("# EOF\n") and "# TYPE penstock_requests counter\n" in text


# --- Health and the admin plane -------------------------------------------------------------

@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_health_on_both_planes(penstock, path, method):
    assert penstock.connect().exchange(request(method, path)).status == 200
    response = connect(penstock.admin_port).exchange(
        request(method, path, host=f"127.0.0.1:{penstock.admin_port}"))
    assert response.status == 200
    assert response.header("proxy-status") is None or response.status >= 400


def ask_admin(penstock, host, fields=(), path="/metrics", method="GET"):
    return connect(penstock.admin_port).exchange(request(method, path, fields, host=host))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_admin_plane_knows_its_own_names(penstock, host):
    assert ask_admin(penstock, f"{host}:{penstock.admin_port}").status == 200


@pytest.mark.parametrize("host", [
    "evil.example", "evil.example:{port}", "localhost.evil.example:{port}",
    "127.0.0.1.nip.io:{port}", "p"])
@pytest.mark.parametrize("path", ["/metrics", "/status", "/status.json", "/openapi.json"])
def test_the_admin_plane_answers_no_other_name(penstock, host, path):
    """A page elsewhere whose name resolves to here sees nothing: DNS rebinding."""
    response = ask_admin(penstock, host.replace("{port}", str(penstock.admin_port)), path=path)
    assert 400 <= response.status < 500, response
    assert b"penstock_requests_total" not in response.body


@pytest.mark.parametrize("field", [
    ("Origin", "https://evil.example"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Site", "same-site")])
def test_the_admin_plane_answers_no_foreign_page(penstock, field):
    response = ask_admin(penstock, f"127.0.0.1:{penstock.admin_port}", [field])
    assert 400 <= response.status < 500, response
    assert b"penstock_requests_total" not in response.body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_the_admin_plane_only_shows(penstock, method):
    response = ask_admin(penstock, f"127.0.0.1:{penstock.admin_port}", method=method)
    assert response.status == 405 and "GET" in response.header("allow")


def test_the_admin_plane_is_not_the_data_plane(penstock, up):
    response = ask_admin(penstock, f"127.0.0.1:{penstock.admin_port}", [("x-api-key", KEY)],
                         "/proxy/ca_up/x")
    assert response.status == 404 and up.connections == 0


def test_a_metrics_listener_of_its_own(up):
    """`metrics.listen`: the metrics and health alone, for a scraper from elsewhere."""
    up.handler, port = scripted.echo, free_port()
    config = {"accounts": [account(up, "ca_up")], "metrics": {"listen": f"127.0.0.1:{port}"}}
    with Penstock(config) as penstock:
        for path, status in (("/metrics", 200), ("/healthz", 200), ("/readyz", 200),
                             ("/status", 404), ("/status.json", 404)):
            response = connect(port).exchange(request("GET", path, host="scraper.example"))
            assert response.status == status, path
        assert outcome(penstock, proxy("GET")).status == 200


def test_an_answer_of_penstock_s_own_says_so(penstock):
    for data in (request("GET", "/nowhere"), proxy("GET", account="ca_refused")):
        response = outcome(penstock, data)
        assert_error(response, (404, 502))
    assert outcome(penstock, request("GET", "/healthz")).header("proxy-status") is None
