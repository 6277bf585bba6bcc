/// A run's report as one page that needs nothing else: the report in JSON, and what draws it.
enum HTMLReport {
  /// `json`: the report, see `JSONReport`.
  static func bytes(json: [UInt8]) -> [UInt8] {
    // In a script element only `<` could mean anything else than itself.
    let data = String(decoding: json, as: UTF8.self).replacing("<", with: "\\u003c")
    return Array(
      (head + "<script type=\"application/json\" id=\"data\">\n" + data + "</script>\n"
        + "<script>\n" + script + "</script>\n").utf8)
  }

  private static let head = """
    <!doctype html>
    <html lang="en">
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy"
      content="default-src 'none'; img-src data:; style-src 'unsafe-inline';
        script-src 'unsafe-inline'">
    <link rel="icon" href="data:,">
    <title>penstock-bench run</title>
    <style>
    :root { color-scheme: light dark; --line: light-dark(#d5d9de, #3a4048);
      --dim: light-dark(#5b6470, #9aa4b0); --one: light-dark(#1e5aa0, #7ab3f5);
      --two: light-dark(#b3541e, #f0a268); --bad: light-dark(#b3261e, #ff8a80);
      --good: light-dark(#1b7a3d, #6fd08c); }
    body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 68rem;
      padding: 0 1rem; background: light-dark(#fff, #14171b); color: light-dark(#1b1f24, #e6e9ed); }
    h1 { font-size: 1.3rem; overflow-wrap: anywhere; }
    h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr));
      gap: .8rem; }
    .figures div { border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; }
    .figures b { display: block; font-size: 1.25rem; }
    .figures b:not(.bad) { color: light-dark(#1b1f24, #e6e9ed); }
    .wide { overflow-x: auto; } table { border-collapse: collapse; }
    td, th { text-align: right; padding: .2rem .9rem .2rem 0; border-bottom: 1px solid var(--line);
      font-variant-numeric: tabular-nums; white-space: nowrap; }
    td:first-child, th:first-child, .text { text-align: left; white-space: normal;
      overflow-wrap: anywhere; min-width: 6rem; }
    code { overflow-wrap: anywhere; } .dim { color: var(--dim); } .bad { color: var(--bad); }
    .good { color: var(--good); }
    .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr));
      gap: 1.2rem; }
    svg { width: 100%; height: auto; } svg text { fill: var(--dim); font-size: 11px; }
    </style>
    <main></main>

    """

