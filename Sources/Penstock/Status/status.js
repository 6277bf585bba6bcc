"use strict";
// Reads status.json every other second and shows it. Nothing is ever put in as HTML.

const byID = (id) => document.getElementById(id);
const intervalMilliseconds = 2000;

let data = null; // the last answer
let isPaused = false;
let lostSince = null; // when answers stopped coming
let order = null; // {column, direction}, or null: those in trouble first
let filter = "";

// --- Texts

const round = (value, digits) => value.toLocaleString("en", { maximumFractionDigits: digits });
const missing = "–";

function perSecond(value) {
  return `${round(value, value < 10 ? 2 : value < 100 ? 1 : 0)}/s`;
}

function milliseconds(value) {
  if (value === null) return missing;
  if (value >= 1000) return `${round(value / 1000, 2)} s`;
  return `${round(value, value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
}

// 99.996 % is not 100 %.
function percent(ratio) {
  if (ratio === null) return missing;
  const value = ratio * 100;
  const cut = value > 99 && value < 100 ? Math.floor(value * 1000) / 1000 : value;
  return `${round(cut, value > 99 ? 3 : 1)} %`;
}

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  return `${round(value, index === 0 ? 0 : 1)} ${units[index]}`;
}

function duration(seconds) {
  if (seconds < 0) return "0 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${round(seconds / 3600, 1)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

const secondsSince = (time) => (Date.parse(data.time) - Date.parse(time)) / 1000;
const secondsUntil = (unixSeconds) => unixSeconds - Date.parse(data.time) / 1000;

// --- Elements

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function svg(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setClass(node, name) {
  if (node.className !== name) node.className = name;
}

// Makes the children of `parent` those of `items`, in their order; those that are there stay.
function reconcile(parent, items, key, make, update) {
  const known = (parent.known ??= new Map());
  const wanted = new Set();
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    wanted.add(name);
    let node = known.get(name);
    if (!node) known.set(name, (node = make(item)));
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
    update(node, item);
  }
  for (const [name, node] of known) {
    if (wanted.has(name)) continue;
    node.remove();
    known.delete(name);
  }
}

// --- Charts

const charts = [
  {
    title: "Requests", unit: perSecond, isFilled: true,
    lines: [["answered", "requests_per_second"]],
    value: (all) => perSecond(all.requests_per_second),
  },
  {
    title: "Success", unit: percent, range: successRange,
    lines: [["neither upstream nor Penstock failed", "success_ratio"]],
    value: (all) => percent(all.success_ratio),
  },
  {
    title: "Latency, p99", unit: milliseconds,
    lines: [["p50", "p50_ms"], ["p90", "p90_ms"], ["p99", "p99_ms"]],
    value: (all) => milliseconds(all.p99_ms),
  },
  {
    title: "Added by Penstock, p99", unit: milliseconds,
    lines: [["p50", "added_p50_ms"], ["p99", "added_p99_ms"]],
    value: (all) => milliseconds(all.added_p99_ms),
  },
];
const plotWidth = 600;
const plotHeight = 120;

function makeChart(chart) {
  const figure = element("figure");
  const caption = element("figcaption", "", chart.title);
  chart.valueNode = element("span", "figure-value");
  chart.legend = element("div", "legend");
  chart.names = chart.lines.map(([name], index) => {
    const entry = element("span");
    const swatch = svg("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" });
    swatch.append(svg("path", { class: `line${index}`, d: "M0 4H22" }));
    const text = element("span");
    entry.append(swatch, text);
    chart.legend.append(entry);
    return { name, text };
  });
  const plot = element("div", "plot");
  chart.top = element("span", "top");
  chart.bottom = element("span", "bottom");
  chart.svg = svg("svg", {
    viewBox: `0 0 ${plotWidth} ${plotHeight}`, preserveAspectRatio: "none", role: "img",
  });
  const frame = `M0 .5H${plotWidth}M0 ${plotHeight}H${plotWidth}`;
  chart.svg.append(svg("path", { class: "grid", d: frame }));
  chart.area = svg("path", { class: "area" });
  if (chart.isFilled) chart.svg.append(chart.area);
  chart.paths = chart.lines.map((_, index) => svg("path", { class: `line${index}` }));
  chart.cursor = svg("path", { class: "cursor" });
  chart.svg.append(...chart.paths, chart.cursor);
  chart.svg.addEventListener("pointermove", (event) => pointAt(chart, event));
  chart.svg.addEventListener("pointerleave", () => pointAt(chart, null));
  plot.append(chart.svg, chart.top, chart.bottom);
  const times = element("div", "times");
  chart.oldest = element("span");
  times.append(chart.oldest, element("span", "", "now"));
  caption.append(chart.valueNode);
  figure.append(caption, chart.legend, plot, times);
  return figure;
}

// From 0 to the next of 1, 2, 5, 10, 20, …
function rangeFromZero(values) {
  const most = Math.max(0, ...values);
  if (most === 0) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(most));
  return [0, [1, 2, 5, 10].map((step) => step * power).find((top) => top >= most * 0.9999)];
}

// As near to 1 as shows the worst of it.
function successRange(values) {
  const least = Math.min(1, ...values.filter((value) => value !== null));
  return [[0.999, 0.99, 0.9, 0.5].find((bottom) => bottom < least) ?? 0, 1];
}

function drawChart(chart) {
  const { series, all } = data;
  const columns = chart.lines.map(([, name]) => series[name]);
  const [bottom, top] = (chart.range ?? rangeFromZero)(columns.flat());
  const last = series.unix_seconds.length - 1;
  const x = (index) => (last > 0 ? (index / last) * plotWidth : plotWidth);
  const y = (value) => plotHeight - ((value - bottom) / (top - bottom)) * (plotHeight - 1);
  columns.forEach((column, index) => {
    let path = "";
    column.forEach((value, at) => {
      if (value === null) return;
      const isAlone = at === 0 || column[at - 1] === null;
      path += `${isAlone ? "M" : "L"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
      if (isAlone && (column[at + 1] ?? null) === null) path += "h1";
    });
    chart.paths[index].setAttribute("d", path);
    if (chart.isFilled && path) {
      chart.area.setAttribute("d", `${path}V${plotHeight}H${x(0)}Z`);
    }
  });
  setText(chart.top, chart.unit(top));
  setText(chart.bottom, bottom > 0 ? chart.unit(bottom) : "");
  setText(chart.valueNode, chart.value(all));
  setText(chart.oldest, last > 0
    ? `${duration(series.unix_seconds[last] - series.unix_seconds[0])} ago` : "");
  chart.svg.setAttribute("aria-label", `${chart.title}: now ${chart.value(all)}`);
  nameLines(chart);
}

