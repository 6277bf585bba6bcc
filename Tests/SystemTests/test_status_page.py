"""The status page in a real browser: it tells what `/status.json` does, to whoever looks."""

import copy
import json
import re
import threading
import time

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import Stage, chromium, complaints, resize
from harness import PATIENCE, Penstock, account, eventually
from origins import outcome, proxy
from watched import Load, served


@pytest.fixture(scope="module")
def penstock(authority, ca_file, tmp_path_factory):
    """After a few rounds of everything."""
    with served(authority, ca_file, tmp_path_factory.mktemp("page") / "files") as server:
        Load(server).run(3)
        yield server


@pytest.fixture(scope="module")
def wide():
    with chromium() as driver:
        yield driver


def open_page(driver, penstock):
    """The page once it shows something."""
    return open_url(driver, f"http://127.0.0.1:{penstock.admin_port}/status")


def open_url(driver, url):
    driver.get(url)
    eventually(lambda: driver.find_element(By.ID, "state").text == "● serving", 10, "serving")
    complaints(driver)
    return driver


@pytest.fixture
def page(wide, penstock):
    """Between two tests the browser keeps its connections."""
    yield open_page(wide, penstock)
    penstock.accept_leaks()


def texts(driver, selector):
    """What elements show, all at once, for the page goes on."""
    return driver.execute_script(
        "return [...document.querySelectorAll(arguments[0])].map((each) => each.innerText.trim())",
        selector)


def attributes(driver, selector, name):
    return driver.execute_script(
        "return [...document.querySelectorAll(arguments[0])]"
        ".map((each) => each.getAttribute(arguments[1]))", selector, name)


def utc(unix_seconds):
    return time.strftime("%H:%M:%S", time.gmtime(unix_seconds)) + "\xa0UTC"


def names(driver):
    return texts(driver, "#accounts tbody th")


def column(driver, name):
    return dict(zip(names(driver), texts(driver, f"#accounts td[data-name='{name}']")))


def status(penstock):
    return json.loads(penstock.admin("/status.json").body)


def test_it_shows_the_figures_of_the_metrics(penstock, page):
    samples = penstock.metrics()

    def counted(account):
        return sum(value for name, value in samples.items()
                   if name.startswith("penstock_requests_total")
                   and f'account="{account}"' in name)
    assert set(names(page)) >= {"(no account)", "ca_plain", "ca_quota"}

    def differing():
        """Each row of the tests asks after the server's health, which has no account."""
        return [name for name, text in column(page, "In all").items()
                if name != "(no account)" and float(text.replace(",", "")) != counted(name)]
    eventually(lambda: not differing(), 8, "the figures of the metrics")  # a sample later
    assert column(page, "Quota left")["ca_quota"] == "5 of 100"
    hits = dict(zip(texts(page, "#limits td:first-child"), texts(page, "#limits td:last-child")))
    hit = samples['penstock_limit_hits_total{limit="uri_bytes"}']
    assert hits["uri_bytes"] == f"▲ {hit:,.0f}"


def test_its_charts_tell_the_last_minute(penstock, page):
    said = status(penstock)["all"]
    rate, success, latency, added = texts(page, ".figure-value")

    def number(text):
        return float(re.search(r"[\d.,]+", text)[0].replace(",", ""))
    assert number(rate) == pytest.approx(said["requests_per_second"], rel=0.3)
    assert number(success) == pytest.approx(100 * said["success_ratio"], abs=1)
    assert number(latency) == pytest.approx(said["p99_ms"], rel=0.02)
    if added.startswith("<"):
        assert said["added_p99_ms"] <= number(added)
    else:
        assert number(added) == pytest.approx(said["added_p99_ms"], rel=0.2)
    drawn = page.execute_script(
        "return [...document.querySelectorAll('.plot')].map((plot) =>"
        "[...plot.querySelectorAll('.line0')].map((each) => each.getTotalLength()))")
    assert len(drawn) == 4 and all(sum(lengths) > 0 for lengths in drawn)
    captions, labels = texts(page, "figcaption"), attributes(page, ".plot", "aria-label")
    assert all(", last minute" in caption for caption in captions)
    assert all(label.endswith(" in the last minute") for label in labels)
    assert all(legend.startswith("last 2\xa0s") for legend in texts(page, ".legend"))


