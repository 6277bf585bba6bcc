"use strict";
// Reads status.json every other second and shows it. Nothing is ever put in as HTML.

const byID = (id) => document.getElementById(id);
const intervalMilliseconds = 2000;
const hiddenIntervalMilliseconds = 15000; // a tab behind others keeps its title right

let latest = null; // the last answer
let data = null; // the answer that is shown, which is an older one while paused
let isPaused = false;
let isLost = false; // whether the last question was left without an answer
let answered = Date.now(); // when the last answer came, of which the page itself is the first
let order = null; // {column, direction}, or null: those in trouble first
let filter = "";

// --- Texts

const round = (value, digits) => value.toLocaleString("en", { maximumFractionDigits: digits });
const missing = "–";
const withUnit = (number, unit) => `${number}\u00a0${unit}`; // never on two lines

function perSecond(value) {
  return `${round(value, value < 10 ? 2 : value < 100 ? 1 : 0)}/s`;
}

function milliseconds(value) {
  if (value === null) return missing;
  if (value >= 1000) return withUnit(round(value / 1000, 2), "s");
  return withUnit(round(value, value < 1 ? 3 : value < 10 ? 2 : value < 100 ? 1 : 0), "ms");
}

// A percentile beyond the histogram's bounds is guessed: all that is known is the bound.
function estimate(value, bounds) {
  if (value === null || !bounds) return milliseconds(value);
  const [first, last] = bounds;
  if (value <= first) return `<\u00a0${milliseconds(first)}`;
  if (value >= last) return `>\u00a0${milliseconds(last)}`;
  return milliseconds(value);
}

const latency = (value) => estimate(value, data.latency_bounds_ms);
const addedLatency = (value) => estimate(value, data.added_bounds_ms);

// 99.996 % is not 100 %.
function percent(ratio) {
  if (ratio === null) return missing;
  const value = ratio * 100;
  const cut = value > 99 && value < 100 ? Math.floor(value * 1000) / 1000 : value;
  return withUnit(round(cut, value > 99 ? 3 : 1), "%");
}

function bytes(value) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let index = 0;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  return withUnit(round(value, index === 0 ? 0 : 1), units[index]);
}

function duration(seconds) {
  if (seconds < 90) return withUnit(Math.max(0, Math.round(seconds)), "s");
  if (seconds < 5400) return withUnit(Math.round(seconds / 60), "min");
  if (seconds < 172800) return withUnit(round(seconds / 3600, 1), "h");
  return withUnit(Math.round(seconds / 86400), "days");
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

function setTitle(node, text) {
  if (node.title !== text) node.title = text;
}

// Makes the children of `parent` those of `items`, in their order; those that are there stay.
// What is gone is removed before anything is placed: else what stays would be moved past it, and
// a moved node loses the focus and the selection.
function reconcile(parent, items, key, make, update) {
  const known = (parent.known ??= new Map());
  const wanted = new Set(items.map(key));
  for (const [name, node] of known) {
    if (wanted.has(name)) continue;
    node.remove();
    known.delete(name);
  }
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = key(item);
    let node = known.get(name);
    if (!node) known.set(name, (node = make(item)));
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
    update(node, item);
  }
}

// --- Charts

// `axis` writes the bounds of the plot, `text` a value.
const charts = [
  {
    title: "Requests", axis: perSecond, text: perSecond, isFilled: true,
    lines: [["answered", "requests_per_second"]],
    value: (all) => perSecond(all.requests_per_second),
  },
  {
    title: "Success", axis: percent, text: percent, range: successRange,
    lines: [["callers' errors aside", "success_ratio"]],
    value: (all) => percent(all.success_ratio),
  },
  {
    title: "Latency, p99", axis: milliseconds, text: latency,
    lines: [["p50", "p50_ms"], ["p90", "p90_ms"], ["p99", "p99_ms"]],
    value: (all) => latency(all.p99_ms),
  },
  {
    title: "Added by Penstock, p99", axis: milliseconds, text: addedLatency,
    lines: [["p50", "added_p50_ms"], ["p99", "added_p99_ms"]],
    value: (all) => addedLatency(all.added_p99_ms),
  },
];
const plotWidth = 600;
const plotHeight = 120;

