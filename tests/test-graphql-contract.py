# SPDX-License-Identifier: Apache-2.0
"""What car-service tells of its schema is the published schema in all that queries reach, and no more than is written
here besides. And what connectors, libcar, guides and tests ask is valid in both, as graphql-js has it (node and its package
graphql are needed for that alone)."""

import ast
import contextlib
import http.server
import importlib.util
import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from local_service import run_service  # noqa: E402

TOP, BUILD = pathlib.Path(os.environ["TOP_SRCDIR"]), pathlib.Path(os.environ["TOP_BUILDDIR"])
# What the connectors in Python and JavaScript need of the build; reference_world hands it on.
os.environ.update(
    GI_TYPELIB_PATH=str(BUILD), LD_LIBRARY_PATH=str(BUILD / "libcar" / ".libs"), PYTHONDONTWRITEBYTECODE="1",
    PYTHONPATH=str(TOP / "bindings" / "python"), GJS_PATH=str(TOP / "bindings" / "javascript"),
)
from reference_world import REFERENCE, AssetServer, Service, import_into  # noqa: E402

PUBLISHED = TOP / ".." / "shared" / "reference-data" / "graphql-schema.json"

# The query of GraphiQL and of graphql-js's getIntrospectionQuery().
INTROSPECTION = """
query IntrospectionQuery {
  __schema {
    description
    queryType { name } mutationType { name } subscriptionType { name }
    types { ...FullType }
    directives { name description isRepeatable locations args { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description specifiedByURL
  fields(includeDeprecated: true) {
    name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason
  }
  inputFields(includeDeprecated: true) { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }
}
"""

# What the published schema does not have, and car-service answers: TYPE.FIELD.
ADDITIONS = [
    # Aggregates, of collections and of relations.
    r"\w+\.\w+_aggregate",
    # PostgreSQL's regular expressions.
    r"String_comparison_exp\._n?i?regex",
    # Members that the import schema takes and the published GraphQL schema does not show.
    r"vulnerability(_bool_exp|_order_by|_select_column)?\.xfr_\w+",
    r"(?!tag_)[a-z]+_[a-z]+(_bool_exp|_order_by|_select_column)?\.(created|modified)",
]


def spell(type_):
    if type_["kind"] == "NON_NULL":
        return spell(type_["ofType"]) + "!"
    if type_["kind"] == "LIST":
        return "[" + spell(type_["ofType"]) + "]"
    return type_["name"]


def inner(type_):
    while type_["kind"] in ("NON_NULL", "LIST"):
        type_ = type_["ofType"]
    return type_["name"]


def inputs_of(values):
    return {value["name"]: (spell(value["type"]), value.get("defaultValue")) for value in values}


class Schema:
    """The types by name, and what each consists of."""

    def __init__(self, introspection):
        self.types = {type_["name"]: type_ for type_ in introspection["__schema"]["types"]}
        self.root = introspection["__schema"]["queryType"]["name"]

    def members(self, name):
        type_ = self.types[name]
        members = {}
        for field in type_.get("fields") or []:
            members[field["name"]] = (spell(field["type"]), inputs_of(field["args"]))
        members.update(inputs_of(type_.get("inputFields") or []))
        members.update({value["name"]: None for value in type_.get("enumValues") or []})
        return members

    def leads_to(self, name):
        type_ = self.types[name]
        for field in type_.get("fields") or []:
            yield inner(field["type"])
            yield from (inner(argument["type"]) for argument in field["args"])
        yield from (inner(field["type"]) for field in type_.get("inputFields") or [])

    def query_part(self):
        seen, waiting = set(), [self.root]
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                waiting.extend(self.leads_to(name))
        return seen


def check_whole(ours):
    """Every type that is named is told of."""
    for name in ours.types:
        for other in ours.leads_to(name):
            assert other in ours.types, (name, other)


def check_published(ours):
    """What queries reach in the published schema is the same here, and what is here besides is written above."""
    published = Schema(json.loads(PUBLISHED.read_text()))
    problems, unused = [], set(ADDITIONS)
    for name in sorted(published.query_part()):
        if name not in ours.types:
            problems.append(f"{name} is missing")
            continue
        here, there = ours.members(name), published.members(name)
        assert ours.types[name]["kind"] == published.types[name]["kind"], name
        problems += [f"{name}.{member} is missing" for member in there.keys() - here.keys()]
        problems += [
            f"{name}.{member} is {here[member]} instead of {there[member]}"
            for member in there.keys() & here.keys() if here[member] != there[member]
        ]
        for member in here.keys() - there.keys():
            covered = {addition for addition in ADDITIONS if re.fullmatch(addition, f"{name}.{member}")}
            unused -= covered
            if not covered:
                problems.append(f"{name}.{member} is neither published nor on the list")
    problems += [f"{addition} is on the list and not there" for addition in unused]
    assert not problems, "\n".join(problems)


