# SPDX-License-Identifier: Apache-2.0
"""The page of car-service in Chromium: what a person does there, and that nothing comes from elsewhere or is run."""

import os
import pathlib
import sys
import time
import unittest
import urllib.parse

import browser
import local_service
import tap

HOSTILE = "<img src=x onerror=document.title='run'>\u202e\u0007" + "x" * 10_000
REPORT = {"_key": "1", "timestamp": 1700000000000}


def edge(source, name, address):
    return {"_from_external_id": name, "_to": f"ipaddress/{address}", "source": source, "report": "1", "active": True, "timestamp": 1}


CMDB = {
    "source": {"_key": "cmdb", "name": "Inventory"},
    "asset": [{"external_id": "1", "name": "web", "description": "first"}, {"external_id": "2", "name": HOSTILE}]
    + [{"external_id": f"n{i}", "name": f"node {i:03}"} for i in range(80)],
    "ipaddress": [{"_key": "10.0.0.1"}],
    "asset_ipaddress": [edge("cmdb", name, "10.0.0.1") for name in ["1", "2", *(f"n{i}" for i in range(80))]],
}
SCANNER = {"source": {"_key": "scanner", "name": "Scanner"}, "ipaddress": [{"_key": "10.0.0.1"}]}
LATER = {"source": {"_key": "cmdb", "name": "Inventory"}, "report": {"_key": "2", "timestamp": 1700000001000},
         "asset": [{"external_id": "1", "name": "web", "description": "second"}]}