// The legend tells the values where the pointer is, else the last ones.
function nameLines(chart) {
  const times = data.series.unix_seconds;
  const at = chart.pointed ?? times.length - 1;
  chart.names.forEach(({ name, text }, index) => {
    const value = data.series[chart.lines[index][1]][at] ?? null;
    setText(text, `${name} ${value === null ? missing : chart.unit(value)}`);
  });
  const isPointed = chart.pointed !== undefined && chart.pointed < times.length;
  const x = isPointed ? (at / Math.max(1, times.length - 1)) * plotWidth : 0;
  chart.cursor.setAttribute("d", isPointed ? `M${x} 0V${plotHeight}` : "");
}

function pointAt(chart, event) {
  if (!data) return;
  chart.pointed = undefined;
  if (event) {
    const box = chart.svg.getBoundingClientRect();
    const share = (event.clientX - box.left) / box.width;
    chart.pointed = Math.round(share * (data.series.unix_seconds.length - 1));
  }
  nameLines(chart);
}

// --- Accounts

const isBad = (account) => ["internal_errors", "upstream_failing", "credential_refused"]
  .includes(account.trouble?.reason);

const mark = (account) => account.trouble ? (isBad(account) ? "✕" : "▲") : "✓";
const reason = (account) => (account.trouble?.reason ?? "").replaceAll("_", " ");

function quotaText(account) {
  const { quota_limit: limit, quota_remaining: left } = account;
  if (left === undefined && limit === undefined) return missing;
  const text = (value) => value === undefined ? "?" : round(value, 0);
  return `${text(left)} of ${text(limit)}`;
}

