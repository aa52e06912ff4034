# SPDX-License-Identifier: Apache-2.0
"""docs/model.md is up to date, and its examples and the questions of docs/queries.md are answered as they say. And what queries and
mutations see over HTTP of ids, edges that are closed, tags and history."""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from local_service import run_service  # noqa: E402

TOP = pathlib.Path(os.environ["TOP_SRCDIR"])
QUESTION = re.compile(r"^## (.*?)$.*?```graphql\n(.*?)```.*?```json\n(.*?)```", re.M | re.S)


class Client:
    def __init__(self, service):
        self.service, self.call = service, service.call

    def ask(self, query, moment=None):
        headers = {"x-hasura-car-timepoint": moment} if moment else {}
        status, answer = self.call("POST", "v3/query", {"query": query}, headers)
        assert status == 200, (status, answer)
        return answer

    def data(self, query, moment=None):
        answer = self.ask(query, moment)
        assert "errors" not in answer, (query, answer)
        print("# answered:", json.dumps(query), flush=True)  # for tests/test-graphql-contract.py
        return answer["data"]

    def send(self, envelope):
        self.service.run_job("POST", "imports", envelope)


def now():
    """A moment after all that was done, and before all that will be."""
    time.sleep(0.01)
    moment = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")
    time.sleep(0.01)
    return moment


def envelope(**members):
    return {"source": {"_key": "s"}, "report": {"_key": "r", "timestamp": 1700000000000}, **members}


def test_documented(client):
    pages = json.loads((TOP / "tests" / "queries-data.json").read_text())
    for page in pages[:2]:
        client.send(page)
    then = now()
    for page in pages[2:]:
        client.send(page)
    questions = QUESTION.findall((TOP / "docs" / "queries.md").read_text())
    assert [title.split(".")[0] for title, _, _ in questions] == [str(i) for i in range(1, 13)], questions
    for title, query, answer in questions:
        found = client.data(query)
        assert found == json.loads(answer), (title, found)
    assert len(client.data(questions[6][1], then)["ipaddress_port"]) == 1
    assert client.data(questions[10][1], then)["asset"][0]["description"] is None


def test_ids_and_edges(client):
    """An address is ADDRESS or 0/ADDRESS, in edges, patches and deletions."""
    edges = "{ asset_ipaddress { asset_id ipaddress_id } }"
    edge = {"asset_id": "s/a/1", "ipaddress_id": "s/0/10.0.0.1"}
    client.send(envelope(asset=[{"external_id": "a/1", "name": "n"}], ipaddress=[{"_key": "10.0.0.1"}, {"_key": "10.0.0.2"}],
                         asset_ipaddress=[{"_from_external_id": "a/1", "_to": "10.0.0.1"}]))
    assert client.data(edges)["asset_ipaddress"] == [edge]
    then = now()
    for active, to in ((False, "10.0.0.1"), (True, "0/10.0.0.1"), (False, "ipaddress/0/10.0.0.1")):
        path = f"asset_ipaddress?source=s&from=a%2F1&to={urllib.parse.quote(to, safe='')}"
        status, answer = client.call("PATCH", path, {"active": active})
        assert status == 200, (status, answer)
        assert client.data(edges)["asset_ipaddress"] == ([edge] if active else [])
    assert client.data(edges, then)["asset_ipaddress"] == [edge]
    client.send(envelope(asset_ipaddress=[{"_from_external_id": "a/1", "_to": "ipaddress/0/10.0.0.1"}]))
    assert client.data(edges)["asset_ipaddress"] == [edge]
    client.send(envelope(asset_ipaddress=[{"_from_external_id": "a/1", "_to": "ipaddress/10.0.0.1", "active": False}]))
    assert client.data(edges)["asset_ipaddress"] == []
    for key in ("10.0.0.1", "0%2F10.0.0.2"):
        assert client.call("DELETE", f"source/s/ipaddress?keys={key}")[0] == 200
    assert client.data("{ ipaddress { id } }") == {"ipaddress": []}
    assert client.call("PATCH", "asset_ipaddress?source=s&from=b&to=10.0.0.1", {"active": True})[0] == 404


def test_tags(client):
    """insert_tag_COLLECTION makes the tag where it is missing; other mutations are refused, and change nothing."""
    client.send(envelope(asset=[{"external_id": "a", "name": "n", "tag": ["own"]}]))
    one = '{source: "s", reported_at: "2021-05-13T20:05:37.326", asset_id: "s/a", tag_id: "%s"}'
    row = {"asset_id": "s/a", "tag_id": "s/x", "reported_at": "2021-05-13T20:05:37.326", "tag": [{"name": "x"}]}
    insert = "mutation { insert_tag_asset(objects: %s) { affected_rows returning { asset_id tag_id reported_at tag { name } } } }"
    for _ in range(2):  # the same tag again is the same
        found = client.data(insert % (one % "s/x"))["insert_tag_asset"]
        assert found == {"affected_rows": 1, "returning": [row]}, found
    found = client.data("mutation { m: insert_tag_asset_one(object: %s) { tag_id source } }" % (one % "ui/y"))
    assert found == {"m": {"tag_id": "ui/y", "source": "s"}}, found
    tags = "{ asset { tags(order_by: {tag_id: asc}) { tag_id } } tag { id _reference_count } }"
    before = client.data(tags)
    assert [tag["tag_id"] for tag in before["asset"][0]["tags"]] == ["s/own", "s/x", "ui/y"], before
    for mutation, problem in (
        (insert % f"[{one % 's/z'}, {(one % 's/z').replace('s/a', 's/nobody')}]", "there is no asset with the id “s/nobody”"),
        (insert % (one % "nothing"), "SOURCE/NAME is wanted"),
        (insert % '{tag_id: "s/z", asset_id: "s/a"}', "source, asset_id and tag_id have to be there"),
        ('mutation { insert_asset(objects: []) { affected_rows } } # unchecked', "is not taken here"),
        ('mutation { delete_asset(where: {}) { affected_rows } } # unchecked', "is not taken here"),
    ):
        answer = client.ask(mutation)
        assert problem in answer["errors"][0]["message"], answer
    assert client.data(tags) == before, "a mutation that fails changes nothing"
    client.send(envelope(asset=[{"external_id": "a", "name": "n", "untag": ["own"]}]))
    assert [tag["tag_id"] for tag in client.data(tags)["asset"][0]["tags"]] == ["s/x", "ui/y"]


def test_model(client):
    """docs/model.md is what docs/make-model.py makes of the model, and its examples are answered as it says."""
    command = [sys.executable, TOP / "docs" / "make-model.py", TOP / "data" / "core-model.json"]
    made = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8").stdout
    assert made == (TOP / "docs" / "model.md").read_text(encoding="utf-8"), "run docs/make-model.py again"
    *pages, answer = map(json.loads, re.findall(r"```json\n(.*?)```", made, re.S))
    for page in pages:
        client.send(envelope(**page))
    query, = re.findall(r"```graphql\n(.*?)```", made, re.S)
    assert len(pages) == 5 and client.data(query) == answer


def main():
    tests = [test_model, test_documented, test_ids_and_edges, test_tags]
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        with run_service() as service:
            test(Client(service))
        print(f"ok {number} - {test.__name__}", flush=True)


if __name__ == "__main__":
    main()
