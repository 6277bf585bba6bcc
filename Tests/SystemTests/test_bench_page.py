"""The page that `penstock-bench run --html` writes, in a headless Chromium."""

import pytest
from selenium.webdriver.common.by import By

import bench
import browser
import harness
import scripted
from bench import Run


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """A run in an open loop with errors, one of event streams, one that nobody answered."""
    path = tmp_path_factory.mktemp("pages")
    with bench.origin() as origin, harness.Upstream(scripted.never_answers) as silent:
        Run(path, "-R", 300, "-d", "2s", "--html", path / "open.html", "--max-errors", 0,
            f"3={origin}/text", f"{origin}/status/503?key=geheim")
        Run(path, "-d", "1s", "-c", 2, "--events", "--html", path / "events.html",
            origin + "/stream?events=1000&interval_ms=50")
        Run(path, "-n", 2, "-c", 2, "--timeout", "200ms", "--html", path / "silent.html",
            silent.url)
    return path


def titles(driver):
    return [title.text for title in driver.find_elements(By.CSS_SELECTOR, "h2, figcaption")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 380])
def test_the_page_opens_without_a_complaint_and_fits(pages, width, scheme):
    with browser.chromium(width=width, scheme=scheme) as driver:
        for name in ("open", "events", "silent"):
            driver.get(f"file://{pages}/{name}.html")
            assert browser.complaints(driver) == []
            assert driver.execute_script(
                "return document.documentElement.scrollWidth <= innerWidth")
            color = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
            assert color == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 23, 27)")


def test_each_page_shows_what_was_measured_and_no_more(pages):
    with browser.chromium() as driver:
        driver.get(f"file://{pages}/open.html")
        text = driver.find_element(By.TAG_NAME, "main").text
        assert "\u2717 --max-errors 0: 150 errors" in text and "Open loop" in text
        assert "status 503" in text and "penstock-bench 0.1.0" in text and "geheim" not in text
        assert titles(driver) == [
            "Latency and time", "Latency by percentile", "Requests a second", "Latency over time",
            "Errors a second", "Latency of successes", "Answers", "Errors by cause", "Targets",
            "The run"]
        lines = driver.find_elements(By.CSS_SELECTOR, "polyline")
        assert len(lines) == 6 and "NaN" not in "".join(
            line.get_attribute("points") for line in lines)

        driver.get(f"file://{pages}/events.html")
        assert "2 streams cut at the end" in titles(driver)[3]
        assert "first event" in driver.find_element(By.TAG_NAME, "main").text

        driver.get(f"file://{pages}/silent.html")
        assert titles(driver) == [
            "Time", "Requests a second", "Errors a second", "Errors by cause", "Targets",
            "The run"]