const accountColumns = [
  {
    name: "Account", kind: "name", value: (account) => account.account,
    text: (account) => account.account,
  },
  {
    name: "State", kind: "state", value: reason,
    text: (account) => `${mark(account)} ${reason(account) || "fine"}`,
    className: (account) => account.trouble ? (isBad(account) ? "bad" : "warn") : "good",
  },
  {
    name: "Requests", value: (account) => account.requests_per_second,
    text: (account) => perSecond(account.requests_per_second),
  },
  {
    name: "Success", value: (account) => account.success_ratio,
    text: (account) => percent(account.success_ratio),
    className: (account) => (account.success_ratio ?? 1) < 0.9 ? "bad" : "",
  },
  {
    name: "Caller errors", value: (account) => account.caller_errors_per_second,
    text: (account) => account.caller_errors_per_second > 0
      ? perSecond(account.caller_errors_per_second) : missing,
  },
  {
    name: "p50", value: (account) => account.p50_ms,
    text: (account) => milliseconds(account.p50_ms),
  },
  {
    name: "p99", value: (account) => account.p99_ms,
    text: (account) => milliseconds(account.p99_ms),
  },
  {
    name: "Added p99", value: (account) => account.added_p99_ms,
    text: (account) => milliseconds(account.added_p99_ms),
  },
  {
    name: "Quota left", text: quotaText,
    value: ({ quota_limit: limit, quota_remaining: left }) => limit > 0 ? left / limit : null,
  },
  {
    name: "In all", value: (account) => account.requests_total,
    text: (account) => round(account.requests_total, 0),
  },
];
accountColumns.forEach((column) => { column.kind ??= "number"; });

function makeErrorHeads() {
  for (const name of [...errorColumns.map((column) => column.name), "Request id"]) {
    const head = element("th", "", name);
    head.scope = "col";
    byID("errors").querySelector("thead tr").append(head);
  }
}

function makeAccountHeads() {
  const row = byID("accounts").querySelector("thead tr");
  accountColumns.forEach((column) => {
    const head = element("th", column.kind);
    head.scope = "col";
    const button = element("button", "", column.name);
    button.type = "button";
    button.addEventListener("click", () => sortBy(column));
    head.append(button);
    column.head = head;
    row.append(head);
  });
}

// Texts begin with the first, numbers with the largest; the third time is as it was.
function sortBy(column) {
  const directions = ["ascending", "descending"];
  if (column.kind === "number") directions.reverse();
  if (order?.column !== column) order = { column, direction: directions[0] };
  else if (order.direction === directions[0]) order.direction = directions[1];
  else order = null;
  accountColumns.forEach((each) => {
    const isSorted = order?.column === each;
    if (isSorted) each.head.setAttribute("aria-sort", order.direction);
    else each.head.removeAttribute("aria-sort");
    const arrow = isSorted ? (order.direction === "ascending" ? " ↑" : " ↓") : "";
    setText(each.head.firstElementChild, each.name + arrow);
  });
  if (data) drawAccounts();
}

function compare(left, right) {
  const a = order.column.value(left);
  const b = order.column.value(right);
  if (a === null || b === null) return (a === null) - (b === null); // the unknown last
  const result = typeof a === "string" ? a.localeCompare(b) : a - b;
  return order.direction === "ascending" ? result : -result;
}

function drawAccounts() {
  const wanted = filter.toLowerCase();
  let shown = data.accounts.filter((account) => !wanted
    || account.account.toLowerCase().includes(wanted)
    || reason(account).includes(wanted));
  if (order) shown = shown.toSorted(compare);
  reconcile(byID("accounts").tBodies[0], shown, (account) => account.account, () => {
    const row = element("tr");
    row.append(...accountColumns.map((column) => {
      const cell = element(column.kind === "name" ? "th" : "td");
      if (column.kind === "name") cell.scope = "row";
      cell.dataset.name = column.name;
      return cell;
    }));
    return row;
  }, (row, account) => accountColumns.forEach((column, index) => {
    const cell = row.children[index];
    setText(cell, column.text(account));
    setClass(cell, `${column.kind} ${column.className?.(account) ?? ""}`.trim());
  }));
  const all = data.accounts.length;
  let text = shown.length === all ? `${all} in use` : `${shown.length} of ${all}`;
  text += `, ${round(data.accounts_configured, 0)} configured`;
  if (data.accounts_folded > 0) text += `; ${round(data.accounts_folded, 0)} more counted as other`;
  setText(byID("shown"), text);
}