function makeChart(chart) {
  const figure = element("figure");
  const caption = element("figcaption", "", `${chart.title}, last minute`);
  chart.valueNode = element("span", "figure-value");
  caption.append(chart.valueNode);
  const times = element("div", "times");
  chart.oldest = element("span");
  times.append(chart.oldest, element("span", "", "now"));
  figure.append(caption, makeLegend(chart), makePlot(chart), times);
  return figure;
}

function makeLegend(chart) {
  const legend = element("div", "legend");
  chart.when = element("span");
  legend.append(chart.when);
  chart.names = chart.lines.map(([name], index) => {
    const entry = element("span");
    const swatch = svg("svg", { viewBox: "0 0 22 8", "aria-hidden": "true" });
    swatch.append(svg("path", { class: `line${index}`, d: "M0 4H22" }));
    const text = element("span");
    entry.append(swatch, text);
    legend.append(entry);
    return { name, text };
  });
  return legend;
}

// To a keyboard and to who cannot see it, a plot is a slider over its moments.
function makePlot(chart) {
  chart.plot = element("div", "plot");
  chart.plot.tabIndex = 0;
  chart.plot.setAttribute("role", "slider");
  chart.plot.setAttribute("aria-valuemin", "0");
  chart.plot.addEventListener("keydown", (event) => pointByKey(chart, event));
  chart.plot.addEventListener("blur", () => pointAt(chart, null));
  chart.top = element("span", "top");
  chart.bottom = element("span", "bottom");
  chart.plot.append(makeDrawing(chart), chart.top, chart.bottom);
  return chart.plot;
}

