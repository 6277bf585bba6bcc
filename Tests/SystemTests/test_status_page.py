"""The status page in a real browser: it tells what `/status.json` does, to whoever looks."""

import json
import re
import ssl
import threading

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from browser import chromium, complaints, resize
from harness import PATIENCE, Penstock, Upstream, account, eventually
from origins import outcome, proxy
from watched import Load, busy
from watched import config as watched_config


@pytest.fixture(scope="module")
def penstock(authority, tmp_path_factory):
    """After a few rounds of everything."""
    directory = tmp_path_factory.mktemp("page")
    authority.cert_pem.write_to_path(directory / "ca.pem")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(tls)
    with Upstream(busy) as plain, Upstream(busy, tls=tls) as secure:
        config = watched_config(plain, secure, str(directory / "ca.pem"), directory)
        with Penstock(config) as server:
            Load(server).run(3)
            yield server


@pytest.fixture(scope="module")
def wide():
    with chromium() as driver:
        yield driver


def open_page(driver, penstock):
    """The page once it shows something."""
    driver.get(f"http://127.0.0.1:{penstock.admin_port}/status")
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
    shown = {name: float(text.replace(",", "")) for name, text in column(page, "In all").items()}
    # Each row of the tests asks after the server's health, which has no account.
    assert shown.keys() >= {"none", "ca_plain", "ca_quota"}
    assert all(shown[name] == counted(name) for name in shown if name != "none")
    assert column(page, "Quota left")["ca_quota"] == "5 of 100"
    hits = dict(zip(texts(page, "#limits td:first-child"), texts(page, "#limits td:last-child")))
    hit = samples['penstock_limit_hits_total{limit="uri_bytes"}']
    assert hits["uri_bytes"] == f"▲ {hit:,.0f}"


def test_its_charts_tell_the_last_minute(penstock, page):
    said = status(penstock)["all"]
    values = texts(page, ".figure-value")
    rate, success, latency, added = (float(re.match(r"[\d.,]+", text)[0].replace(",", ""))
                                     for text in values)
    assert rate == pytest.approx(said["requests_per_second"], rel=0.3)
    assert success == pytest.approx(100 * said["success_ratio"], abs=1)
    assert latency == pytest.approx(said["p99_ms"], rel=0.02)
    assert added == pytest.approx(said["added_p99_ms"], rel=0.2)
    drawn = page.execute_script(
        "return [...document.querySelectorAll('.plot path.line0')]"
        ".map((each) => each.getTotalLength())")
    assert len(drawn) == 4 and all(length > 0 for length in drawn)
    labels = page.execute_script("return [...document.querySelectorAll('.plot svg')]"
                                 ".map((each) => each.getAttribute('aria-label'))")
    assert all("now" in label for label in labels)


def test_the_pointer_asks_a_chart_for_a_moment(page):
    page.find_element(By.ID, "pause").click()
    before = texts(page, ".legend")[0]
    page.execute_script("""
      const plot = document.querySelector('.plot svg'), box = plot.getBoundingClientRect();
      plot.dispatchEvent(new PointerEvent('pointermove', {clientX: box.left, clientY: box.top}));
    """)
    assert page.find_element(By.CSS_SELECTOR, ".plot .cursor").get_attribute("d") != ""
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
    assert page.find_element(By.ID, "pause").get_attribute("aria-pressed") == "true"
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
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let worst = [99, ''];
  while (walker.nextNode()) {
    const text = walker.currentNode.data.trim(), node = walker.currentNode.parentElement;
    if (!text || /SCRIPT|STYLE|NOSCRIPT/.test(node.tagName) || !node.checkVisibility()) continue;
    const a = light(getComputedStyle(node).color), b = light(behind(node));
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