  private static let script = """
    "use strict";
    const run = JSON.parse(document.getElementById("data").textContent);
    const main = document.querySelector("main");
    const drawing = "http://www.w3.org/2000/svg";

    function add(parent, name, text, kind) {
      const made = document.createElement(name);
      if (text !== undefined) made.textContent = text;
      if (kind) made.className = kind;
      parent.append(made);
      return made;
    }
    function digits(value) {
      return value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1)
        : value.toFixed(2);
    }
    function time(seconds) {
      if (seconds === 0) return "–";
      return seconds >= 0.9995 ? digits(seconds) + " s"
        : seconds >= 0.9995e-3 ? digits(seconds * 1e3) + " ms" : digits(seconds * 1e6) + " µs";
    }
    function whole(value) { return Math.round(value).toLocaleString("en"); }
    function table(heads, rows) {
      const made = add(add(main, "div", undefined, "wide"), "table");
      const line = add(made, "tr");
      const kind = head => head === "example" ? "text" : "";
      for (const head of heads) add(line, "th", head, kind(head));
      for (const row of rows) {
        const line = add(made, "tr");
        row.forEach((cell, index) => add(line, "td", cell, kind(heads[index])));
      }
    }
    function draw(parent, name, attributes, text) {
      const made = document.createElementNS(drawing, name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      if (text !== undefined) made.textContent = text;
      parent.append(made);
    }
    // Lines over the same places: ticks are [place, label], series [name, color, [[x, y], …]].
    function chart(parent, title, ticks, series, label) {
      const figure = add(parent, "figure");
      figure.style.margin = 0;
      add(figure, "figcaption", title);
      const svg = document.createElementNS(drawing, "svg");
      svg.setAttribute("viewBox", "0 0 470 210");
      svg.setAttribute("role", "img");
      svg.setAttribute("aria-label", title);
      figure.append(svg);
      const points = series.flatMap(one => one[2]);
      const top = Math.max(...points.map(point => point[1]), 1e-9);
      const first = Math.min(...ticks.map(tick => tick[0]));
      const last = Math.max(...ticks.map(tick => tick[0]), first + 1e-9);
      const x = place => 62 + (place - first) / (last - first) * 380;
      const y = value => 180 - value / top * 150;
      for (const part of [0, 0.5, 1]) {
        draw(svg, "line", {x1: 62, x2: 442, y1: y(part * top), y2: y(part * top),
          stroke: "var(--line)"});
        draw(svg, "text", {x: 56, y: y(part * top) + 4, "text-anchor": "end"},
          part === 0 ? "0" : label(part * top));
      }
      const every = Math.ceil(ticks.length / 8);
      ticks.forEach((tick, index) => {
        if (index % every === 0)
          draw(svg, "text", {x: x(tick[0]), y: 198, "text-anchor": "middle"}, tick[1]);
      });
      series.forEach(([name, color, line], index) => {
        const path = line.map(point => x(point[0]) + "," + y(point[1])).join(" ");
        draw(svg, "polyline", {points: path, fill: "none", stroke: color, "stroke-width": 2});
        if (line.length === 1)
          draw(svg, "circle", {cx: x(line[0][0]), cy: y(line[0][1]), r: 3, fill: color});
        draw(svg, "text", {x: 66 + index * 120, y: 14, style: "fill:" + color}, name);
      });
    }

    add(main, "h1", run.targets.map(target => target.name).slice(0, 3).join(", "));
    for (const one of run.thresholds)
      add(main, "div", (one.met ? "✓ " : "✗ ") + one.flag + ": " + one.measured,
        one.met ? "good" : "bad");
    const open = run.mode === "open_loop";
    add(main, "p", open
      ? "Open loop: latency is from when each request was planned, stalls of the server included."
      : "Closed loop: latency is from sending; a stall counts once for each connection only.");
    if (run.requests_interrupted > 0)
      add(main, "p", "Interrupted, with " + whole(run.requests_interrupted) + " in flight.");
    add(main, "p", run.saturated
      ? "The generator was the bottleneck: " + run.saturation.join("; ")
      : "The generator was not the bottleneck.", run.saturated ? "bad" : "dim");
    const figures = add(main, "div", undefined, "figures");
    const latency = run.latency_seconds;
    for (const [name, value] of [["requests", whole(run.requests)],
      ["a second", whole(run.requests_per_second)], ["errors", whole(run.errors)],
      ["p50", time(latency.p50)], ["p99", time(latency.p99)], ["p99.9", time(latency["p99.9"])],
      ["duration", time(run.duration_seconds)]]) {
      const box = add(figures, "div", name, "dim");
      add(box, "b", value, name === "errors" && run.errors > 0 ? "bad" : "");
    }

    const names = ["p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99"];
    const place = name => -Math.log10(1 - Number(name.slice(1)) / 100);
    const curve = of => names.map(name => [place(name), of[name]]);
    const curves = [[open ? "from plan" : "from sending", "var(--one)", curve(latency)]];
    if (open)
      curves.push(["from sending", "var(--two)", curve(run.latency_from_send_seconds)]);
    const hasLatency = latency.count > 0;
    add(main, "h2", hasLatency ? "Latency and time" : "Time");
    const charts = add(main, "div", undefined, "charts");
    if (hasLatency)
      chart(charts, "Latency by percentile", names.map(name => [place(name), name]), curves, time);
    if (run.timeline.length > 0) {
      const ticks = run.timeline.map(row => [row.second, row.second + " s"]);
      const over = key => run.timeline.map(row => [row.second, row[key]]);
      chart(charts, "Requests a second", ticks, [["requests", "var(--one)", over("requests")]],
        whole);
      if (hasLatency)
        chart(charts, "Latency over time", ticks, [["p50", "var(--one)", over("p50_seconds")],
          ["p99", "var(--two)", over("p99_seconds")]], time);
      chart(charts, "Errors a second", ticks, [["errors", "var(--bad)", over("errors")]], whole);
    }
    // Columns are [name, latency].
    function latencies(title, columns) {
      add(main, "h2", title);
      table(["", ...columns.map(column => column[0])], ["min", "mean", ...names, "max"].map(
        name => [name, ...columns.map(column => time(column[1][name]))]));
    }
    if (hasLatency)
      latencies("Latency of successes", open
        ? [["from plan", latency], ["from sending", run.latency_from_send_seconds]]
        : [["from sending", latency]]);
    const streams = run.event_streams;
    if (streams)
      latencies("Event streams: " + whole(streams.events) + " events, " + whole(streams.streams_cut)
        + " streams cut at the end",
        [["first event", streams.first_event_seconds], ["gap", streams.gap_seconds]]);
    if (run.requests > 0) {
      add(main, "h2", "Answers");
      table(["status", "count"],
        Object.entries(run.codes).map(([code, count]) => [code, whole(count)]));
    }
    if (run.error_causes.length > 0) {
      add(main, "h2", "Errors by cause");
      table(["cause", "count", "example"], run.error_causes.map(one =>
        [one.cause, whole(one.count), one.example]));
    }
    add(main, "h2", "Targets");
    table(["target", "requests", "errors", "p50", "p99"], run.targets.map(one => [one.name,
      whole(one.requests), whole(one.errors), time(one.latency_seconds.p50),
      time(one.latency_seconds.p99)]));
    add(main, "h2", "The run");
    add(add(main, "p"), "code", run.generator.command);
    add(main, "p", "connections: " + run.generator.connections + "; threads: "
      + run.generator.threads + "; " + time(run.generator.cpu_seconds / Math.max(1, run.requests))
      + " of CPU a request; " + run.generator.version + ", "
      + run.generator.system + ", " + run.generator.cores + " cores",
      "dim");

    """
}