function makeDrawing(chart) {
  chart.svg = svg("svg", {
    viewBox: `0 0 ${plotWidth} ${plotHeight}`, preserveAspectRatio: "none", "aria-hidden": "true",
  });
  const frame = `M0 .5H${plotWidth}M0 ${plotHeight}H${plotWidth}`;
  chart.svg.append(svg("path", { class: "grid", d: frame }));
  chart.area = svg("path", { class: "area" });
  if (chart.isFilled) chart.svg.append(chart.area);
  chart.paths = chart.lines.map((_, index) => ({
    line: svg("path", { class: `line${index}` }),
    dots: svg("path", { class: `dots line${index}` }),
  }));
  chart.cursor = svg("path", { class: "cursor" });
  chart.svg.append(...chart.paths.flatMap(({ line, dots }) => [line, dots]), chart.cursor);
  chart.svg.addEventListener("pointermove", (event) => pointByPointer(chart, event));
  chart.svg.addEventListener("pointerleave", () => pointAt(chart, null));
  return chart.svg;
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

// Where a moment stands, by its time: samples may be late, or missing.
function across(index) {
  const times = data.series.unix_seconds;
  const span = times.at(-1) - times[0];
  return span > 0 ? ((times[index] - times[0]) / span) * plotWidth : plotWidth;
}

// A value without neighbours makes no line, and is drawn as a dot.
function trace(values, height) {
  let line = "";
  let dots = "";
  values.forEach((value, at) => {
    if (value === null) return;
    const point = `${across(at).toFixed(1)} ${height(value).toFixed(1)}`;
    const isFirst = (values[at - 1] ?? null) === null;
    const isLast = (values[at + 1] ?? null) === null;
    if (isFirst && isLast) dots += `M${point}h.01`;
    else line += `${isFirst ? "M" : "L"}${point}`;
  });
  return { line, dots };
}

function drawChart(chart) {
  const { series, all } = data;
  const columns = chart.lines.map(([, name]) => series[name]);
  const [bottom, top] = (chart.range ?? rangeFromZero)(columns.flat());
  const height = (value) =>
    plotHeight - ((value - bottom) / (top - bottom)) * (plotHeight - 1);
  columns.forEach((column, index) => {
    const { line, dots } = trace(column, height);
    chart.paths[index].line.setAttribute("d", line);
    chart.paths[index].dots.setAttribute("d", dots);
    const area = line && `${line}V${plotHeight}H${across(0)}Z`;
    if (chart.isFilled) chart.area.setAttribute("d", area);
  });
  setText(chart.top, chart.axis(top));
  setText(chart.bottom, bottom > 0 ? chart.axis(bottom) : "");
  setText(chart.valueNode, chart.value(all));
  const times = series.unix_seconds;
  setText(chart.oldest, times.length > 1 ? `${duration(times.at(-1) - times[0])} ago` : "");
  chart.plot.setAttribute("aria-label", `${chart.title}: ${chart.value(all)} in the last minute`);
  drawMoment(chart);
}

// The legend tells the values of the moment that is pointed at, else the last ones.
function drawMoment(chart) {
  const times = data.series.unix_seconds;
  const pointed = times.indexOf(chart.moment); // -1, too, once it is too long ago
  const at = pointed < 0 ? times.length - 1 : pointed;
  setText(chart.when, pointed < 0 ? "last 2\u00a0s" : timeOfDay(times[at]));
  chart.names.forEach(({ name, text }, index) => {
    const value = data.series[chart.lines[index][1]][at] ?? null;
    setText(text, `${name} ${value === null ? missing : chart.text(value)}`);
  });
  const x = pointed < 0 ? 0 : across(at);
  chart.cursor.setAttribute("d", pointed < 0 ? "" : `M${x} 0V${plotHeight}`);
  tellMoment(chart, at, pointed >= 0);
}

// Where no moment is pointed at the text stays the same, so that it is not read out again and
// again to who has the focus there.
function tellMoment(chart, at, isPointed) {
  const values = chart.names.map(({ text }) => text.textContent).join(", ");
  const text = isPointed ? `${chart.when.textContent}: ${values}` : "arrow keys tell a moment";
  chart.plot.setAttribute("aria-valuemax", String(data.series.unix_seconds.length - 1));
  chart.plot.setAttribute("aria-valuenow", String(at));
  chart.plot.setAttribute("aria-valuetext", text);
}

// As the log has it.
const timeOfDay = (unixSeconds) =>
  withUnit(new Date(unixSeconds * 1000).toISOString().slice(11, 19), "UTC");

// A moment is kept by its time, for its place changes as time goes on; null is none.
function pointAt(chart, unixSeconds) {
  chart.moment = unixSeconds;
  if (data) drawMoment(chart);
}

function pointByPointer(chart, event) {
  if (!data) return;
  const box = chart.svg.getBoundingClientRect();
  const x = ((event.clientX - box.left) / box.width) * plotWidth;
  const distance = (index) => Math.abs(across(index) - x);
  const times = data.series.unix_seconds;
  const nearest = times.reduce(
    (best, _, index) => distance(index) < distance(best) ? index : best, 0);
  pointAt(chart, times[nearest]);
}

function pointByKey(chart, event) {
  if (!data || event.ctrlKey || event.metaKey || event.altKey) return;
  const times = data.series.unix_seconds;
  const last = times.length - 1;
  const pointed = times.indexOf(chart.moment);
  const at = pointed < 0 ? last + 1 : pointed; // the first step back is to the last one
  const wanted = {
    ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1, Home: 0, End: last,
  }[event.key];
  if (wanted === undefined && event.key !== "Escape") return;
  event.preventDefault();
  pointAt(chart, wanted === undefined ? null : times[Math.min(last, Math.max(0, wanted))]);
}

// --- Accounts

const badReasons = new Set(["internal_errors", "upstream_failing", "credential_refused"]);
const isBad = (account) => badReasons.has(account.trouble?.reason);
const mark = (account) => account.trouble ? (isBad(account) ? "✕" : "▲") : "✓";
const words = (trouble) => trouble.reason.replaceAll("_", " ");
const reasons = (account) => account.troubles.map(words);

// Two rows are no accounts: what named none, and those past the number that is counted apart.
const collective = {
  none: { name: "(no account)", title: "Requests for no account" },
  other: { name: "(all others)", title: "The accounts that are not counted apart" },
};
const isCollective = (account) => Object.hasOwn(collective, account.account);
const nameOf = (account) => isCollective(account)
  ? collective[account.account].name : account.account;

// Nothing is known of a quota that has been given anew since.
function quota({ quota_limit: limit, quota_remaining: left, quota_reset_unix_seconds: reset }) {
  const isKnown = (limit !== undefined || left !== undefined)
    && (reset === undefined || secondsUntil(reset) > 0);
  return isKnown ? { limit, left, reset } : null;
}

function quotaShare(account) {
  const { limit, left } = quota(account) ?? {};
  return limit > 0 && left !== undefined ? left / limit : null;
}

function quotaText(account) {
  const known = quota(account);
  if (!known) return missing;
  const text = (value) => value === undefined ? "?" : round(value, 0);
  return `${text(known.left)} of ${text(known.limit)}`;
}

// When it may be called (more) again.
function quotaTimes(account) {
  const reset = quota(account)?.reset;
  const retry = account.retry_after_unix_seconds ?? 0;
  const parts = [];
  if (reset !== undefined) parts.push(`The quota resets in ${duration(secondsUntil(reset))}.`);
  if (secondsUntil(retry) > 0) {
    parts.push(`It wants to be left alone for another ${duration(secondsUntil(retry))}.`);
  }
  return parts.join(" ");
}

// On a phone two cells stand beside each other, but for those that are `wide`.
const accountColumns = [
  {
    name: "Account", kind: "name", value: nameOf, text: nameOf,
    title: (account) => collective[account.account]?.title ?? account.account, // it may be cut
  },
  {
    name: "State", kind: "state", value: (account) => reasons(account)[0] ?? "",
    text: (account) => `${mark(account)} ${reasons(account)[0] ?? "fine"}`,
    title: (account) => reasons(account).join(", "),
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
    name: "Caller errors", kind: "number wide",
    value: (account) => account.caller_errors_per_second,
    text: (account) => account.caller_errors_per_second > 0
      ? perSecond(account.caller_errors_per_second) : missing,
  },
  {
    name: "p50", value: (account) => account.p50_ms,
    text: (account) => latency(account.p50_ms),
  },
  {
    name: "p99", value: (account) => account.p99_ms,
    text: (account) => latency(account.p99_ms),
  },
  {
    name: "Added p99", kind: "number wide", value: (account) => account.added_p99_ms,
    text: (account) => addedLatency(account.added_p99_ms),
  },
  {
    name: "Quota left", kind: "number wide", value: quotaShare, text: quotaText,
    title: quotaTimes,
  },
  {
    name: "In all", kind: "number wide", value: (account) => account.requests_total,
    text: (account) => round(account.requests_total, 0),
  },
];
accountColumns.forEach((column) => { column.kind ??= "number"; });

// Texts begin with the first, numbers with the largest.
const directions = (column) => column.kind.startsWith("number")
  ? ["descending", "ascending"] : ["ascending", "descending"];
const arrow = (direction) => direction === "ascending" ? "↑" : "↓";

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

// Where rows are cards and no heads are there to be clicked.
function makeOrderChoice() {
  const choice = byID("order");
  choice.append(new Option("In trouble first", ""));
  accountColumns.forEach((column, index) => directions(column).forEach((direction) => {
    choice.append(new Option(`${column.name} ${arrow(direction)}`, `${index} ${direction}`));
  }));
  choice.addEventListener("change", () => {
    const [index, direction] = choice.value.split(" ");
    setOrder(choice.value ? { column: accountColumns[index], direction } : null);
  });
}

// The third time is as it was.
function sortBy(column) {
  const [first, second] = directions(column);
  if (order?.column !== column) setOrder({ column, direction: first });
  else setOrder(order.direction === first ? { column, direction: second } : null);
}

function setOrder(wanted) {
  order = wanted;
  accountColumns.forEach((each) => {
    const isSorted = order?.column === each;
    if (isSorted) each.head.setAttribute("aria-sort", order.direction);
    else each.head.removeAttribute("aria-sort");
    const text = isSorted ? `${each.name} ${arrow(order.direction)}` : each.name;
    setText(each.head.firstElementChild, text);
  });
  byID("order").value = order
    ? `${accountColumns.indexOf(order.column)} ${order.direction}` : "";
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
  const isWanted = (text) => text.toLowerCase().includes(wanted);
  let shown = data.accounts.filter(
    (account) => [nameOf(account), ...reasons(account)].some(isWanted));
  if (order) shown = shown.toSorted(compare);
  reconcile(byID("accounts").tBodies[0], shown, (account) => account.account, makeAccount,
    drawAccount);
  drawCount(shown.length);
}

function makeAccount() {
  const row = element("tr");
  row.append(...accountColumns.map((column) => {
    const cell = element(column.kind === "name" ? "th" : "td");
    if (column.kind === "name") cell.scope = "row";
    cell.dataset.name = column.name;
    return cell;
  }));
  return row;
}

function drawAccount(row, account) {
  accountColumns.forEach((column, index) => {
    const cell = row.children[index];
    setText(cell, column.text(account));
    setClass(cell, `${column.kind} ${column.className?.(account) ?? ""}`.trim());
    setTitle(cell, column.title?.(account) ?? "");
  });
}

function drawCount(shown) {
  const rows = data.accounts.length;
  const used = data.accounts.filter((account) => !isCollective(account)).length;
  let text = shown === rows ? `${used} in use` : `${shown} of ${rows} rows`;
  text += `, ${round(data.accounts_configured, 0)} configured`;
  if (data.accounts_folded > 0) {
    text += `; ${round(data.accounts_folded, 0)} more under ${collective.other.name}`;
  }
  setText(byID("shown"), text);
}

// --- Trouble

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
    setText(name, `${mark(account)} ${nameOf(account)}`);
    setText(message, troubleText(account));
    since.dateTime = account.trouble.since;
    setText(since, `Since ${duration(secondsSince(account.trouble.since))} ago.`);
  });
  tellNewTrouble(troubled);
}

