"""Writes overview.json, account.json and internals.json, for Grafana, beside this file.

    python3 dashboards/write.py [DIRECTORY]

They are kept in the repository, so that whoever wants a dashboard needs no Python. Change them
here: a test holds them against what this program writes.
"""

import json
import pathlib
import sys

from grafana import dashboard, heatmap, quantiles, series, stat, table

REQUESTS = "sum(rate(penstock_requests_total{ACCOUNT}[RATE]))"


def overview():
    return dashboard("overview", "Penstock", "Is it well, and if not, whose fault is it?", {
        "Now": [
            stat("Processes", "Those that Prometheus can scrape.", "short", "sum(up{PROCESS})"),
            stat("Requests", "Requests answered.", "reqps", REQUESTS),
            stat("Failed here", "The share that failed by Penstock's own doing.", "percentunit",
                 f"{errors('internal')} / {REQUESTS}", bad=0.001),
            stat("Failed upstream", "The share that failed because of an upstream; answers with "
                 "5xx, which are passed on, are not in it.", "percentunit",
                 f"{errors('upstream')} / {REQUESTS}", bad=0.05),
            stat("Slowest hundredth", "A request in a hundred takes longer.", "s",
                 quantile(0.99, "penstock_request_duration_seconds", "")),
            stat("In flight", "Requests begun and not yet ended.", "short",
                 "sum(penstock_requests_in_flight{PROCESS})")],
        "Whose fault": [
            series("Requests by status", "By the status that the client got. 499: it had left.",
                   "reqps", {"{{code}}": by("code", "penstock_requests_total")}, stacked=True),
            series("Errors by side", "Whose fault: downstream is the caller's, upstream the third "
                   "party's, internal Penstock's own.", "reqps",
                   {"{{side}}": by("side", "penstock_errors_total")}, stacked=True),
            series("Errors by slug", "The ten most frequent; README.md says what each means.",
                   "reqps",
                   {"{{slug}}": f"topk(10, {by('slug', 'penstock_errors_total')})"}),
            series("Error budget", "How fast it is used: at 1 the budget of 30 days, 0.1 % of the "
                   "requests, lasts 30 days. Alerts begin at 14.4 over 1h, 6 over 6h, 1 over 3d.",
                   "suffix: ×", {
                       f"{{{{job}}}} {window}":
                       f'job:penstock_errors_per_request:ratio_rate{window}{{job=~"$job"}} / 0.001'
                       for window in ("1h", "6h", "3d")}),
            series("Upstream failures by account", "The share of an account's requests that its "
                   "upstream failed or answered with 5xx. There is an alert from 10 % on.",
                   "percentunit", {
                       "{{account}}": "job_account:penstock_upstream_failures_per_request"
                                      ':ratio_rate5m{job=~"$job",account=~"$account"}'}),
            series("Denied by rules", "Requests that rules denied, and those that rules with "
                   "observe would have denied.", "reqps", {
                       "{{project}}, observe {{observe}}": "sum by (project, observe) "
                       "(rate(penstock_rule_denials_total{PROCESS}[RATE]))"}),
            series("Over the rate", "Requests over the rate of their key or account: refused, or "
                   "let pass by observe.", "reqps", {
                       "{{project}}, observe {{observe}}": "sum by (project, observe) "
                       "(rate(penstock_rate_denials_total{PROCESS}[RATE]))"})],
        "How long": [
            *latencies(),
            heatmap("Durations", "How many requests took how long.",
                    "penstock_request_duration_seconds", "ACCOUNT", 12),
            series("Bytes", "Of bodies and heads, on the clients' side.", "Bps", {
                "received": "sum(rate(penstock_request_bytes_total{ACCOUNT}[RATE]))",
                "sent": "sum(rate(penstock_response_bytes_total{ACCOUNT}[RATE]))"}, 12)],
        "Accounts": [
            table("Accounts", "What each account does now. The dashboard Penstock: account has "
                  "more of one.", {
                      "requests": ("reqps", by("account", "penstock_requests_total")),
                      "errors": ("reqps", by("account", "penstock_errors_total")),
                      "p99": ("s", quantile(0.99, "penstock_request_duration_seconds",
                                            "account, ")),
                      "upstream's first byte, p99": (
                          "s", quantile(0.99, "penstock_upstream_ttfb_seconds", "account, ")),
                      "received": ("Bps", by("account", "penstock_request_bytes_total")),
                      "sent": ("Bps", by("account", "penstock_response_bytes_total"))})]})