def test_the_pointer_asks_a_chart_for_a_moment(page):
    page.find_element(By.ID, "pause").click()
    before = texts(page, ".legend")[0]
    time, value = page.execute_script("""
      const plot = document.querySelector('.plot svg'), box = plot.getBoundingClientRect();
      plot.dispatchEvent(new PointerEvent('pointermove', {clientX: box.left, clientY: box.top}));
      const {unix_seconds: times, requests_per_second: values} = data.series;
      return [times[0], perSecond(values[0])];
    """)
    assert texts(page, ".legend")[0].split("\n") == [utc(time), f"answered {value}"]
    assert page.find_element(By.CSS_SELECTOR, ".plot .cursor").get_attribute("d") == "M0 0V120"
    page.execute_script("document.querySelector('.plot svg')"
                        ".dispatchEvent(new PointerEvent('pointerleave'))")
    assert texts(page, ".legend")[0] == before


def test_those_in_trouble_are_named_with_the_reason(page):
    items = texts(page, "#trouble li")
    assert texts(page, "#trouble-title") == [f"In trouble: {len(items)}"]
    failing = [item for item in items if "✕ ca_refused" in item]
    assert "fail upstream" in failing[0] and "Since" in failing[0]
    assert names(page)[0] in items[0]
    assert column(page, "State")["ca_quota"] == "▲ throttled"
    assert column(page, "State")["ca_tls"] == "✓ fine"


def test_a_click_sorts_and_a_third_one_takes_it_back(page):
    first = names(page)
    head = page.find_element(By.XPATH, "//th/button[starts-with(., 'In all')]")
    cell = head.find_element(By.XPATH, "..")
    head.click()
    counts = [float(text.replace(",", "")) for text in column(page, "In all").values()]
    assert counts == sorted(counts, reverse=True)
    assert cell.get_attribute("aria-sort") == "descending" and head.text == "In all ↓"
    head.send_keys(Keys.ENTER)  # by the keyboard, too
    counts = [float(text.replace(",", "")) for text in column(page, "In all").values()]
    assert counts == sorted(counts)
    head.click()
    assert cell.get_attribute("aria-sort") is None
    assert names(page) == first


def test_a_filter_is_typed_behind_a_slash(page):
    page.find_element(By.TAG_NAME, "body").send_keys("/")
    page.switch_to.active_element.send_keys("QUOTA")
    assert names(page) == ["ca_quota"]
    assert texts(page, "#shown")[0].startswith("1 of ")
    page.switch_to.active_element.send_keys(Keys.CONTROL, "a")
    page.switch_to.active_element.send_keys("throttled")
    assert names(page) == ["ca_quota"]
    page.switch_to.active_element.send_keys(Keys.CONTROL, "a")
    page.switch_to.active_element.send_keys(Keys.DELETE)
    assert len(names(page)) > 5


def test_paused_it_shows_what_it_showed(penstock, page):
    body = page.find_element(By.TAG_NAME, "body")
    body.send_keys("p")
    assert texts(page, "#state") == ["● serving, paused"]
    button = page.find_element(By.ID, "pause")
    assert button.text == "Go on p" and button.get_attribute("aria-pressed") is None
    page.execute_script("document.body.dispatchEvent(new KeyboardEvent("
                        "'keydown', {key: 'p', repeat: true, bubbles: true}))")
    assert texts(page, "#state") == ["● serving, paused"]  # a key held down is one press
    before = column(page, "In all")["ca_tls"]
    wanted = f'{int(before.replace(",", "")) + 1:,}'
    assert outcome(penstock, proxy("GET", "/x", account="ca_tls")).status == 200
    eventually(lambda: [each for each in status(penstock)["accounts"]
                        if each["account"] == "ca_tls"][0]["requests_total"]
               == int(wanted.replace(",", "")), 5, "the request in the status")
    assert column(page, "In all")["ca_tls"] == before
    body.send_keys("p")
    eventually(lambda: column(page, "In all")["ca_tls"] == wanted, 8, "the new figure")