class Page(unittest.TestCase):
    """In this order, by one person, in one browser."""

    @classmethod
    def setUpClass(cls):
        if reason := browser.missing():
            raise unittest.SkipTest(reason)
        service = cls.enterClassContext(local_service.run_service())
        service.set_up()
        for envelope in (CMDB, SCANNER, LATER):
            service.run_job("POST", "imports", {"report": REPORT, **envelope})
        cls.service = service
        cls.root = service.url.removesuffix("/api/car/v2")
        cls.browser = cls.enterClassContext(browser.run_browser())
        cls.browser.size(1280, 900)
        cls.browser.go("about:blank")
        cls.browser.requests()

    def go(self, hash, *words):
        self.browser.go(f"{self.root}/{hash}")
        self.browser.wait_for_words(*words)

    def tearDown(self):
        elsewhere = [url for url in self.browser.requests() if not url.startswith((self.root + "/", f"blob:{self.root}/"))]
        self.assertEqual(elsewhere, [])
        self.assertEqual(self.browser.complaints(), [])

    def log_in(self, **fields):
        self.browser.find(".login")
        for name, value in fields.items():
            self.browser.find(f"input[name={name}]").type(value)
        self.browser.find(".login button.main").click()

    def test_1_log_in(self):
        self.browser.go(self.root + "/")
        self.browser.wait_for_words("Log in")
        self.log_in(key=local_service.KEY, password="wrong")
        self.browser.wait_for_words("The key and password, or the token, are wrong")
        # The console says of each refused call that it was.
        self.assertEqual(len(self.browser.complaints()), 1)
        self.log_in(key=local_service.KEY, password=local_service.PASSWORD)
        self.browser.wait_for_words("2 sources, 84 vertices")
        self.assertEqual(self.browser.run("return document.cookie"), "")

    def test_2_overview(self):
        self.go("#/overview", "Inventory", "Scanner", "1 changed", "asset 82", "none: the next run is a full import", "None runs or waits")
        self.browser.wait("return document.querySelector('.model canvas') !== null")

    def test_3_search(self):
        self.browser.find("#search").type("10.0.0.1" + browser.ENTER)
        self.browser.wait_for_words("Search: 10.0.0.1", "ipaddress", "cmdb", "scanner")
        self.browser.find(".found a").click()
        self.browser.wait_for_words("Neighbourhood", "In other sources", "82 asset")
        self.go("#/search?text=nothing-of-this-name", "Nothing of now has this in its name or id")

    def test_4_object(self):
        self.go("#/object?collection=asset&id=cmdb%2F1", "web", "second", "first seen", "2 objects, 1 edges shown")
        self.assertEqual(self.browser.run("return document.querySelector('del').innerText"), "first")

    def test_5_grow(self):
        nodes = "return document.querySelector('.picture').cy.nodes().length === arguments[0]"
        self.go("#/object?collection=asset&id=cmdb%2F1", "2 objects, 1 edges shown")
        self.browser.find(".tree .tree button.fold, .tree ul button.fold").click()
        self.browser.wait_for_words("13 objects, 12 edges shown")
        self.browser.wait(nodes, 14)  # and the count of the others
        # The picture grows as the list does.
        self.browser.run("document.querySelector('.picture').cy.nodes('.more').emit('tap')")
        self.browser.wait_for_words("63 objects, 62 edges shown")
        self.browser.wait(nodes, 64)

    def test_6_slide(self):
        slide = "const time = document.getElementById('time'); time.value = arguments[0]; time.dispatchEvent(new Event('change'))"
        self.go("#/overview", "2 sources")
        self.go("#/object?collection=asset&id=cmdb%2F1", "2 objects")
        self.browser.run(slide, "2")
        self.browser.wait_for_words("as of", "Back to now")
        self.assertEqual(self.browser.run("return document.querySelector('.members dd:nth-of-type(3)').innerText"), "first")
        self.browser.run(slide, "0")
        self.browser.wait_for_words("It was not there at this moment")

    def test_7_changes(self):
        self.go("#/changes?source=cmdb", "What changed", "asset_ipaddress", "165 objects")
        begun = self.service.want("GET", "v3/overview")["sources"][0]["reports"][0]["begun_at"]
        self.go(f"#/changes?from={begun - 1}", "1 objects", "changed", "first", "second")

    def test_8_questions(self):
        for number, title in enumerate(self.titles(), 1):
            self.go(f"#/questions?n={number}", title, "GraphQL")
        self.go("#/questions?n=1&p.address=10.0.0.1", "2 rows")
        self.browser.find("th:nth-child(1) button").click()
        self.assertEqual(self.browser.run("return document.querySelector('th').getAttribute('aria-sort')"), "ascending")
        # What is typed stays one text of the query.
        self.go("#/questions?n=5&p.database=%22%7D%5C", r'_eq: "\"}\\"', "Nothing.")

    @staticmethod
    def titles():
        text = pathlib.Path(os.environ["TOP_SRCDIR"], "docs", "queries.md").read_text()
        return [line.split(". ", 1)[1] for line in text.splitlines() if line.startswith("## ")]

    def test_9_graphiql(self):
        self.browser.go(self.root + "/graphiql#query=" + urllib.parse.quote('{ asset(where: {name: {_eq: "web"}}) { id } }'))
        self.browser.find(".graphiql-execute-button").click()
        self.browser.wait("return document.querySelector('.result-window')?.innerText.includes('cmdb/1')")
        self.browser.find("button[aria-label='Show Documentation Explorer']").click()
        self.browser.wait("return document.querySelector('.graphiql-doc-explorer')?.innerText.includes('query_root')")

    def test_a_hostile_names(self):
        self.go("#/object?collection=asset&id=cmdb%2F2", "<img src=x onerror=", "10042 characters")
        self.go("#/search?text=onerror", "<img src=x onerror=")
        self.go("#/object?collection=ipaddress&id=cmdb%2F0%2F10.0.0.1", "<img src=x onerror=")
        self.assertEqual(self.browser.run("return document.querySelectorAll('img').length"), 1)
        self.assertNotEqual(self.browser.run("return document.title"), "run")

    def test_b_narrow_and_by_keyboard(self):
        self.browser.size(500, 800)
        for view in ("overview", "questions?n=6", "changes", "object?collection=asset&id=cmdb%2F1"):
            self.go(f"#/{view}")
            self.browser.wait("return document.querySelector('main h1') && document.documentElement.scrollWidth <= innerWidth")
        self.browser.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: '/', bubbles: true}))")
        self.assertEqual(self.browser.run("return document.activeElement.id"), "search")
        self.browser.size(1280, 900)

    def test_c_log_out(self):
        self.go("#/overview", "2 sources")
        self.browser.find("#log-out").click()
        self.browser.wait_for_words("Log in")
        self.browser.go(self.root + "/#/changes")
        self.browser.wait_for_words("Log in")


# Python 3.11 has enterClassContext(); where a test is skipped none of it runs.
if sys.version_info < (3, 11):
    print("1..0 # SKIP this needs Python 3.11")
else:
    tap.main(600)