function drawTrouble() {
  const troubled = data.accounts.filter((account) => account.trouble);
  setText(byID("trouble-title"), troubled.length === 0
    ? "✓ No account is in trouble" : `In trouble: ${troubled.length}`);
  setClass(byID("trouble-title"), troubled.length === 0 ? "good" : "");
  reconcile(byID("trouble").querySelector("ul"), troubled, (account) => account.account, () => {
    const item = element("li");
    item.append(element("b"), element("span"), " ", element("time"));
    return item;
  }, (item, account) => {
    const [name, message, since] = item.children;
    setClass(item, isBad(account) ? "bad" : "warn");
    setText(name, `${mark(account)} ${account.account}`);
    let text = `${account.trouble.message}.`;
    if (account.trouble.reason === "quota_low") text += ` ${quotaText(account)}.`;
    if (account.trouble.reason === "throttled") {
      const wait = secondsUntil(account.retry_after_unix_seconds ?? 0);
      if (wait > 0) text += ` It wants to be left alone for another ${duration(wait)}.`;
    }
    setText(message, text);
    since.dateTime = account.trouble.since;
    setText(since, `Since ${duration(secondsSince(account.trouble.since))} ago.`);
  });
}

// --- Errors

const sides = {
  downstream: ["▲ caller", ""], upstream: ["▲ upstream", "warn"], internal: ["✕ Penstock", "bad"],
};

const errorColumns = [
  { name: "When", text: (error) => `${duration(secondsSince(error.time))} ago` },
  {
    name: "Whose fault", text: (error) => sides[error.side][0],
    className: (error) => sides[error.side][1],
  },
  {
    name: "Error", className: () => "wide",
    text: (error) => error.phase ? `${error.error} (${error.phase})` : error.error,
  },
  { name: "Account", text: (error) => error.account ?? missing },
  { name: "Project", text: (error) => error.project ?? missing },
  {
    name: "Status", className: () => "wide",
    text: ({ status, upstream_status: upstream }) => upstream && upstream !== status
      ? `${status}, upstream ${upstream}` : String(status || missing),
  },
];

function makeError(error) {
  const row = element("tr");
  if (error.isNone) {
    const cell = element("td", "good wide", "✓ Nothing yet");
    cell.colSpan = errorColumns.length + 1;
    row.append(cell);
    return row;
  }
  row.append(...errorColumns.map((column) => {
    const cell = element("td", column.className?.(error), column.text(error));
    cell.dataset.name = column.name;
    return cell;
  }));
  row.children[2].title = error.message;
  const id = element("td", "id wide");
  id.dataset.name = "Request id";
  id.append(element("span", "", error.request_id ?? "not shown"));
  if (error.request_id) id.append(copyButton(error.request_id));
  row.append(id);
  return row;
}

function drawErrors() {
  const rows = data.errors.length > 0 ? data.errors : [{ isNone: true }];
  reconcile(byID("errors").tBodies[0], rows, (error) => `${error.time} ${error.request_id}`,
    makeError, (row, error) => {
      if (!error.isNone) setText(row.firstElementChild, errorColumns[0].text(error));
    });
}

function copyButton(text) {
  const button = element("button", "", "Copy");
  button.type = "button";
  button.setAttribute("aria-label", `Copy request id ${text}`);
  button.addEventListener("click", async () => {
    setText(button, (await copy(text)) ? "Copied" : "Select it by hand");
    setTimeout(() => setText(button, "Copy"), 1500);
  });
  return button;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // not on a secure origin, or not allowed
    const area = element("textarea", "", text);
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    return isCopied;
  }
}

// --- The rest

function drawFacts() {
  const parts = [`version ${data.version}`, `configuration ${data.config_digest}`,
    `loaded ${duration(secondsSince(data.config_loaded))} ago`,
    `${data.workers} ${data.workers === 1 ? "worker" : "workers"}`];
  if (!data.config_reload_successful) parts.push("▲ the last reload failed");
  if (data.log_lines_dropped_total > 0) {
    parts.push(`▲ ${round(data.log_lines_dropped_total, 0)} log lines dropped`);
  }
  setText(byID("facts"), parts.join(" · "));
}