class Relay:
    """In front of a service: keeps the queries that go through it."""

    def __init__(self, service):
        self.queries = []
        relay = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def pass_on(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if self.path.endswith("/query"):
                    relay.queries.append(json.loads(body)["query"])
                request = urllib.request.Request(service.base + self.path, body or None, dict(self.headers), method=self.command)
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                try:
                    answer = opener.open(request, timeout=60)
                except urllib.error.HTTPError as error:
                    answer = error
                text = answer.read()
                self.send_response(answer.status)
                for name in ("Content-Type", "Retry-After"):
                    if answer.headers[name]:
                        self.send_header(name, answer.headers[name])
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = do_PATCH = do_DELETE = pass_on  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_port}"

    @contextlib.contextmanager
    def run(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        yield self
        self.server.shutdown()
        self.server.server_close()


def find_connectors():
    """The reference connectors that can run here, by language."""
    python, gjs, folder = os.environ["PYTHON_GI"], os.environ["GJS"], TOP / "connectors" / "reference"
    connectors = {"C": REFERENCE}
    if not (BUILD / "Car-1.0.typelib").exists() or os.environ.get("SANITIZER_CFLAGS"):
        return connectors
    if importlib.util.find_spec("requests"):
        connectors["Python"] = [python, folder / "python" / "car-connector-reference-python.py"]
    if gjs != "no":
        connectors["JavaScript"] = [gjs, "-m", folder / "javascript" / "car-connector-reference-javascript.js", "--"]
    return connectors


def ask_by_connector(connector):
    """What a full and an incremental import of a reference connector ask, and the schema with its extension."""
    with AssetServer("--populate", "3") as assets, Service() as service, Relay(service).run() as relay:
        import_into(relay, assets, connector)
        for collection, member in [("assets", {"name": "new"}), ("apps", {"name": "new"}), ("ports", {"protocol": "udp"}),
                                   ("ip_addresses", {"address": "192.0.2.9"}), ("mac_addresses", {"address": "02:00:00:00:00:09"}),
                                   ("hosts", {"host": "new.example"})]:
            assets.change(collection, 1, **member)
        assert "Incremental" in import_into(relay, assets, connector)
        assert len(set(relay.queries)) > 10, relay.queries
        return relay.queries, service.query(INTROSPECTION)


# What car-service answers although it breaks a rule of GraphQL: a directive that nobody knows on the whole operation, and a
# fragment within itself, of no rows.
LENIENT = re.compile(r"query,,Q @x|fragment F on asset \{ id \.\.\.F")


def find_answered(command):
    """What a test of car-service asks: it prints what was answered."""
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    queries = map(json.loads, re.findall("^# answered: (.*)$", done.stdout, re.M))
    return [query for query in queries if not LENIENT.search(query)]


C_STRING = r'"(?:[^"\\\n]|\\.)*"'
C_TEXT = re.compile(rf"(?:{C_STRING}|\b[A-Z]\w*)(?:\s*(?:{C_STRING}|\b[A-Z]\w*))*")
QUOTED = re.compile(r"""'([^'\n]*)'|"((?:[^"\\\n]|\\.)*)\"""")
TEMPLATE = re.compile(r"`([^`]*)`")
FENCED = re.compile(r"```(\w*)\n(.*?)```", re.S)


def find_quoted(content):
    return [(one or other.replace('\\"', '"')) for one, other in QUOTED.findall(content)]


def find_texts(file):
    """The literals of a source file, or what is quoted in a document."""
    content = file.read_text(encoding="utf-8")
    if file.suffix in (".c", ".h"):
        # Macros between them would have to be known.
        texts = [text for text in C_TEXT.findall(content) if not re.sub(C_STRING, "", text).strip()]
        return [ast.literal_eval(f"({text})") for text in texts]
    if file.suffix == ".py":
        tree = ast.parse(content)
        parts = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        return [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and n not in parts]
    if file.suffix in (".js", ".ts"):
        return [*find_quoted(content), *TEMPLATE.findall(content)]
    if file.suffix == ".md":
        blocks = FENCED.findall(content)
        texts = [text for kind, block in blocks for text in ([block] if kind == "graphql" else find_quoted(block))]
        return [*texts, *find_quoted(FENCED.sub("", content)), *re.findall(r"`([^`\n]*)`", content)]
    return find_quoted(content)


QUERY = re.compile(r"\s*(?:(?:query|mutation)\b[^{]*)?\{\s*\w+(?:\s*:\s*\w+)?\s*[({]")
# Where a text is filled in; and what is wrong on purpose, or of a test's own extension, and says so in a comment of GraphQL's.
NO_QUERY = re.compile(r"%[a-z]|\$\(|\{\{|# unchecked")


def unwrap(text):
    """The query in a request's body, or the text as it is."""
    with contextlib.suppress(json.JSONDecodeError):
        return json.loads(text)["query"] if text.startswith('{"query":') else text
    return text


def find_queries():
    """The whole queries that stand in guides, scripts, connectors and tests, by file."""
    files = [TOP / "dev", TOP / "README.md", *TOP.glob("docs/**/*"), *TOP.glob("tests/*"), *TOP.glob("connectors/**/*")]
    for file in files:
        # The test of the query language has as many that are wrong as that are right.
        if file.suffix not in ("", ".1", ".c", ".js", ".md", ".py", ".sh", ".ts", ".vala") or file.name == "test-query.c":
            continue
        for text in find_texts(file) if file.is_file() else ():
            query = unwrap(text)
            # The client's test asks a scripted service for anything; what libcar makes of that stands there as a body.
            if QUERY.match(query) and not NO_QUERY.search(query) and (query != text or file.name != "test-client.c"):
                yield file.relative_to(TOP), query


# A test of car-service may ask what only that answers.
OWN = re.compile(r"_aggregate\b|_n?i?regex\b")
# The collections of the reference connectors' extension.
EXTENSION = re.compile(r'Cannot query field "(site|site_asset)" on type "query_root"')


def validate(*pairs):
    """What graphql-js finds wrong; None where it is not there. The pairs: an introspection, and queries."""
    with tempfile.TemporaryDirectory() as folder:
        files = [pathlib.Path(folder, str(number)) for number in range(2 * len(pairs))]
        for file, content in zip(files, itertools.chain(*pairs)):
            file.write_text(json.dumps(content))
        done = subprocess.run(["node", TOP / "tests" / "graphql-validate.js", *files], capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1, 3), done.stderr
    return None if done.returncode == 3 else done.stdout.splitlines()


def check_queries():
    """Returns why it cannot be checked here."""
    if not shutil.which("node"):
        return "there is no node"
    with run_service() as service:
        empty = service.query(INTROSPECTION)
    wrong = validate((empty, ["{ asset { no_such_field } } # unchecked", "{ asset"]))
    if wrong is None:
        return "node does not find the package graphql (.ci/run brings it)"
    assert len(wrong) == 2 and "no_such_field" in wrong[0] and "Syntax Error" in wrong[1], wrong

    asked = {}
    for language, connector in find_connectors().items():
        asked[f"the connector in {language}"], introspection = ask_by_connector(connector)
    answered = find_answered([BUILD / "tests" / "test-query"])
    answered += find_answered([sys.executable, TOP / "tests" / "test-queries.py"])
    for file, text in find_queries():
        asked.setdefault(str(file), []).append(text)
    for where, found in asked.items():
        print(f"# {len(set(found))} from {where}")
    print(f"# {len(set(answered))} that tests of car-service ask", flush=True)
    queries = {query for queries in asked.values() for query in queries}.union(answered)
    own = {query for query in queries if OWN.search(query)}
    for where, found in asked.items():
        assert where.startswith("tests/") or not own.intersection(found), (where, own.intersection(found))
    pairs = [(introspection, sorted(queries))]
    if PUBLISHED.exists():
        pairs.append((json.loads(PUBLISHED.read_text()), sorted(queries - own)))
    problems = [problem for problem in validate(*pairs) if not EXTENSION.match(problem)]
    assert not problems, "\n".join(problems)
    return None


def main():
    print("1..3", flush=True)
    with run_service() as service:
        ours = Schema(service.query(INTROSPECTION))
    check_whole(ours)
    print("ok 1 - whole", flush=True)
    if PUBLISHED.exists():
        check_published(ours)
        print("ok 2 - published", flush=True)
    else:
        print("ok 2 - published # SKIP the published schema is not here", flush=True)
    missing = check_queries()
    print("ok 3 - queries" + (f" # SKIP {missing}" if missing else ""), flush=True)


if __name__ == "__main__":
    main()
