# SPDX-License-Identifier: Apache-2.0
"""carctl: what a connector brings without a service, what differs, what a service has, encrypted settings, new connectors."""

import datetime
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import tap
from carctl_case import BUILD, PAGE, TOP, Case, Machine, import_page, take_signals
from local_service import KEY, PASSWORD, Service, run_service

# A connector for a shell: it says what it was started with, and brings nothing.
SPY = """#!/bin/sh
{ env; tr '\\0' ' ' </proc/$PPID/cmdline; echo; ls -A "$CAR_SECRETS_DIR"; printf '%s\\n' "$@"; } >"$SPY"
while [ $# -gt 1 ]; do
    [ "$1" != -summary ] || echo '{}' >"$2"
    shift
done
exit ${SPY_CODE-0}
"""


class Collected(Machine):
    def test_collect_and_diff(self):
        self.write_passwd("root", "alice", "bob")
        before = self.collect("before")
        accounts = [json.loads(line) for line in (before / "account.jsonl").read_text().splitlines()]
        self.assertEqual(sorted(account["name"] for account in accounts), ["alice", "bob", "root"])
        self.assertEqual(set(json.loads((before / "asset_account.jsonl").read_text().splitlines()[0])) & {"report", "source", "timestamp"}, set())
        self.assertEqual(json.loads((before / "summary.json").read_text())["exit_code"], 0)

        self.assertEqual(self.run_carctl("diff", before, self.collect("again")), "")
        self.write_passwd("root", "alice", "carol")
        text = self.run_carctl("diff", before, self.collect("after"), code=1)
        self.assertRegex(text, r"account: 0 added, 1 changed, 0 gone\n  ~ .*\n(      .*\n)*      name: \"bob\" → \"carol\"\n|"
                               r"account: 1 added, 0 changed, 1 gone\n")
        for line in self.run_carctl("diff", "--json", before, "after", code=1).splitlines():
            self.assertIn(json.loads(line)["change"], ("added", "changed", "gone"))
        # Only what was made stays: the service, and what was staged, are gone.
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name.startswith("carctl-")], [])


