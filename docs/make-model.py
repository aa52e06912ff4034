# SPDX-License-Identifier: Apache-2.0
"""Writes docs/model.md from data/core-model.json: make-model.py MODEL >FILE"""

import json
import sys

HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Made by docs/make-model.py from data/core-model.json: change that. -->
# What CAR keeps

CAR keeps vertices and edges, in collections. This page tells the members of each.

## Examples

A page of an import holds objects by collection, beside its `source` and `report`. Here the source is `s`.

A vertex. `external_id` names it:

```json
{"asset": [{"external_id": "a1", "name": "Web server"}], "application": [{"external_id": "p1", "name": "nginx"}]}
```

A vertex that its key names. `_key` of a hostname, ipaddress or macaddress is the name or the address itself:

```json
{"ipaddress": [{"_key": "10.0.0.1"}]}
```

An edge. It names its ends:

```json
{"asset_application": [{"_from_external_id": "a1", "_to_external_id": "p1"}]}
```

An edge with an end that its key names. `_from` or `_to` holds COLLECTION/KEY:

```json
{"asset_ipaddress": [{"_from_external_id": "a1", "_to": "ipaddress/10.0.0.1"}]}
```

A tag. `tag` puts tags on a vertex, and `untag` takes them off:

```json
{"asset": [{"external_id": "a1", "name": "Web server", "tag": ["production"]}]}
```

Then a query finds all of it. [queries.md](queries.md) has more of them:

```graphql
{
  asset {
    id
    name
    applications { application { name } }
    ipaddresses { ipaddress { id name } }
    tags { tag { name } }
  }
}
```

```json
{"asset": [{
  "id": "s/a1",
  "name": "Web server",
  "applications": [{"application": [{"name": "nginx"}]}],
  "ipaddresses": [{"ipaddress": [{"id": "s/0/10.0.0.1", "name": "10.0.0.1"}]}],
  "tags": [{"tag": [{"name": "production"}]}]
}]}
```

In an import, times are numbers: milliseconds since the epoch. In queries, those of type timestamp are dates and times in UTC.

In a query, a vertex has more: `id` (SOURCE/KEY; of an address SOURCE/REGION/ADDRESS), `source`, `connecting_id`, `reported_at`,
`instances`, `tags`, and a list for each kind of edge that ends in it. An edge `A_B` has `A_id`, `B_id`, `source`, `reported_at`, and
its ends as the lists `A` and `B`. Queries do not show members that have a – below. `created` and `modified` of edges, and the members
`xfr_…` of vulnerabilities, are shown by `car-service` alone.
"""


def members_of(model, collection, shared):
    """A collection's own members, then those that it has with others."""
    members = dict(collection.get("properties", {}))
    for group in [*collection.get("with", []), shared]:
        for name, member in model["shared"][group].items():
            if name not in collection.get("without", []):
                members.setdefault(name, member)
    return members


def table(members):
    yield "| member | type | in queries | |"
    yield "|---|---|---|---|"
    for name, member in members.items():
        column = member.get("column", name) or "–"
        column = "" if column == name else f"`{column}`" if column != "–" else column
        text = member.get("description", "")
        if member.get("required"):
            text = f"required; {text}" if text else "required"
        yield f"| `{name}` | {member['type']} | {column} | {text.replace('|', chr(92) + '|')} |"


def lines(model):
    yield HEAD
    yield "## Vertices\n"
    edges = [(edge["end1"], edge["end2"]) for edge in model["edges"]]
    for vertex in model["vertices"]:
        name = vertex["name"]
        joins = ", ".join(f"`{a}_{b}`" for a, b in edges if name in (a, b))
        yield f"### {name}\n"
        yield f"Named by `{vertex.get('named_by', 'external_id')}`." + (f" Edges: {joins}." if joins else "") + "\n"
        yield from table(members_of(model, vertex, "vertex"))
        yield ""
    yield "## Edges\n"
    yield "| edge | from | to | members of its own |"
    yield "|---|---|---|---|"
    for edge in model["edges"]:
        own = ", ".join(f"`{name}` ({member['type']})" for name, member in edge.get("properties", {}).items())
        yield f"| `{edge['end1']}_{edge['end2']}` | {edge['end1']} | {edge['end2']} | {own} |"
    yield "\nAll edges have:\n"
    yield from table(model["shared"]["edge"])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        print("\n".join(lines(json.load(file))))


if __name__ == "__main__":
    main()