def account():
    return dashboard("account", "Penstock: account", "One account, or a few: what they are "
                     "asked, what becomes of it, and where the time goes.", {
        "Requests": [
            series("Requests by account", "Requests answered.", "reqps",
                   {"{{account}}": by("account", "penstock_requests_total")}),
            series("Requests by status", "By the status that the client got. 499: it had left.",
                   "reqps", {"{{code}}": by("code", "penstock_requests_total")}, stacked=True),
            series("Requests by method", "Unusual methods are `other`.", "reqps",
                   {"{{method}}": by("method", "penstock_requests_total")}, stacked=True)],
        "Failures": [
            series("Errors by side", "Whose fault: downstream is the caller's, upstream the third "
                   "party's, internal Penstock's own.", "reqps",
                   {"{{side}}": by("side", "penstock_errors_total")}, stacked=True),
            series("Errors by slug", "README.md says what each means.", "reqps", {
                "{{account}}: {{slug}}": by("account, slug", "penstock_errors_total")}),
            series("The upstream's answers", "By status, before Penstock does anything with them.",
                   "reqps", {"{{code}}": by("code", "penstock_upstream_responses_total")},
                   stacked=True),
            series("Retries", "Requests sent a second time, for the connection had ended "
                   "before the upstream could have seen them.", "reqps",
                   {"{{account}}": by("account", "penstock_retries_total")})],
        "How long": [
            *latencies(),
            heatmap("Durations", "How many requests took how long.",
                    "penstock_request_duration_seconds", "ACCOUNT"),
            series("Phases, slowest hundredth", "Where the time with the upstreams goes: waiting "
                   "for a connection, name, TCP, TLS, sending, first byte, body. Of all accounts.",
                   "s", {"{{phase}}": "histogram_quantile(0.99, sum by (phase, le) "
                                      "(rate(penstock_upstream_phase_seconds_bucket"
                                      "{PROCESS}[RATE])))"}),
            series("Phases, all together", "Seconds that the requests of one second spend in each "
                   "phase. Of all accounts.", "s", {
                       "{{phase}}": "sum by (phase) "
                       "(rate(penstock_upstream_phase_seconds_sum{PROCESS}[RATE]))"},
                   stacked=True)],
        "Quotas": [
            series("Quota left", "The share that the upstream last said is left. There is an "
                   "alert below 10 %.", "percentunit", {
                       "{{account}}": "job_account:penstock_upstream_quota_left:ratio"
                                      '{job=~"$job",account=~"$account"}'}),
            series("Quota", "What the upstream last said is left, and of how much.", "short", {
                "{{account}} left":
                "min by (account) (penstock_upstream_quota_remaining{ACCOUNT})",
                "{{account}} limit": "max by (account) (penstock_upstream_quota_limit{ACCOUNT})"}),
            series("Until", "When a quota begins anew, and until when the upstream asked not to be "
                   "asked: from now on. Below zero it is over.", "s", {
                       "{{account}} quota": "max by (account) "
                       "(penstock_upstream_quota_reset_timestamp_seconds{ACCOUNT}) - time()",
                       "{{account}} retry after": "max by (account) "
                       "(penstock_upstream_retry_after_timestamp_seconds{ACCOUNT}) - time()"})],
        "Bytes": [
            series("Received from clients", "Of heads and bodies.", "Bps",
                   {"{{account}}": by("account", "penstock_request_bytes_total")}, 12),
            series("Sent to clients", "Of heads and bodies.", "Bps",
                   {"{{account}}": by("account", "penstock_response_bytes_total")}, 12)]})