function drawState() {
  const state = byID("state");
  document.body.classList.toggle("stale", lostSince !== null);
  if (lostSince !== null) {
    setClass(state, "bad");
    setText(state, `✕ no answer for ${duration((Date.now() - lostSince) / 1000)}`);
  } else if (data) {
    const isServing = data.state === "serving";
    setClass(state, isServing ? "good" : "warn");
    setText(state, (isServing ? "● serving" : "▲ draining") + (isPaused ? ", paused" : ""));
  }
}

function drawPools() {
  const pair = (active, idle) => `${round(active, 0)}, ${round(idle, 0)}`;
  const { connections: pools, files, all } = data;
  const reused = pools.upstream_requests_reused_total;
  const sent = reused + pools.upstream_requests_new_total;
  const facts = [
    ["Requests in flight", round(data.requests_in_flight, 0)],
    ["Clients: active, idle", pair(pools.downstream_active, pools.downstream_idle)],
    ["Upstream: active, idle", pair(pools.upstream_active, pools.upstream_idle)],
    ["Upstream requests on a kept connection", sent > 0 ? percent(reused / sent) : missing],
    ["Waiting for a connection", round(pools.requests_queued, 0)],
    ["Being dialled", round(pools.dials_in_flight, 0)],
    ["From clients, to clients",
      `${bytes(all.request_bytes_per_second)}/s, ${bytes(all.response_bytes_per_second)}/s`],
  ];
  if (files) {
    facts.push(["Binary results stored", `${round(files.files, 0)}, ${bytes(files.bytes)}`],
      ["Free on their disk", bytes(files.free_bytes)]);
  }
  const nodes = facts.flatMap(([name, value]) => [["dt", name, name], ["dd", `${name}:`, value]]);
  reconcile(byID("pools"), nodes, ([, key]) => key, ([kind]) => element(kind),
    (node, [, , text]) => setText(node, text));
}

// Those that were hit first.
function drawLimits() {
  const limits = data.limits.toSorted((a, b) => b.hits_total - a.hits_total);
  reconcile(byID("limits").tBodies[0], limits, (limit) => limit.limit, (limit) => {
    const row = element("tr");
    row.append(element("td", "", limit.limit), element("td", "number"), element("td"));
    return row;
  }, (row, limit) => {
    setText(row.children[1], limit.value > 0 ? round(limit.value, 0) : "none");
    setText(row.children[2], limit.hits_total > 0 ? `▲ ${round(limit.hits_total, 0)}` : "0");
    setClass(row.children[2], limit.hits_total > 0 ? "number warn" : "number");
  });
}

function draw() {
  drawState();
  drawFacts();
  charts.forEach(drawChart);
  drawTrouble();
  drawAccounts();
  drawErrors();
  drawPools();
  drawLimits();
  document.title = data.accounts.some((account) => account.trouble) ? "▲ Penstock" : "Penstock";
}

// --- Life

async function refresh() {
  if (!isPaused && !document.hidden) {
    try {
      const signal = AbortSignal.timeout(10000);
      const answer = await fetch("status.json", { cache: "no-store", signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = await answer.json();
      lostSince = null;
      if (!isPaused) {
        data = fresh;
        draw();
      }
    } catch {
      lostSince ??= Date.now();
      drawState();
    }
  }
  setTimeout(refresh, intervalMilliseconds);
}

function togglePause() {
  isPaused = !isPaused;
  const button = byID("pause");
  button.setAttribute("aria-pressed", String(isPaused));
  setText(button.firstChild, isPaused ? "Go on " : "Pause ");
  drawState();
}

byID("pause").addEventListener("click", togglePause);
byID("filter").addEventListener("input", (event) => {
  filter = event.target.value.trim();
  if (data) drawAccounts();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target instanceof HTMLInputElement) {
    if (event.key === "Escape") event.target.blur();
  } else if (event.key === "p") {
    togglePause();
  } else if (event.key === "/") {
    event.preventDefault();
    byID("filter").focus();
  }
});

makeAccountHeads();
makeErrorHeads();
byID("charts").append(...charts.map(makeChart));
refresh();