function troubleText(account) {
  const others = reasons(account).slice(1);
  const isQuotaLow = account.troubles.some((trouble) => trouble.reason === "quota_low");
  const parts = [`${account.trouble.message}.`];
  if (others.length > 0) parts.push(`Also: ${others.join(", ")}.`);
  if (isQuotaLow && quota(account)) parts.push(`Left: ${quotaText(account)}.`);
  parts.push(quotaTimes(account));
  return parts.join(" ").trim();
}

let toldTroubles = null; // null: nobody has heard anything, and the page itself is yet to be read

// Says once, to who does not see it, that something has come up.
function tellNewTrouble(troubled) {
  const isNew = (account) =>
    account.troubles.some((trouble) => !toldTroubles.has(`${account.account} ${trouble.reason}`));
  const fresh = toldTroubles ? troubled.filter(isNew) : [];
  toldTroubles = new Set(troubled.flatMap(
    (account) => account.troubles.map((trouble) => `${account.account} ${trouble.reason}`)));
  if (fresh.length === 0) return;
  const named = fresh.slice(0, 3).map(
    (account) => `${nameOf(account)}, ${reasons(account).join(", ")}`);
  const more = fresh.length > 3 ? `; and ${fresh.length - 3} more` : "";
  setText(byID("news"), `New trouble: ${named.join("; ")}${more}`);
}

