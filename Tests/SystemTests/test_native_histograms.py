"""Native histograms: the page in protobuf beside that in text, and a Prometheus that reads it."""

import collections
import math
import re
import shutil
import time

import pytest

import scripted
from families import TYPES, families, labels, native_buckets
from harness import PATIENCE, Penstock, Upstream, account, eventually
from origins import outcome, proxy
from prometheus import Prometheus

MESSAGE = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; " \
    "encoding=delimited"
# As Prometheus 2.42 asks with --enable-feature=native-histograms.
ACCEPT = [("Accept", MESSAGE.replace("; ", ";") + ",application/openmetrics-text;version=1.0.0;"
           "q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,"
           "*/*;q=0.1")]
DURATION = "penstock_request_duration_seconds"
HISTOGRAMS = {DURATION, "penstock_upstream_ttfb_seconds", "penstock_proxy_added_seconds",
              "penstock_upstream_connect_seconds", "penstock_upstream_phase_seconds",
              "penstock_event_loop_lag_seconds"}
# A page tells of itself, and of what is different a moment later.
MOVING = re.compile("process_|penstock_(event_loop|allocator|buffered|connections)")
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TOKEN = "d3adb33f0123456789abcdef00c0ffee"
FAST, SLOW, SLOW_SECONDS = 32, 8, 0.3


def busy(connection):
    """Answers at once, and after a while where the path says so."""
    while got := connection.read_request():
        time.sleep(SLOW_SECONDS if got.target == "/slow" else 0)
        connection.send(scripted.answer({}))


@pytest.fixture(scope="module")
def up():
    with Upstream(busy) as server:
        yield server


@pytest.fixture(scope="module")
def penstock(up):
    accounts = [account(up, "ca_watched"), account(up, "ca_other", auth={"token": TOKEN}),
                account(up, "ca_idle")]
    with Penstock({"accounts": accounts, "workers": 2,
                   "metrics": {"native_histograms": True}}) as server:
        yield server


def load(penstock, name="ca_watched"):
    for number in range(FAST + SLOW):
        path = "/slow" if number % 5 == 4 else "/x"
        assert outcome(penstock, proxy("GET", path, account=name)).status == 200


def page(penstock):
    """The protobuf page when all is at rest."""
    eventually(lambda: penstock.metric("penstock_requests_in_flight") == 0)
    response = penstock.admin(headers=ACCEPT)
    assert response.header("content-type") == MESSAGE
    return families(response.body)


def named(found, name, **wanted):
    metric, = [each for each in found[name]["metric"] if labels(each).items() >= wanted.items()]
    return metric["histogram"]


def samples(found):
    """The page in protobuf as `Penstock.metrics` reads the one in text."""
    def text(name, pairs):
        inner = ",".join(f'{key}="{value}"' for key, value in pairs.items())
        return name + ("{" + inner + "}" if inner else "")

    def bound(value):
        return "+Inf" if math.isinf(value) else f"{value:.9f}".rstrip("0").rstrip(".")

    for name, family in found.items():
        for metric in family["metric"]:
            pairs = labels(metric)
            kind = TYPES[family["type"]]
            if kind != "histogram":
                yield text(name, pairs), metric[kind]["value"]
                continue
            histogram = metric["histogram"]
            for each in histogram["bucket"]:
                le = {"le": bound(each["upper_bound"])}
                yield text(name + "_bucket", pairs | le), each["cumulative_count"]
            yield text(name + "_sum", pairs), histogram["sample_sum"]
            yield text(name + "_count", pairs), histogram["sample_count"]


# --- The page -------------------------------------------------------------------------------

def test_protobuf_says_what_text_says(penstock):
    load(penstock)
    outcome(penstock, proxy("GET", account="ca_other"))
    found = page(penstock)
    in_text = penstock.metrics()
    in_protobuf = dict(samples(found))
    assert in_protobuf.keys() == in_text.keys()
    still = {name for name in in_text if not MOVING.match(name)}
    assert len(still) > 200
    assert {name: in_protobuf[name] for name in still} == {name: in_text[name] for name in still}
    announced = dict(line.split()[2:4] for line in penstock.admin().body.decode().splitlines()
                     if line.startswith("# TYPE"))
    assert {name: TYPES[family["type"]] for name, family in found.items()}.items() \
        <= announced.items()


def test_native_buckets_are_the_durations_of_the_classic_ones(penstock):
    load(penstock)
    found = page(penstock)
    assert {name for name, family in found.items() if TYPES[family["type"]] == "histogram"} \
        == HISTOGRAMS
    for name in HISTOGRAMS:
        for metric in found[name]["metric"]:
            histogram = metric["histogram"]
            buckets = native_buckets(histogram)
            assert histogram["schema"] == 3
            assert sum(count for *_, count in buckets) == histogram["sample_count"]
            assert histogram["bucket"][-1]["cumulative_count"] == histogram["sample_count"]
            for each in histogram["bucket"]:
                least = sum(count for _, upper, count in buckets if upper <= each["upper_bound"])
                most = sum(count for lower, _, count in buckets if lower < each["upper_bound"])
                assert least <= each["cumulative_count"] <= most, (name, each)
    assert named(found, DURATION, account="ca_watched")["sample_count"] >= FAST + SLOW