def internals():
    return dashboard("internals", "Penstock: internals", "What a process does with its "
                     "connections, its loop, its limits and its disk.", {
        "Connections": [
            series("Connections", "Downstream are the clients', upstream those to third parties; "
                   "idle ones wait for the next request.", "short", {
                       "{{side}} {{state}}":
                       "sum by (side, state) (penstock_connections{PROCESS})"}, stacked=True),
            series("Clients' connections closed", "By reason.", "cps", {
                "{{reason}}": process("reason", "penstock_connections_closed_total")}),
            series("Reused", "The share of upstream requests that needed no new connection.",
                   "percentunit", {
                       "{{instance}}": "sum by (instance) (rate("
                       'penstock_upstream_requests_total{PROCESS,reused="true"}[RATE])) / '
                       + process("instance", "penstock_upstream_requests_total")}),
            series("Waiting for a connection", "Requests that wait for one, and dials under way.",
                   "short", {
                       "queued": "sum(penstock_upstream_requests_queued{PROCESS})",
                       "dials": "sum(penstock_dials_in_flight{PROCESS})"}),
            quantiles("Dials", "Time that a new upstream connection takes, TLS included.",
                      "penstock_upstream_connect_seconds", "PROCESS"),
            series("TLS handshakes", "With upstreams; a resumed one is much cheaper.", "cps", {
                "resumed {{resumed}}":
                process("resumed", "penstock_upstream_tls_handshakes_total")})],
        "Event loop": [
            quantiles("Turn", "Time that a turn of an event loop takes, for which others wait. "
                      "There is an alert above 50 ms.", "penstock_event_loop_lag_seconds",
                      "PROCESS"),
            heatmap("Turns", "How many turns took how long.", "penstock_event_loop_lag_seconds",
                    "PROCESS"),
            series("Turns a second", "Not a measure of work: under load each turn does more.",
                   "ops", {
                       "{{instance}}": process("instance", "penstock_event_loop_turns_total")}),
            series("Added by Penstock, by account", "A request in a hundred takes longer by this "
                   "much than without Penstock; the ten slowest accounts.", "s", {
                       "{{account}}": "topk(10, " + quantile(
                           0.99, "penstock_proxy_added_seconds", "account, ") + ")"}),
            series("Buffered", "Bytes that wait for a reader.", "bytes", {
                "{{instance}}": "sum by (instance) (penstock_buffered_bytes{PROCESS})"}),
            series("Content codings", "Bytes out for a byte in: encode makes them fewer, decode "
                   "more.", "percentunit", {
                       "{{stage}}":
                       process("stage", "penstock_compression_output_bytes_total") + " / "
                       + process("stage", "penstock_compression_input_bytes_total")})],
        "Limits": [
            series("Limits used", "Of the whole process. There is an alert from 80 % on.",
                   "percentunit", {
                       "{{instance}} {{limit}}": "instance:penstock_limit_used:ratio{PROCESS}"}),
            series("Limits hit", "How often a limit refused or cut something, by its name in the "
                   "configuration.", "ops", {
                       "{{limit}}": process("limit", "penstock_limit_hits_total")}),
            table("Limits", "As configured, in their own units; 0 is none.", {
                "value": ("short", "max by (instance, limit) (penstock_limit{PROCESS})")}, 8)],
        "Binary results": [
            series("Waiting", "Results that wait for their download, and for their end.", "short",
                   {"{{instance}}": "sum by (instance) (penstock_files{PROCESS})"}, 6),
            series("Bytes", "Of those results, and what is free on their disk.", "bytes", {
                "{{instance}} files": "sum by (instance) (penstock_file_bytes{PROCESS})",
                "{{instance}} free": "sum by (instance) (penstock_files_free_bytes{PROCESS})"}, 6),
            series("Expired", "Results removed when their time was over.", "ops", {
                "{{instance}}": process("instance", "penstock_files_expired_total")}, 6),
            series("Disk errors", "Results that could not be written or read, by reason.", "ops", {
                "{{reason}}": process("reason", "penstock_spool_errors_total")}, 6)],
        "Configuration and log": [
            stat("Reload", "Whether the last load of the configuration worked, everywhere.",
                 "short", "min(penstock_config_last_reload_successful{PROCESS})",
                 names={0: "failed", 1: "fine"}),
            stat("Configuration's age", "Since the oldest one in use was loaded.", "s",
                 "time() - min(penstock_config_last_reload_timestamp_seconds{PROCESS})"),
            stat("Log lines lost", "In the time that is shown.", "short",
                 "sum(increase(penstock_log_lines_dropped_total{PROCESS}[$__range]))", bad=1),
            stat("Accounts folded", "Accounts that share the label `other`, for there are more "
                 "than metrics.accounts_max.", "short", "max(penstock_accounts_folded{PROCESS})"),
            stat("Replays", "Answers given again for an Idempotency-Key, in the time that is "
                 "shown.", "short",
                 "sum(increase(penstock_idempotent_replays_total{PROCESS}[$__range]))"),
            stat("Versions", "How many run beside each other.", "short",
                 "count(count by (version) (penstock_build_info{PROCESS}))", bad=2),
            table("What runs", "Version and configuration of each process: where digests differ, "
                  "so do the configurations.", {
                      "build": (None,
                                "max by (instance, version) (penstock_build_info{PROCESS})"),
                      "configuration": (
                          None, "max by (instance, digest) (penstock_config_info{PROCESS})")})],
        "Process": [
            series("CPU", "Cores that a process uses.", "short", {
                "{{instance}}": process("instance", "process_cpu_seconds_total")}),
            series("Memory", "What the kernel says is resident, and what the allocator says of "
                   "its own.", "bytes", {
                       "{{instance}} resident":
                       "sum by (instance) (process_resident_memory_bytes{PROCESS})",
                       "{{instance}} {{state}}":
                       "sum by (instance, state) (penstock_allocator_bytes{PROCESS})"}),
            series("Descriptors", "Open ones, and how many there may be. There is an alert from "
                   "80 % on.", "short", {
                       "{{instance}} open": "sum by (instance) (process_open_fds{PROCESS})",
                       "{{instance}} most": "sum by (instance) (process_max_fds{PROCESS})"})]})


