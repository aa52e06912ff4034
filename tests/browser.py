# SPDX-License-Identifier: Apache-2.0
"""Chromium without a window, driven over the WebDriver protocol (https://www.w3.org/TR/webdriver2/)."""

import base64
import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER = "\ue007"


def missing():
    """What is not installed; None: all is there."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    return None


class Element:
    def __init__(self, browser, identifier):
        self.browser, self.path = browser, f"element/{identifier}"

    def click(self):
        self.browser.call("POST", f"{self.path}/click", {})

    def type(self, text):
        self.browser.call("POST", f"{self.path}/clear", {})
        self.browser.call("POST", f"{self.path}/value", {"text": text})


class Browser:
    """A page is waited for: nothing here sleeps for a time that has to be enough."""

    def __init__(self, port, patience):
        self.port, self.patience = port, patience
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.session = None

    def call(self, method, path, body=None):
        session = f"/{self.session}" if self.session else ""
        url = f"http://127.0.0.1:{self.port}/session{session}" + (f"/{path}" if path else "")
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
        try:
            return json.load(self.opener.open(request, timeout=self.patience))["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(json.load(error)["value"]["message"]) from None

    def begin(self, options, dark=False):
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-proxy-server",
                     "--disable-background-networking", "--disable-component-update", "--no-first-run", "--lang=en", *options]
        if dark:
            arguments.append("--blink-settings=preferredColorScheme=0")
        wanted = {"browserName": "chrome", "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                  "goog:chromeOptions": {"args": arguments, "binary": shutil.which("chromium")}}
        self.session = self.call("POST", "", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]

    def go(self, url):
        self.call("POST", "url", {"url": url})

    def run(self, script, *arguments):
        return self.call("POST", "execute/sync", {"script": script, "args": list(arguments)})

    def wait(self, script, *arguments):
        """What the script answers, as soon as that is true."""
        end = time.monotonic() + self.patience
        while not (answer := self.run(script, *arguments)):
            if time.monotonic() > end:
                raise AssertionError(f"{script!r} {arguments} never came true; the page says: {self.words()}")
            time.sleep(0.05)
        return answer

    def find(self, selector):
        self.wait("return document.querySelector(arguments[0]) !== null", selector)
        return Element(self, self.call("POST", "element", {"using": "css selector", "value": selector})[ELEMENT])

    def words(self):
        return " ".join(self.run("return document.body.innerText").split())

    def wait_for_words(self, *words):
        for word in words:
            self.wait("return !document.querySelector('[aria-busy]') && document.body.innerText.includes(arguments[0])", word)

    def size(self, width, height):
        self.call("POST", "window/rect", {"width": width, "height": height})

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "screenshot")))

    def log(self, kind):
        return self.call("POST", "se/log", {"type": kind})

    def complaints(self):
        """What the console says since it was last asked. A refused call is an answer like any other."""
        return [entry["message"] for entry in self.log("browser") if entry["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """The addresses that were asked for since this was last asked."""
        events = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def run_browser(patience=120, dark=False):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = free_port()
        environment = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_CACHE_HOME": folder}
        driver = subprocess.Popen(["chromedriver", f"--port={port}"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        browser = Browser(port, patience)
        try:
            end = time.monotonic() + patience
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        raise
                    time.sleep(0.1)
            browser.begin([f"--user-data-dir={folder}/profile"], dark)
            yield browser
        finally:
            if browser.session:
                with contextlib.suppress(Exception):
                    browser.call("DELETE", "")
            driver.terminate()
            driver.wait()