// --- Errors

const sides = {
  downstream: ["▲ caller", ""], upstream: ["▲ upstream", "warn"], internal: ["✕ Penstock", "bad"],
};

const errorColumns = [
  { name: "When", text: (error) => `${duration(secondsSince(error.time))} ago` },
  {
    name: "Fault", text: (error) => sides[error.side][0],
    className: (error) => sides[error.side][1],
  },
  {
    name: "Error", className: () => "wide",
    text: (error) => error.phase ? `${error.error} (${error.phase})` : error.error,
  },
  { name: "Account", className: () => "wide", text: (error) => error.account ?? missing },
  { name: "Project", className: () => "wide", text: (error) => error.project ?? missing },
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
  const rows = data.errors.length > 0 ? data.errors : [{ id: "", isNone: true }];
  reconcile(byID("errors").tBodies[0], rows, (error) => error.id, makeError, (row, error) => {
    if (!error.isNone) setText(row.firstElementChild, errorColumns[0].text(error));
  });
}

function copyButton(text) {
  const button = element("button");
  const say = (word) => {
    setText(button, word);
    button.setAttribute("aria-label", `${word}: request id ${text}`);
  };
  button.type = "button";
  say("Copy");
  button.addEventListener("click", async () => {
    say((await copy(text, button)) ? "Copied" : "Select it by hand");
    setTimeout(say, 1500, "Copy");
  });
  return button;
}

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // not on a secure origin, or not allowed
    const area = element("textarea", "", text);
    document.body.append(area);
    area.select();
    const isCopied = document.execCommand("copy");
    area.remove();
    button.focus(); // which the area has taken
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