# --- Expressions ----------------------------------------------------------------------------

def latencies():
    """How long requests took, and whose time it was."""
    return [
        quantiles("Duration", "From a request's first byte to the last byte of its answer.",
                  "penstock_request_duration_seconds", "ACCOUNT"),
        quantiles("Upstream's first byte", "From the sent request to the first byte of the "
                  "upstream's answer.", "penstock_upstream_ttfb_seconds", "ACCOUNT"),
        quantiles("Added by Penstock", "What a request takes longer than without Penstock.",
                  "penstock_proxy_added_seconds", "ACCOUNT")]


def by(labels, metric):
    """The rate of a counter that has accounts, by so many labels."""
    return f"sum by ({labels}) (rate({metric}{{ACCOUNT}}[RATE]))"


def process(labels, metric):
    """The same of a counter that the process has as a whole."""
    return f"sum by ({labels}) (rate({metric}{{PROCESS}}[RATE]))"


def errors(side):
    """The rate of one side's errors; 0 where there never was any."""
    return f'(sum(rate(penstock_errors_total{{ACCOUNT,side="{side}"}}[RATE])) or vector(0))'


def quantile(share, metric, labels):
    """Of a histogram that has accounts; `labels` stand before `le` and end in a comma."""
    return (f"histogram_quantile({share}, "
            f"sum by ({labels}le) (rate({metric}_bucket{{ACCOUNT}}[RATE])))")


def main():
    directory = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    for name, made in {"overview": overview(), "account": account(),
                       "internals": internals()}.items():
        text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
        (directory / f"{name}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