class Collect(Case):
    """What a connector is started with."""

    def setUp(self):
        super().setUp()
        path = self.folder / "spy"
        path.write_text(SPY)
        path.chmod(0o755)
        (self.folder / "secrets").mkdir()
        self.environment["SPY"] = str(self.folder / "told")

    def test_no_other_service_is_seen(self):
        for name in ("CAR_SERVICE_URL", "CAR_SERVICE_PASSWORD", "API_TOKEN"):
            (self.folder / "secrets" / name).write_text("")
        self.run_carctl("collect", "./spy", "--", "-x", "a b", CAR_SERVICE_URL_FOR_AUTHTOKEN="https://car.invalid", CAR_SERVICE_AUTHTOKEN="t",
                        CAR_SERVICE_URL="https://car.invalid", CAR_STATE_DIR="/nowhere")
        told = (self.folder / "told").read_text()
        self.assertNotIn("car.invalid", told)
        self.assertNotIn("AUTHTOKEN", told)
        self.assertNotIn("/nowhere", told)
        self.assertIn("API_TOKEN\n", told)
        self.assertNotRegex(told, "(?m)^CAR_SERVICE_URL$")
        self.assertIn("\n-x\na b\n-export-data-dir\n", told)
        # The options of another program may be secret.
        self.assertIn("carctl collect ./spy -- ** *** \n", told)

    def test_its_exit_code(self):
        said = subprocess.run(["carctl", "collect", "./spy"], cwd=self.folder, env={**self.environment, "SPY_CODE": "53"}, capture_output=True, text=True)
        self.assertEqual((said.returncode, said.stdout), (53, "The connector failed before it brought anything.\n"))
        self.assertTrue((self.folder / "collected" / "summary.json").exists())
        (self.folder / "spy").write_text("#!/bin/sh\nkill -9 $$\n")
        self.assertIn("signal 9 (Killed)", self.run_carctl("collect", "-o", "second", "./spy", code=137))
        self.assertFalse((self.folder / "second").exists())  # nothing is in it

    def test_what_it_brought_until_it_failed(self):
        (self.folder / "spy").write_text("""#!/bin/sh
            while [ "$1" != -export-data-dir ]; do shift; done
            mkdir -p "$2/run" && printf '%s\\n' '{"source":{},"report":{},"asset":[{"external_id":"1"}]}' >"$2/run/vertices.jsonl"
            printf %s '{"source":{},"report":{},"asset":[{"external_' >>"$2/run/vertices.jsonl"  # the page that it is killed in
            exit 53""")
        said = subprocess.run(["carctl", "collect", "./spy"], cwd=self.folder, env=self.environment, capture_output=True, text=True)
        self.assertEqual((said.returncode, said.stdout), (53, "What the connector brought until it failed is in collected.\n"), said.stderr)
        self.assertEqual((self.folder / "collected" / "asset.jsonl").read_text(), '{"external_id":"1"}\n')

    def test_options_that_name_a_service(self):
        for option in ("-car-service-url", "--car-service-token=geheim"):
            said = self.run_carctl("collect", "./spy", "--", option, "x", code=2)
            self.assertIn("car-service-", said)
            self.assertNotIn("geheim", said)
        self.run_carctl("collect", "./spy", "-car-service-url", "x", code=2)
        self.assertFalse((self.folder / "told").exists())

    def test_options_with_which_nothing_is_brought(self):
        for option in ("--help", "-h", "--version", "-connection-test", "--connection-test=true"):
            self.assertIn("brings nothing", self.run_carctl("collect", "./spy", "--", option, code=2))
        self.assertFalse((self.folder / "told").exists())
        self.assertFalse((self.folder / "collected").exists())

    def test_a_folder_with_something_in_it(self):
        (self.folder / "full").mkdir()
        (self.folder / "full" / "file").write_text("mine")
        self.assertIn("not empty", self.run_carctl("collect", "-o", "full", "./spy", code=2))
        self.assertEqual((self.folder / "full" / "file").read_text(), "mine")

    def test_what_is_no_connector(self):
        self.assertIn("/bin/true is no connector on libcar", self.run_carctl("collect", "/bin/true", code=2))

    def test_no_such_program(self):
        self.assertIn("cannot be run", self.run_carctl("collect", "./none", code=2))
        self.assertIn("cannot be run", self.run_carctl("collect", "/bin/true", code=2, PATH=f"{BUILD}/carctl"))

    def test_under_nohup(self):
        (self.folder / "spy").write_text('#!/bin/sh\ntouch "$SPY"\nsleep 1\nexit 7\n')
        with subprocess.Popen(["nohup", "carctl", "collect", "./spy"], cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            while not (self.folder / "told").exists():
                time.sleep(0.05)
            process.send_signal(signal.SIGHUP)
            self.assertEqual(process.wait(60), 7)

    def test_it_is_stopped(self):
        (self.folder / "spy").write_text('#!/bin/sh\ntrap "exit 143" TERM\ntouch "$SPY"\nwhile :; do sleep 0.1; done\n')
        for number in (signal.SIGTERM, signal.SIGHUP):
            with subprocess.Popen(["carctl", "collect", "./spy"], cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL,
                                  preexec_fn=take_signals) as process:
                while not (self.folder / "told").exists():
                    time.sleep(0.05)
                process.send_signal(number)
                self.assertEqual(process.wait(60), 143)
            self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["secrets", "spy", "told"])
            (self.folder / "told").unlink()


