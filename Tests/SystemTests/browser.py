"""A headless Chromium, as Debian has it, and a stage for the status page to be looked at on."""

import contextlib
import http.server
import json
import shutil
import tempfile
import threading

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service


@contextlib.contextmanager
def chromium(width=1280, height=900, scheme="light"):
    """A browser with a profile of its own; `scheme` is the reader's preference."""
    if not shutil.which("chromedriver"):
        pytest.skip("no chromedriver is installed")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    with tempfile.TemporaryDirectory(prefix="penstock-chromium-") as profile:
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                         "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}",
                         f"--window-size={width},{height}"):
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
        try:
            resize(driver, width, height)
            driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
                "features": [{"name": "prefers-color-scheme", "value": scheme}]})
            yield driver
        finally:
            driver.quit()


def resize(driver, width, height):
    """What the page sees of the screen, in CSS pixels."""
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})


def complaints(driver):
    """What the browser's console says: errors of the script, and what the policy refused."""
    return [entry["message"] for entry in driver.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")]


def screenshot(driver, path):
    """Of the whole page."""
    height = driver.execute_script("return document.documentElement.scrollHeight")
    width = driver.execute_script("return document.documentElement.clientWidth")
    resize(driver, width, height)
    driver.save_screenshot(str(path))


class Stage:
    """The page of a server, over a document that the test writes: what seldom happens, at once.

    `document` is what `/status.json` gives; None is no answer that is any good. `asked` counts
    the questions. `page` is the server's answer to `/status`, its policy included.
    """

    def __init__(self, page, document):
        self.page, self.document, self.asked = page, document, 0
        stage = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                stage.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/status"

    def answer(self, handler):
        body, fields = self.page.body, [("Content-Type", "text/html; charset=utf-8")]
        if handler.path == "/status":
            fields.append(("Content-Security-Policy", self.page.header("content-security-policy")))
        else:
            self.asked += 1
            body = b"" if self.document is None else json.dumps(self.document).encode()
            fields = [("Content-Type", "application/json")]
        handler.send_response(200 if body else 503)
        for name, value in [*fields, ("Content-Length", str(len(body)))]:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