def test_a_request_id_is_copied(penstock, page):
    page.execute_cdp_cmd("Browser.grantPermissions", {
        "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
    row = page.find_element(By.CSS_SELECTOR, "#errors tbody tr")
    button = row.find_element(By.CSS_SELECTOR, "button")
    id = row.find_element(By.CSS_SELECTOR, "td.id span").text
    button.click()
    eventually(lambda: button.text == "Copied", 3, "Copied")
    assert button.accessible_name == f"Copied: request id {id}"
    copied = page.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
    assert copied == id
    assert penstock.access_line(id)["request_id"] == id


def test_nothing_comes_from_elsewhere_and_nothing_is_complained_of(penstock, page):
    asked = page.execute_script(
        "return performance.getEntriesByType('resource').map((each) => each.name)")
    here = f"http://127.0.0.1:{penstock.admin_port}/status.json"
    assert {each for each in asked if not each.startswith("data:")} == {here}
    assert complaints(page) == []


def test_a_server_that_is_gone_is_told(upstream):
    with Penstock({"accounts": [account(upstream)]}) as penstock, chromium() as driver:
        open_page(driver, penstock)
        penstock.stop()
        eventually(lambda: texts(driver, "#state")[0].startswith("✕ no answer"), 8, "no answer")
        assert texts(driver, "#facts")[0].startswith("version")  # what was known stays


CONTRAST = """
  const light = (text) => {
    const parts = text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
      .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return 'rgb(255, 255, 255)';
  };
  // As it looks through what is pale.
  const color = (node) => {
    let opacity = 1;
    for (let at = node; at; at = at.parentElement) opacity *= getComputedStyle(at).opacity;
    const below = behind(node).match(/[\\d.]+/g);
    return getComputedStyle(node).color.match(/[\\d.]+/g).slice(0, 3)
      .map((part, index) => part * opacity + below[index] * (1 - opacity)).join(' ');
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let worst = [99, ''];
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), node = walker.currentNode.parentElement;
    if (!text || /SCRIPT|STYLE|NOSCRIPT/.test(node.tagName) || !node.checkVisibility()) continue;
    const a = light(color(node)), b = light(behind(node));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst[0]) worst = [ratio, text];
  }
  return worst;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_legible_and_nothing_runs_over(penstock, scheme):
    with chromium(scheme=scheme) as driver:
        open_page(driver, penstock)
        page = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
        assert (sum(map(int, re.findall(r"\d+", page)[:3])) > 380) == (scheme == "light")
        for width in (1280, 768, 360):
            resize(driver, width, 800)
            ratio, text = driver.execute_script(CONTRAST)
            assert ratio >= 4.5, f"{text!r} at {width}: {ratio:.2f} (WCAG 1.4.3)"
            assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        assert complaints(driver) == []


def test_a_thousand_accounts_do_not_choke_it(upstream):
    accounts = [account(upstream, f"ca_{number:04}") for number in range(1000)]
    with Penstock({"accounts": accounts}) as penstock, chromium() as driver:
        connection = penstock.connect()
        for each in accounts:
            connection.exchange(proxy("GET", account=each["id"]))
        eventually(lambda: status(penstock)["all"]["requests_total"] >= 1000, 6, "all of them")
        open_page(driver, penstock)
        assert len(names(driver)) >= 1000
        milliseconds = driver.execute_script(
            "const begun = performance.now(); draw(); document.body.offsetHeight;"
            "return performance.now() - begun")
        assert milliseconds < 200 * PATIENCE
        driver.find_element(By.ID, "filter").send_keys("ca_0999")
        assert names(driver) == ["ca_0999"]


def test_it_is_live(penstock, page):
    """Under load its figures move by themselves."""
    before = float(column(page, "In all")["ca_plain"].replace(",", ""))
    load = threading.Thread(target=Load(penstock).run, args=(3,))
    load.start()
    eventually(lambda: float(column(page, "In all")["ca_plain"].replace(",", "")) > before, 8,
               "a larger figure")
    load.join()


# --- What seldom happens: the page over documents of the test's own ------------------------------

@pytest.fixture(scope="module")
def real(penstock):
    """The page's answer, and a document as the server writes it, once there is a little history."""
    eventually(lambda: len(status(penstock)["series"]["unix_seconds"]) > 1, 8, "two samples")
    return penstock.admin("/status"), status(penstock)


@pytest.fixture
def stage(real):
    page, document = real
    with Stage(page, copy.deepcopy(document)) as stage:
        yield stage


def trouble(reason, message="Something is wrong", since="2026-01-01T00:00:00.000000Z"):
    return {"reason": reason, "message": message, "since": since}


def staged(stage, name, *reasons, **members):
    """An account of that name, in those troubles, before all others."""
    row = copy.deepcopy(stage.document["accounts"][0])
    row = {key: value for key, value in row.items() if not key.startswith(("quota", "retry"))}
    troubles = [trouble(reason) for reason in reasons]
    row |= {"account": name, "troubles": troubles, "trouble": (troubles or [None])[0], **members}
    stage.document["accounts"].insert(0, row)
    return row


def failure(stage, id, request_id="0198-a"):
    return {"id": id, "time": stage.document["time"], "side": "upstream", "status": 502,
            "error": "upstream_timeout", "phase": "first_byte", "message": "It took too long.",
            "account": "ca_plain", "method": "GET", "request_id": request_id}


def now(stage):
    return stage.document["series"]["unix_seconds"][-1]


def test_failures_of_one_request_at_one_time_are_two_rows(stage, wide):
    stage.document["errors"] = [failure(stage, "b"), failure(stage, "a")]
    open_url(wide, stage.url)
    assert len(texts(wide, "#errors tbody tr")) == 2
    stage.document["errors"] = [failure(stage, id) for id in "dcba"]
    eventually(lambda: len(texts(wide, "#errors tbody tr")) == 4, 8, "the new ones")


def test_a_percentile_beyond_the_bounds_is_not_made_up(stage, wide):
    stage.document |= {"latency_bounds_ms": [5, 60000], "added_bounds_ms": [0.25, 1000]}
    figures = {"p50_ms": 2.5, "p99_ms": 60000, "added_p99_ms": 0.25}
    staged(stage, "ca_edge", **figures)
    stage.document["all"] |= figures
    stage.document["series"]["p50_ms"][-1] = 5
    open_url(wide, stage.url)
    shown = [column(wide, name)["ca_edge"] for name in ("p50", "p99", "Added p99")]
    assert shown == ["<\xa05\xa0ms", ">\xa060\xa0s", "<\xa00.25\xa0ms"]
    assert texts(wide, ".figure-value")[2:] == shown[1:]
    assert "p50 <\xa05\xa0ms" in texts(wide, ".legend")[2]


def test_a_quota_is_told_until_it_is_given_anew(stage, wide):
    moment = int(now(stage))
    quota = {"quota_limit": 100, "quota_remaining": 5}
    staged(stage, "ca_past", **quota, quota_reset_unix_seconds=moment - 10)
    staged(stage, "ca_unknown", quota_limit=100)
    staged(stage, "ca_waits", retry_after_unix_seconds=moment + 7210)
    staged(stage, "ca_low", "upstream_failing", "quota_low", **quota,
           quota_reset_unix_seconds=moment + 7210, retry_after_unix_seconds=moment + 10810)
    open_url(wide, stage.url)
    shown = column(wide, "Quota left")
    assert shown["ca_past"] == "–"
    assert shown["ca_unknown"] == "? of 100"
    assert shown["ca_low"] == "5 of 100"
    told = dict(zip(names(wide), attributes(wide, "td[data-name='Quota left']", "title")))
    assert told["ca_low"].startswith("The quota resets in 2\xa0h.")
    assert told["ca_waits"] == "It wants to be left alone for another 2\xa0h."
    item = texts(wide, "#trouble li")[0]
    assert "Left: 5 of 100. The quota resets in 2\xa0h." in item
    assert "left alone for another 3\xa0h." in item
    wide.find_element(By.XPATH, "//th/button[starts-with(., 'Quota left')]").click()
    wide.find_element(By.XPATH, "//th/button[starts-with(., 'Quota left')]").click()
    ascending = list(column(wide, "Quota left").values())
    assert ascending[0] == "5 of 100"  # what is not known comes last
    assert {"–", "? of 100"}.issuperset(each for each in ascending if each != "5 of 100")
    assert ascending.index("? of 100") >= ascending.count("5 of 100")


def test_what_is_no_account_is_not_counted_as_one(stage, wide):
    staged(stage, "other")
    stage.document["accounts_folded"] = 3
    open_url(wide, stage.url)
    rows = names(wide)
    assert {"(no account)", "(all others)"} < set(rows) and {"none", "other"}.isdisjoint(rows)
    assert texts(wide, "#shown")[0].startswith(f"{len(rows) - 2} in use, ")
    assert "3 more under (all others)" in texts(wide, "#shown")[0]


def title(driver, url):
    """As the browser's bar has it, whichever tab is in front."""
    targets = driver.execute_cdp_cmd("Target.getTargets", {})["targetInfos"]
    return [each["title"] for each in targets if each["url"] == url][0]


def test_a_tab_behind_others_asks_seldom_and_keeps_its_title(stage):
    stage.document["accounts"] = [
        each for each in stage.document["accounts"] if not each["trouble"]]
    with chromium() as driver:
        open_url(driver, stage.url)
        assert driver.title == "Penstock"
        front = driver.current_window_handle
        driver.switch_to.new_window("tab")
        time.sleep(3)  # a question that was about to be asked
        asked = stage.asked
        staged(stage, "ca_bad", "throttled")
        time.sleep(7)
        assert stage.asked - asked <= 1
        eventually(lambda: title(driver, stage.url) == "▲ Penstock", 15, "the title")
        asked = stage.asked
        driver.switch_to.window(front)
        eventually(lambda: stage.asked > asked, 1.5, "a question at once")


def test_lost_and_paused_are_told_at_once(stage, wide):
    open_url(wide, stage.url)
    stage.document, document = None, stage.document
    eventually(lambda: texts(wide, "#state") == ["✕ no answer"], 8, "no answer")
    assert wide.title == "✕ Penstock"
    wide.find_element(By.TAG_NAME, "body").send_keys("p")
    assert texts(wide, "#state") == ["✕ no answer, paused"]
    wide.execute_script("""
      window.told = 0;
      new MutationObserver(() => { told += 1; }).observe(
        document.querySelector('#state'), {childList: true, characterData: true, subtree: true});
    """)
    before = texts(wide, "#silence")
    eventually(lambda: texts(wide, "#silence") != before, 5, "time goes on")
    time.sleep(2.5)
    assert wide.execute_script("return told") == 0  # or it would be read out again and again
    stage.document = document
    eventually(lambda: texts(wide, "#state") == ["● serving, paused"], 8, "an answer")
    assert texts(wide, "#silence") == [""]


def test_a_fault_of_the_script_is_not_taken_for_silence(stage, wide):
    open_url(wide, stage.url)
    stage.document["limits"] = None
    eventually(lambda: any("TypeError" in each for each in complaints(wide)), 8, "a complaint")
    assert texts(wide, "#state") == ["● serving"]
    asked = stage.asked
    eventually(lambda: stage.asked > asked, 8, "it goes on")


def test_the_focus_and_the_selection_stay_as_failures_come_and_go(stage, wide):
    stage.document["errors"] = [failure(stage, id, f"0198-{id}") for id in "cba"]
    open_url(wide, stage.url)
    row = wide.find_elements(By.CSS_SELECTOR, "#errors tbody tr")[1]
    wide.execute_script("""
      arguments[0].querySelector('button').focus();
      getSelection().selectAllChildren(arguments[0].querySelector('.id span'));
    """, row)
    # One goes from before it, one from behind it, and another comes.
    stage.document["errors"] = [failure(stage, id, f"0198-{id}") for id in "db"]
    eventually(lambda: texts(wide, "td.id span") == ["0198-d", "0198-b"], 8, "the new ones")
    assert wide.switch_to.active_element.accessible_name == "Copy: request id 0198-b"
    assert wide.execute_script("return getSelection().toString()") == "0198-b"


def test_where_the_clipboard_is_refused_an_id_is_copied_and_the_focus_stays(stage, wide):
    stage.document["errors"] = [failure(stage, "a", "0198-old-way")]
    open_url(wide, stage.url)
    wide.execute_script("navigator.clipboard.writeText = () => Promise.reject(new Error());"
                        "document.addEventListener('copy', () => {"
                        "  const {value} = document.activeElement; window.copied = value; });")
    button = wide.find_element(By.CSS_SELECTOR, "#errors button")
    button.click()
    eventually(lambda: button.text == "Copied", 3, "Copied")
    assert button.accessible_name == "Copied: request id 0198-old-way"
    assert wide.execute_script("return copied") == "0198-old-way"
    assert wide.switch_to.active_element == button


BROKEN = """
  const broken = [];
  for (const cell of document.querySelectorAll('.cards td:not(.wide):not(.state)')) {
    const text = document.createRange();
    text.selectNodeContents(cell);
    const tops = [...text.getClientRects()].map((each) => Math.round(each.top / 4));
    const isCut = cell.scrollWidth > cell.clientWidth + 1;
    if (new Set(tops).size > 1 || isCut) broken.push(cell.textContent);
  }
  for (const region of document.querySelectorAll('.scroll')) {
    if (region.scrollWidth > region.clientWidth) broken.push(region.firstElementChild.id);
  }
  return broken;
"""


def test_a_phone_sorts_and_breaks_no_word(stage, wide):
    staged(stage, "ca_large", "upstream_failing", p50_ms=0.223, p99_ms=70000.0, added_p99_ms=0.223,
           requests_total=123456789, quota_limit=1000000, quota_remaining=123456)
    stage.document["errors"] = [failure(stage, "a", "0198f7c2-4b1e-7c3a-9d2e-0123456789ab")]
    stage.document["limits"].insert(0, {
        "limit": "upstream_response_header_bytes", "value": 1 << 30, "hits_total": 12345})
    try:
        for width in (640, 360, 320):
            resize(wide, width, 800)
            open_url(wide, stage.url)
            assert wide.execute_script(BROKEN) == [], width
        choice = wide.find_element(By.ID, "order")
        choice.find_element(By.XPATH, "option[. = 'In all ↓']").click()
        counts = [float(text.replace(",", "")) for text in column(wide, "In all").values()]
        assert counts == sorted(counts, reverse=True) and counts[0] == 123456789
        choice.find_element(By.XPATH, "option[. = 'In trouble first']").click()
        assert names(wide) == [
            {"none": "(no account)"}.get(each["account"], each["account"])
            for each in stage.document["accounts"]]
    finally:
        resize(wide, 1280, 900)
    assert not choice.is_displayed()  # there are heads to click


def series(stage, times, values):
    """Every line of every chart has those values."""
    for name in stage.document["series"]:
        stage.document["series"][name] = times if name == "unix_seconds" else values


def test_a_chart_goes_by_time_and_shows_what_stands_alone(stage, wide):
    start = now(stage)
    series(stage, [start, start + 10, start + 80, start + 90, start + 100],
           [0.5, 0.5, None, 0.5, None])
    open_url(wide, stage.url)
    lines, dots = (attributes(wide, f".plot {name}", "d")[1]
                   for name in (".line0:not(.dots)", ".dots.line0"))
    assert re.findall(r"[ML]([\d.]+)", lines) == ["0.0", "60.0"]
    assert re.findall(r"M([\d.]+)", dots) == ["540.0"]
    style = "return getComputedStyle(document.querySelector('.dots'))"
    assert wide.execute_script(f"{style}.strokeLinecap") == "round"
    assert float(wide.execute_script(f"{style}.strokeWidth").removesuffix("px")) > 4


def test_the_keyboard_asks_a_chart_for_a_moment(stage, wide):
    start = now(stage)
    times = [start + 2 * index for index in range(4)]
    series(stage, times, [1, 2, 3, 4])
    open_url(wide, stage.url)
    plot = wide.find_element(By.CSS_SELECTOR, ".plot")
    assert plot.get_attribute("role") == "slider" and plot.get_attribute("tabindex") == "0"

    def told_after(key):
        plot.send_keys(key)
        return plot.get_attribute("aria-valuetext")

    def at(index):
        return f"{utc(times[index])}: answered {index + 1}/s"
    unpointed = plot.get_attribute("aria-valuetext")
    assert told_after(Keys.ARROW_LEFT) == at(3)
    assert told_after(Keys.ARROW_LEFT) == at(2)
    assert told_after(Keys.HOME) == told_after(Keys.ARROW_LEFT) == at(0)
    assert told_after(Keys.ARROW_RIGHT) == at(1)
    assert plot.get_attribute("aria-valuenow") == "1"
    series(stage, [*times[1:], start + 8], [2, 3, 4, 5])  # time goes on: the moment is the same
    eventually(lambda: plot.get_attribute("aria-valuenow") == "0", 8, "its new place")
    assert plot.get_attribute("aria-valuetext") == at(1)
    assert told_after(Keys.END) == f"{utc(start + 8)}: answered 5/s"
    assert told_after(Keys.ESCAPE) == unpointed
    assert attributes(wide, ".plot .cursor", "d")[0] == ""


def test_a_new_trouble_is_read_out_once(stage, wide):
    open_url(wide, stage.url)
    wide.execute_script("""
      window.told = [];
      const news = document.querySelector('#news');
      new MutationObserver(() => told.push(news.textContent)).observe(news, {childList: true});
    """)
    assert texts(wide, "#news") == [""]  # what was there from the start is read with the page
    assert attributes(wide, "#news", "role") == ["status"]
    staged(stage, "ca_new", "at_limit")
    eventually(lambda: wide.execute_script("return told"), 8, "the news")
    asked = stage.asked
    eventually(lambda: stage.asked > asked + 1, 8, "another look")
    assert wide.execute_script("return told") == ["New trouble: ca_new, at limit"]


def test_an_account_with_several_troubles_tells_them_all(stage, wide):
    row = staged(stage, "ca_many", "internal_errors", "throttled", "at_limit")
    row["trouble"]["message"] = "The worst of all"
    staged(stage, "ca_limit", "at_limit")
    open_url(wide, stage.url)
    items = texts(wide, "#trouble li")
    item = next(each for each in items if "ca_many" in each)
    assert "✕ ca_many" in item and "The worst of all. Also: throttled, at limit." in item
    assert column(wide, "State")["ca_many"] == "✕ internal errors"
    assert column(wide, "State")["ca_limit"] == "▲ at limit"
    wide.find_element(By.ID, "filter").send_keys("at limit")
    assert {"ca_limit", "ca_many"} <= set(names(wide)) and "ca_tls" not in names(wide)


def test_a_name_that_is_cut_is_told_whole(stage, wide):
    name = "ca_" + "long" * 20
    staged(stage, name)
    open_url(wide, stage.url)
    cell = wide.find_element(By.CSS_SELECTOR, "#accounts tbody th")
    assert wide.execute_script("return arguments[0].scrollWidth > arguments[0].clientWidth", cell)
    assert cell.get_attribute("title") == name


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_old_stays_legible(stage, scheme):
    staged(stage, "ca_bad", "internal_errors")
    staged(stage, "ca_warned", "throttled")
    with chromium(scheme=scheme) as driver:
        open_url(driver, stage.url)
        stage.document = None
        eventually(lambda: driver.find_elements(By.CSS_SELECTOR, ".stale main"), 8, "no answer")
        ratio, text = driver.execute_script(CONTRAST)
        assert ratio >= 4.5, f"{text!r}: {ratio:.2f} (WCAG 1.4.3)"