class Sources(Case):
    PAGE = {"source": {"_key": "s1", "name": "The first"}, "report": {"_key": "1", "timestamp": 1}, "asset": [{"external_id": "a", "name": "A"}]}

    def test_a_service(self):
        with run_service() as service:
            service.set_up()
            self.environment.update(service.environment)
            self.assertIn("It has no sources yet.", self.run_carctl("status"))
            import_page(service, self.PAGE)
            service.want("PATCH", "source?key=s1", {"model_state_id": "state 7"})
            self.assertRegex(self.run_carctl("status"), r"source +save point +name\ns1 +state 7 +The first\n$")
            self.assertEqual(json.loads(self.run_carctl("status", "--json"))["sources"],
                             [{"source": "s1", "save_point": "state 7", "name": "The first"}])

            self.assertEqual(json.loads(self.run_carctl("query", "{ asset { name } }")), {"asset": [{"name": "A"}]})
            (self.folder / "question.graphql").write_text("query ($n: String) { asset(where: {name: {_eq: $n}}) { name } }")
            self.assertEqual(json.loads(self.run_carctl("query", "question.graphql", "--variables", '{"n": "B"}')), {"asset": []})
            self.assertIn("no file", self.run_carctl("query", "none.graphql", code=2))

            self.assertIn("nobody to ask", self.run_carctl("forget", "s1", code=2))
            self.assertIn("no source “s2”", self.run_carctl("forget", "-y", "s2", code=2))
            self.assertEqual(service.query("{ asset { name } }"), {"asset": [{"name": "A"}]})
            self.run_carctl("forget", "-y", "s1")
            self.assertEqual(service.query("{ asset { name } }"), {"asset": []})
            self.assertIsNone(json.loads(self.run_carctl("status", "--json"))["sources"][0]["save_point"])

    def test_options_name_the_service(self):
        with run_service() as service:
            service.set_up()
            given = ["-car-service-url", service.url, f"--car-service-key={KEY}", "-car-service-password", PASSWORD]
            self.assertIn("is healthy", self.run_carctl("status", *given))

    def test_no_secret_in_the_process_list(self):
        given = ["--car-service-url=http://127.0.0.1:1/x", "-car-service-key", "geheim-key", "-car-service-password=geheim-password"]
        with subprocess.Popen(["carctl", "mcp", *given], env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            process.stdin.write(b'{"id":1,"method":"ping"}\n')
            process.stdin.flush()
            self.assertTrue(process.stdout.readline())  # it has begun
            shown = pathlib.Path(f"/proc/{process.pid}/cmdline").read_bytes()
            process.stdin.close()
        self.assertIn(b"-car-service-key", shown)
        self.assertNotIn(b"geheim", shown)

    def test_no_service(self):
        self.assertIn("CAR_SERVICE_URL", self.run_carctl("status", code=2))
        gone = {"CAR_SERVICE_URL": "http://127.0.0.1:1/api/car/v2", "CAR_SERVICE_KEY": "secret-key", "CAR_SERVICE_PASSWORD": "secret-password"}
        said = self.run_carctl("status", code=10, **gone)
        self.assertIn("check the service's URL", said)
        self.assertNotIn("secret-", said)

    def test_a_folder_of_settings_that_cannot_be_read(self):
        (self.folder / "secrets").symlink_to("secrets")
        said = self.run_carctl("status", code=2)
        self.assertEqual((said.count("cannot be read"), said.count(str(self.folder / "secrets"))), (1, 1), said)


class Ask(Case):
    PAGE = PAGE

    def setUp(self):
        super().setUp()
        service = self.enterContext(run_service())
        service.set_up()
        import_page(service, self.PAGE)
        self.environment.update(service.environment)

    def test_questions(self):
        self.assertIn(" 3  Which machines have this vulnerability, and whose are they?\n      vulnerability=CVE-2021-44228\n", self.run_carctl("ask"))
        self.assertEqual(self.run_carctl("ask", "1"), "ipaddress: 0\n")
        self.assertRegex(self.run_carctl("ask", "1", "address=192.0.2.1"),
                         "^ipaddress: 1\nsource  assets name *\ns1      (Web server, Büro 東京|Büro 東京, Web server)\n$")
        self.assertEqual(len(json.loads(self.run_carctl("ask", "--json", "1", "address=192.0.2.1"))["ipaddress"]), 1)
        # A value is a value, whatever it holds.
        self.assertEqual(self.run_carctl("ask", "3", 'vulnerability=x"}}) { name } #'), "asset: 0\n")
        self.assertIn("has address", self.run_carctl("ask", "1", "x=y", code=2))
        self.assertIn("“address” is given twice", self.run_carctl("ask", "1", "address=192.0.2.1", "address=192.0.2.2", code=2))
        self.assertIn("there are 1 to 12", self.run_carctl("ask", "13", code=2))

    def test_an_earlier_moment(self):
        before = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        time.sleep(0.05)
        import_page(Service(self.environment["CAR_SERVICE_URL"].split(":")[2].split("/")[0]),
                    {**{key: self.PAGE[key] for key in ("source", "report")}, "asset": [{"external_id": "a", "name": "Database"}]})
        query = '{ asset(where: {external_id: {_eq: "a"}}) { name } }'
        self.assertEqual(json.loads(self.run_carctl("query", query)), {"asset": [{"name": "Database"}]})
        self.assertEqual(json.loads(self.run_carctl("query", query, "--at", before)), {"asset": [{"name": "Web server"}]})
        self.assertEqual(json.loads(self.run_carctl("query", query, "--at=2020-01-01")), {"asset": []})
        self.assertIn("Database", self.run_carctl("ask", "1", "address=192.0.2.1"))
        self.assertIn("Web server", self.run_carctl("ask", "1", "address=192.0.2.1", "--at", before))
        self.assertEqual([json.loads(self.call("query", query=query, **at)[1])["asset"][0]["name"] for at in ({"at": before}, {})], ["Web server", "Database"])
        self.assertIn("“yesterday” is no moment", self.run_carctl("query", query, "--at", "yesterday", code=2))

    def ask(self, *messages):
        answers = self.run_carctl("mcp", stdin="".join((m if isinstance(m, str) else json.dumps({"jsonrpc": "2.0", **m})) + "\n" for m in messages))
        return [json.loads(line) for line in answers.splitlines()]

    def call(self, name, **arguments):
        answer, = self.ask({"id": 1, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
        return answer["result"]["isError"], answer["result"]["content"][0]["text"]

    def test_the_protocol(self):
        begin, tools, ping, unknown = self.ask(
            {"id": 1, "method": "initialize", "params": {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}},
            {"method": "notifications/initialized"}, {"id": "two", "method": "tools/list"}, {"id": 3, "method": "ping"}, {"id": 4, "method": "x"})
        self.assertEqual((begin["result"]["protocolVersion"], begin["result"]["capabilities"]), ("2024-11-05", {"tools": {}}))
        self.assertEqual((tools["id"], {tool["name"] for tool in tools["result"]["tools"]}),
                         ("two", {"search", "object", "neighbours", "question", "query", "changes"}))
        self.assertEqual((ping, unknown["error"]["code"]), ({"jsonrpc": "2.0", "id": 3, "result": {}}, -32601))
        newest, = self.ask({"id": 1, "method": "initialize", "params": {"protocolVersion": "1999-01-01"}})
        self.assertEqual(newest["result"]["protocolVersion"], "2025-06-18")
        # An id comes back as it is spelt, whatever a number can hold.
        for id in ("123456789012345678901234567890", "1e400", "-0", "1.50", '"\\u0041\\"b"'):
            said = self.run_carctl("mcp", stdin=f'{{"id": {id}, "method": "ping"}}\n')
            self.assertEqual(said, f'{{"jsonrpc":"2.0","id":{id},"result":{{}}}}\n')
        # What it never asked for is not answered; an id of another type is none.
        self.assertEqual(self.ask({"id": 1, "result": {}}, {"id": 1, "error": {"code": 1, "message": "x"}}), [])
        self.assertEqual([(answer["id"], answer["error"]["code"]) for answer in self.ask(*({"id": id, "method": "ping"} for id in (None, [1], True)))],
                         [(None, -32600)] * 3)
        codes = [answer["error"]["code"] for answer in self.ask("x", "[]", "7", {"id": 1}, "{" * 2000, "x" * (1 << 21), {"id": 1, "method": "tools/call"})]
        self.assertEqual(codes, [-32700, -32600, -32600, -32600, -32700, -32700, -32602])

    def test_a_batch(self):
        first, second = ({"jsonrpc": "2.0", "id": id, "method": "ping"} for id in (1, 2))
        said = self.run_carctl("mcp", stdin="".join(json.dumps(batch) + "\n" for batch in ([first, {"method": "x"}, 7, second], [{"method": "x"}])))
        answers, = map(json.loads, said.splitlines())
        self.assertEqual([(answer["id"], answer.get("error", {}).get("code")) for answer in answers], [(1, None), (None, -32600), (2, None)])

    def test_changes_in_pages(self):
        service = Service(self.environment["CAR_SERVICE_URL"].split(":")[2].split("/")[0])
        import_page(service, {**{key: self.PAGE[key] for key in ("source", "report")},
                              "asset": [{"external_id": f"x{i}", "name": "x"} for i in range(1200)]})
        seen, after = set(), {}
        while after is not None:
            wrong, text = self.call("changes", **{"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}, **after)
            self.assertFalse(wrong, text)
            *changes, last = json.loads(text)
            seen |= {(change["collection"], change.get("id"), change.get("from")) for change in changes}
            after = last["next"] and {"after": last["next"]}
        self.assertEqual(len(seen), 1205)

    def test_tools(self):
        found = json.loads(self.call("search", text="web")[1])["found"]
        self.assertEqual([(each["collection"], each["id"]) for each in found], [("asset", "s1/a")])
        related = json.loads(self.call("neighbours", collection="asset", id="s1/a")[1])["related"]
        self.assertEqual([each["node"]["_key"] for each in related], ["192.0.2.1"])
        self.assertEqual(set(json.loads(self.call("object", collection="asset", id="s1/a")[1])), {"result"})
        self.assertEqual(len(json.loads(self.call("question", number=1, parameters="address=192.0.2.1")[1])["ipaddress"]), 1)
        wrong, text = self.call("changes", **{"from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"})
        self.assertFalse(wrong, text)
        self.assertEqual([change.get("change") for change in json.loads(text)], ["added"] * 5 + [None])  # the last one is no change
        self.assertEqual(self.call("query", query="query ($n: String) { asset(where: {name: {_eq: $n}}) { name } }", variables='{"n": "x"}'),
                         (False, '{"asset":[]}'))
        for name, arguments in (("x", {}), ("search", {}), ("search", {"text": ["a"]}), ("query", {"query": "asset"}),
                                ("object", {"collection": "../asset", "id": "s1/a"}), ("question", {"number": 99})):
            self.assertTrue(self.call(name, **arguments)[0], (name, arguments))

    def test_the_public_client(self):
        client = ["node", TOP / "tests/mcp-client.cjs", BUILD / "carctl/carctl"]
        if shutil.which("node") is None or subprocess.run(["node", "-e", 'require.resolve("@modelcontextprotocol/sdk/client")'], capture_output=True).returncode:
            self.skipTest("node or the npm package @modelcontextprotocol/sdk (in NODE_PATH) is missing")
        done = subprocess.run(client, env=self.environment, capture_output=True, text=True, timeout=60)
        said = json.loads(done.stdout or done.stderr)
        self.assertEqual((said["server"]["name"], len(said["tools"])), ("carctl", 6))
        self.assertEqual(json.loads(said["answer"]["content"][0]["text"]), {"asset": [{"name": "Web server"}]})

    def test_nothing_is_changed(self):
        put = 'insert_tag_asset(objects: [{source: "s1", asset_id: "s1/a", tag_id: "t"}]) { affected_rows }'
        for text in (f"mutation {{ {put} }}", f"{{ asset {{ name }} }} mutation M {{ {put} }}", f'# {{\nmutation{{ {put} }}',
                     f'query {{ asset(where: {{name: {{_eq: "}} mutation"}}}}) {{ name }} }} \n,mutation M {{ {put} }}'):
            self.assertEqual(self.call("query", query=text), (True, "only queries are asked: a mutation changes something"))
        self.assertFalse(self.call("query", query='{ asset(where: {name: {_eq: "} mutation {"}}) { name } } # mutation')[0])
        tagged = '{ asset(where: {external_id: {_eq: "a"}}) { tags { tag { name } } } }'
        self.assertEqual(json.loads(self.call("query", query=tagged)[1]), {"asset": [{"tags": []}]})


class Answers(Case):
    """What is printed, wherever it goes."""

    PAGE = {"source": {"_key": "s1", "name": "Büro 東京"}, "report": {"_key": "1", "timestamp": 1}, "asset": [{"external_id": "a", "name": "Büro 東京"}]}
    QUERY = "{ asset { name } }"

    def setUp(self):
        super().setUp()
        service = self.enterContext(run_service())
        service.set_up()
        import_page(service, json.dumps(self.PAGE, ensure_ascii=False).encode())
        self.service = service
        self.environment.update(service.environment)

    def test_json_in_every_locale(self):
        for command in (("query", self.QUERY), ("ask", "--json", "12"), ("status", "--json")):
            for locale in ("C", "C.UTF-8"):
                self.assertIn("Büro 東京", self.run_carctl(*command, LC_ALL=locale), command)

    def test_nobody_can_take_it(self):
        for command in (("query", self.QUERY), ("ask",), ("status",), ("status", "--json"), ("--help",), ("--version",), ("query", "--help")):
            with open("/dev/full", "w") as full:
                done = subprocess.run(["carctl", *command], env=self.environment, stdout=full, stderr=subprocess.PIPE, text=True)
            self.assertEqual(done.returncode, 1, command)
            self.assertRegex(done.stderr, "carctl: standard output cannot be written: (No space left on device|its disk may be full)\n$")
        done = subprocess.run(["carctl", "mcp"], env=self.environment, stdout=open("/dev/full", "w"), stderr=subprocess.PIPE, text=True,
                              input='{"id":1,"method":"ping"}\n')
        self.assertEqual((done.returncode, "No space" in done.stderr), (1, True))

    def test_whoever_reads_has_enough(self):
        edge = {"report": "1", "source": "s1", "timestamp": 1, "active": True}
        import_page(self.service, {**self.PAGE, "hostname": [{"_key": f"h{i}.example.org"} for i in range(1000)], "asset_hostname": [
            {**edge, "_from_external_id": "a", "_to": f"hostname/h{i}.example.org"} for i in range(1000)]})
        for command in (("query", self.QUERY), ("query", "{ hostname { name } }"), ("graph", "asset", "s1/a"), ("ask",)):
            reader, writer = os.pipe()
            os.close(reader)
            done = subprocess.run(["carctl", *command], env=self.environment, stdout=writer, stderr=subprocess.PIPE, text=True)
            os.close(writer)
            self.assertIn(done.returncode, (0, -signal.SIGPIPE), command)
            self.assertNotIn("carctl:", done.stderr)

    def test_a_url_that_is_wrong_in_its_path(self):
        wrong = self.environment["CAR_SERVICE_URL"].replace("/api/car", "/api/other")
        for command in (("query", self.QUERY), ("ask", "2"), ("status",), ("graph", "asset", "s1/a")):
            self.assertIn("check the service's URL", self.run_carctl(*command, code=10, CAR_SERVICE_URL=wrong), command)

    def test_a_query_that_asks_for_nothing(self):
        self.assertEqual(self.run_carctl("query", "query ($no: Boolean = false) { asset @include(if: $no) { name } }"), "{}\n")

    def test_wrong_variables(self):
        for variables in ("[1]", "{", "7"):
            self.assertIn("variables are no JSON object", self.run_carctl("query", self.QUERY, "--variables", variables, code=2))

    def test_a_file_that_is_no_text(self):
        (self.folder / "binary").write_bytes(b"\xff\xfe{")
        self.assertIn("binary is no query", self.run_carctl("query", "binary", code=2))


class Encrypt(Case):
    """What is encrypted is what a program of libcar reads."""

    def check(self, key=None):
        secrets = self.folder / "secrets"
        if key is not None:
            (secrets / ".jwk").mkdir(parents=True)
            (secrets / ".jwk" / "key.jwk").write_text(key)
        with run_service() as service:
            service.set_up()
            self.run_carctl("encrypt", "CAR_SERVICE_PASSWORD", stdin=PASSWORD + "\n")
            self.assertNotIn(PASSWORD, (secrets / "CAR_SERVICE_PASSWORD").read_text())
            self.assertEqual((secrets / "CAR_SERVICE_PASSWORD").stat().st_mode & 0o777, 0o600)
            rest = {name: value for name, value in service.environment.items() if name != "CAR_SERVICE_PASSWORD"}
            self.assertIn("is healthy", self.run_carctl("status", **rest))

    def test_a_new_key(self):
        self.check()
        self.assertEqual((self.folder / "secrets/.jwk/key.jwk").stat().st_mode & 0o777, 0o600)
        key = (self.folder / "secrets/.jwk/key.jwk").read_text()
        self.run_carctl("encrypt", "API_TOKEN", stdin="x")
        self.assertEqual((self.folder / "secrets/.jwk/key.jwk").read_text(), key)

    def test_a_symmetric_key(self):
        self.check('{"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}')

    @unittest.skipIf(shutil.which("jose") is None, "there is no jose")
    def test_an_rsa_key(self):
        self.check(subprocess.run(["jose", "jwk", "gen", "-i", '{"kty":"RSA","bits":2048}'], capture_output=True, text=True, check=True).stdout)

    @unittest.skipIf(shutil.which("jose") is None, "there is no jose")
    def test_others_read_it(self):
        self.run_carctl("encrypt", "API_TOKEN", stdin="geheim")
        read = subprocess.run(["jose", "jwe", "dec", "-i", "API_TOKEN", "-k", ".jwk/key.jwk", "-O-"], cwd=self.folder / "secrets", capture_output=True)
        self.assertEqual(read.stdout, b"geheim", read.stderr)

    def test_what_cannot_be(self):
        self.assertIn("“../x”", self.run_carctl("encrypt", "../x", code=2, stdin="x"))
        self.assertIn("missing", self.run_carctl("encrypt", "X", code=2))
        self.assertIn("UTF-8", self.run_carctl("encrypt", "X", code=2, stdin="a\0b"))
        self.assertIn("too long", self.run_carctl("encrypt", "X", code=2, stdin="x" * 70000))
        (self.folder / "secrets/.jwk").mkdir(parents=True)
        for key in ("", "[]", '{"kty":"RSA"}', '{"kty":"EC","crv":"P-256","use":"sig"}'):
            (self.folder / "secrets/.jwk/key.jwk").write_text(key)
            self.assertIn("key.jwk", self.run_carctl("encrypt", "X", code=2, stdin="x"))
            self.assertFalse((self.folder / "secrets/X").exists())


class New(Case):
    """What its tests say is tried where libcar is installed (test-install.sh)."""

    def test_files(self):
        for language, program in (("c", "list-of-hosts.c"), ("python", "list-of-hosts"), ("javascript", "list-of-hosts"), ("vala", "list-of-hosts.vala")):
            self.run_carctl("new", "list-of-hosts", "--language", language, "-o", language)
            made = [path for path in (self.folder / language).rglob("*") if path.is_file()]
            self.assertIn(program, [path.name for path in made])
            for path in made:
                self.assertNotRegex(path.read_text(), "@(name|Name|name_|NAME)@")
                self.assertEqual(os.access(path, os.X_OK), path.read_text().startswith("#!"), path)
            self.assertIn("ListOfHosts", (self.folder / language / program).read_text())
            self.assertIn("LIST_OF_HOSTS_FILE", (self.folder / language / "list-of-hosts.conf").read_text())

    def test_what_is_there_stays(self):
        (self.folder / "mine").mkdir()
        self.assertIn("mine", self.run_carctl("new", "mine", "-l", "c", code=2))
        self.assertEqual(list((self.folder / "mine").iterdir()), [])

    @unittest.skipIf(os.geteuid() != 0, "only root can make a small disk")
    def test_a_full_disk_leaves_nothing(self):
        disk = self.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "none", disk], capture_output=True).returncode:
            self.skipTest("nothing can be mounted here")
        self.addCleanup(subprocess.run, ["umount", disk])
        self.assertIn("No space left", self.run_carctl("new", "hosts", "-l", "python", "-o", disk / "hosts", code=2))
        self.assertEqual(list(disk.iterdir()), [])

    def test_names_and_languages(self):
        for name in ("Mine", "a--b", "a-", "../a", "1a", "a" * 65, "a b", "a\x1b[2J\nb"):
            said = self.run_carctl("new", name, "-l", "c", code=2)
            self.assertIn("no name of a connector", said)
            self.assertTrue(said.strip().isprintable(), said)
        self.assertIn("c, python, javascript, vala", self.run_carctl("new", "mine", "-l", "cobol", code=2))
        self.assertIn("c, python, javascript, vala", self.run_carctl("new", "mine", code=2))


class Commands(Case):
    def test_help(self):
        commands = [line.split()[0] for line in self.run_carctl("--help").split("Commands:\n")[1].split("\n\n")[0].splitlines()]
        self.assertEqual(len(commands), 12)
        for command in commands:
            self.assertIn(f"carctl {command} [OPTION...]", self.run_carctl(command, "--help"))

    def test_mistakes(self):
        self.assertIn("is missing", self.run_carctl(code=2))
        self.assertIn("“bark”", self.run_carctl("bark", code=2))
        self.assertIn("carctl diff FOLDER [FOLDER]|MOMENT MOMENT", self.run_carctl("diff", code=2))
        self.assertIn("--bark", self.run_carctl("status", "--bark", code=2))
        self.assertIn("“carctl status”;", self.run_carctl("status", "--", "x", code=2))

    def test_what_is_empty(self):
        for command in (("collect", ""), ("new", "", "-l", "c"), ("query", ""), ("graph", "asset", ""), ("diff", "", "b"), ("ask", ""), ("encrypt", "")):
            self.assertRegex(self.run_carctl(*command, code=2), f"argument [12] of “carctl {command[0]}” is empty")
        for command in (("new", "a", "-l", "c", "-o", ""), ("diff", "a", "b", "--source", ""), ("query", "{a}", "--variables=")):
            self.assertRegex(self.run_carctl(*command, code=2), "the value of --[a-z]+ is empty")
        self.assertEqual(list(self.folder.iterdir()), [])


tap.main()