def test_they_tell_how_long_requests_took(penstock):
    load(penstock, "ca_other")
    found = page(penstock)
    counts = collections.Counter()
    for _, upper, count in native_buckets(named(found, DURATION, account="ca_other")):
        counts[upper >= SLOW_SECONDS] += count
    assert counts[True] >= SLOW and counts[False] >= FAST / 2
    first_byte = named(found, "penstock_upstream_phase_seconds", phase="first_byte")
    assert sum(count for lower, _, count in native_buckets(first_byte)
               if 0.25 < lower < 0.35) >= SLOW


def test_buckets_have_their_exemplars(penstock):
    trace = [("traceparent", f"00-{TRACE}-{'1' * 16}-01")]
    response = outcome(penstock, proxy("GET", "/slow", trace, account="ca_watched"))
    buckets = named(page(penstock), DURATION, account="ca_watched")["bucket"]
    exemplars = [(each["upper_bound"], each["exemplar"]) for each in buckets if "exemplar" in each]
    (bound, exemplar), = [(bound, each) for bound, each in exemplars
                          if labels(each).get("trace_id") == TRACE]
    assert labels(exemplar) == {"trace_id": TRACE, "request_id": response.request_id}
    assert SLOW_SECONDS <= exemplar["value"] <= bound
    when = exemplar["timestamp"]["seconds"] + exemplar["timestamp"]["nanos"] / 1e9
    assert abs(when - time.time()) < 60


def test_no_secret_is_in_it(penstock):
    """Not as a trace's id either: a key of 16 bytes in hexadecimal is as good a one as any."""
    for trace in (TOKEN, TRACE[:-1] + "7"):
        fields = [("traceparent", f"00-{trace}-{'1' * 16}-01")]
        outcome(penstock, proxy("GET", "/slow", fields, account="ca_other"))
        body = penstock.admin(headers=ACCEPT).body
        assert (trace.encode() in body) == (trace != TOKEN)
        assert not [secret for secret in penstock.secrets if secret.encode() in body]


def test_whoever_does_not_ask_gets_text(penstock):
    for accept, wanted in [
            ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
            (f"{MESSAGE};q=0.3,text/plain;q=0.4", "text/plain; version=0.0.4; charset=utf-8"),
            ("application/openmetrics-text;version=1.0.0,*/*;q=0.1",
             "application/openmetrics-text; version=1.0.0; charset=utf-8")]:
        response = penstock.admin(headers=[("Accept", accept)])
        assert response.header("content-type") == wanted
        assert b"# TYPE " in response.body


def test_a_head_says_the_same_type(penstock):
    response = penstock.admin(headers=ACCEPT, method="HEAD")
    assert response.header("content-type") == MESSAGE and not response.body


def test_without_the_setting_there_is_no_protobuf(up):
    with Penstock({"accounts": [account(up, "ca_watched")]}) as server:
        outcome(server, proxy("GET", account="ca_watched"))
        assert server.admin(headers=ACCEPT).header("content-type").startswith(
            "application/openmetrics-text; version=1.0.0")
        assert server.admin(headers=[("Accept", MESSAGE)]).header("content-type").startswith(
            "text/plain; version=0.0.4")


# --- A Prometheus ---------------------------------------------------------------------------

@pytest.mark.slow
def test_a_prometheus_reads_them(up):
    """One that wants native histograms; what it was told before the load is what rates begin at."""
    if not shutil.which("prometheus"):
        pytest.skip("prometheus is not installed")
    config = {"accounts": [account(up, "ca_watched")], "workers": 2,
              "metrics": {"native_histograms": True}}
    with Penstock(config) as server:
        outcome(server, proxy("GET", account="ca_watched"))
        with Prometheus(server, "native-histograms", "exemplar-storage") as prometheus:
            server.base_fds += 1  # the connection that it scrapes on
            series = DURATION + '{account="ca_watched"}'

            def count():
                return [value for _, value in prometheus.query(f"histogram_count({series})")]

            eventually(lambda: count() == [1], 10.0, "what was before the load")
            began = time.time()
            load(server)
            eventually(lambda: count() == [1 + FAST + SLOW], 10.0, "all requests")
            total = server.metric(f"{DURATION}_sum", account="ca_watched")
            (_, told), = prometheus.query(f"histogram_sum({series})")
            assert told == pytest.approx(total)

            def quantile(q):
                (_, value), = prometheus.query(f"histogram_quantile({q}, rate({series}[5m]))")
                return value

            # A fifth is slow: 0.9 is in the middle of those, 0.5 among the others. A bucket's
            # bounds are 9 % apart.
            assert SLOW_SECONDS / 1.1 < quantile(0.9) < (SLOW_SECONDS + 0.1 * PATIENCE) * 1.1
            assert quantile(0.5) < SLOW_SECONDS / 1.1
            for name in HISTOGRAMS:
                assert prometheus.query(f"histogram_count({name})"), name
                assert not prometheus.query(f"{name}_bucket"), "it takes one kind"
            found = prometheus.ask("query_exemplars", query=DURATION, start=began - 60,
                                   end=time.time())
            ids = {each["labels"]["request_id"] for one in found for each in one["exemplars"]}
            assert ids & {line["request_id"] for line in server.log_lines(event="request")}