// Of the newest answer, even while paused. Its texts are read out as they change, so that what
// changes all the time stands beside it.
function drawState() {
  const state = byID("state");
  const isServing = latest?.state === "serving";
  document.body.classList.toggle("stale", isLost);
  drawSilence();
  if (!latest && !isLost) return;
  setClass(state, isLost ? "bad" : isServing ? "good" : "warn");
  const text = isLost ? "✕ no answer" : isServing ? "● serving" : "▲ draining";
  setText(state, text + (isPaused ? ", paused" : ""));
  const isTroubled = latest?.accounts.some((account) => account.trouble);
  document.title = `${isLost ? "✕ " : isTroubled ? "▲ " : ""}Penstock`;
}

function drawSilence() {
  const seconds = (Date.now() - answered) / 1000;
  setText(byID("silence"), isLost ? `the last one came ${duration(seconds)} ago` : "");
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
    const [value, hits] = [element("td", "number"), element("td")];
    value.dataset.name = "Value";
    hits.dataset.name = "Hits";
    row.append(element("td", "wide", limit.limit), value, hits);
    return row;
  }, (row, limit) => {
    setText(row.children[1], limit.value > 0 ? round(limit.value, 0) : "none");
    setText(row.children[2], limit.hits_total > 0 ? `▲ ${round(limit.hits_total, 0)}` : "0");
    setClass(row.children[2], limit.hits_total > 0 ? "number warn" : "number");
  });
}

function draw() {
  drawFacts();
  charts.forEach(drawChart);
  drawTrouble();
  drawAccounts();
  drawErrors();
  drawPools();
  drawLimits();
}

// --- Life

let timer;
let isAsking = false;

// Asks, and again after a while; one question at a time. The next one is set before anything is
// drawn, so that a fault in drawing is complained of, and no end.
async function refresh() {
  clearTimeout(timer);
  if (isAsking) return;
  isAsking = true;
  const answer = await ask();
  isAsking = false;
  timer = setTimeout(
    refresh, document.hidden ? hiddenIntervalMilliseconds : intervalMilliseconds);
  take(answer);
}

// Null where there is no answer, or none that can be read.
async function ask() {
  try {
    const signal = AbortSignal.timeout(10000);
    const answer = await fetch("status.json", { cache: "no-store", signal });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

// Paused, it still tells whether there is an answer.
function take(answer) {
  isLost = answer === null;
  if (answer) {
    latest = answer;
    answered = Date.now();
  }
  drawState();
  if (!answer || isPaused) return;
  data = answer;
  draw();
}

// The label tells what a press does; `aria-pressed` beside that would deny it.
function togglePause() {
  isPaused = !isPaused;
  setText(byID("pause").firstChild, isPaused ? "Go on " : "Pause ");
  drawState();
  if (!isPaused) refresh();
}

setInterval(drawSilence, 1000);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});
byID("pause").addEventListener("click", togglePause);
byID("filter").addEventListener("input", (event) => {
  filter = event.target.value.trim();
  if (data) drawAccounts();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches?.("input, select")) {
    if (event.key === "Escape") event.target.blur();
  } else if (event.key === "p") {
    if (!event.repeat) togglePause();
  } else if (event.key === "/") {
    event.preventDefault();
    byID("filter").focus();
  }
});

makeAccountHeads();
makeOrderChoice();
makeErrorHeads();
byID("charts").append(...charts.map(makeChart));
refresh();
