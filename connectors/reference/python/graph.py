# SPDX-License-Identifier: Apache-2.0
"""What the asset server's objects are in CAR's graph."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from objects import Object, links_of, text_of

Known = Mapping[str, Mapping[str, Object]]  # by collection and primary key
Edges = Iterator[tuple[str, str, str]]  # kind, start, end

# ---- vertices ----


class VertexKind(NamedTuple):
    collection: str  # the asset server's
    vertex: str  # CAR's
    members: dict[str, str] = {}  # by the field that each is from
    name: str | None = None  # the field by which an address or a host names itself


# All but xrefproperties, which are members of vulnerabilities.
VERTICES = [
    VertexKind("sites", "site", {"name": "name", "address": "address"}),
    VertexKind("assets", "asset", {"name": "name", "type": "asset_type", "initial_value": "initial_value"}),
    VertexKind(
        "vulnerabilities",
        "vulnerability",
        {
            "name": "name",
            "base_score": "base_score",
            "published_on": "published_on",
            "disclosed_on": "disclosed_on",
            "updated_on": "updated_on",
        },
    ),
    VertexKind("apps", "application", {"name": "name"}),
    VertexKind(
        "ports", "port", {"port_number": "port_number", "protocol": "protocol", "layer7application": "description"}
    ),
    VertexKind("ip_addresses", "ipaddress", name="address"),
    VertexKind("mac_addresses", "macaddress", name="address"),
    VertexKind("hosts", "hostname", name="host"),
]

XREF_MEMBERS = ("extref_typename", "extref_value", "q_extref_typeid")


def _xrefs_of(vulnerability: Object, xrefs: Mapping[str, Object]) -> dict[str, Object]:
    """CAR keeps one object there: {PK: {"extref_typename": …, …}, …}."""
    return {
        pk: {member: xrefs[pk][member] for member in XREF_MEMBERS if member in xrefs[pk]}
        for pk in links_of(vulnerability, "xref_properties")
        if pk in xrefs
    }


def vertex_of(kind: VertexKind, pk: str, found: Object, xrefs: Mapping[str, Object]) -> Object:
    """The vertex of an object. `xrefs`, which only vulnerabilities need, are all xrefproperties that they lead to."""
    vertex: Object = {"_key": text_of(found, kind.name)} if kind.name else {"external_id": pk}
    # Kept as it is: the import schema says what a member may hold.
    for field, member in kind.members.items():
        if isinstance(found.get(field), (str, int, float)):
            vertex[member] = found[field]
    if kind.collection == "vulnerabilities":
        vertex["xref_properties"] = _xrefs_of(found, xrefs)
    return vertex


# ---- edges ----


class Ends(NamedTuple):
    """The collections of those ends of an edge that are named by themselves."""

    start: str | None = None
    end: str | None = None


EDGES = {
    "asset_vulnerability": Ends(),
    "site_asset": Ends(),
    "asset_application": Ends(),
    "application_vulnerability": Ends(),
    "application_port": Ends(),
    "ipaddress_port": Ends(start="ipaddress"),
    "asset_ipaddress": Ends(end="ipaddress"),
    "asset_macaddress": Ends(end="macaddress"),
    "asset_hostname": Ends(end="hostname"),
    "ipaddress_macaddress": Ends(start="ipaddress", end="macaddress"),
}


def edge_of(kind: str, start: str, end: str, **members: object) -> Object:
    """An edge of one of these kinds, as it is imported."""
    ends = EDGES[kind]
    return {
        **({"_from": f"{ends.start}/{start}"} if ends.start else {"_from_external_id": start}),
        **({"_to": f"{ends.end}/{end}"} if ends.end else {"_to_external_id": end}),
        **members,
    }


def _edges_of_asset(pk: str, asset: Object, _known: Known) -> Edges:
    for vulnerability in links_of(asset, "vulnerabilities"):
        yield "asset_vulnerability", pk, vulnerability
    for site in links_of(asset, "site")[:1]:
        yield "site_asset", site, pk


def _edge_from_asset(kind: str, found: Object, name: str) -> Edges:
    """Of an address or a host: from the asset that it belongs to."""
    for asset in links_of(found, "asset")[:1]:
        yield kind, asset, name


def _edges_from_ip_addresses(kind: str, found: Object, end: str, known: Known) -> Edges:
    """From all IP addresses that an object leads to."""
    for pk in links_of(found, "ip_addresses"):
        if pk in known["ip_addresses"]:
            yield kind, text_of(known["ip_addresses"][pk], "address"), end


def _edges_of_ip_address(_pk: str, ip_address: Object, _known: Known) -> Edges:
    return _edge_from_asset("asset_ipaddress", ip_address, text_of(ip_address, "address"))


def _edges_of_mac_address(_pk: str, mac_address: Object, known: Known) -> Edges:
    name = text_of(mac_address, "address")
    yield from _edge_from_asset("asset_macaddress", mac_address, name)
    yield from _edges_from_ip_addresses("ipaddress_macaddress", mac_address, name, known)


def _edges_of_host(_pk: str, host: Object, _known: Known) -> Edges:
    return _edge_from_asset("asset_hostname", host, text_of(host, "host"))


def _edges_of_app(pk: str, app: Object, known: Known) -> Edges:
    """An app has the vulnerabilities of the assets that it is on."""
    for asset in links_of(app, "assets"):
        yield "asset_application", asset, pk
        if asset in known["assets"]:
            for vulnerability in links_of(known["assets"][asset], "vulnerabilities"):
                yield "application_vulnerability", pk, vulnerability


def _edges_of_port(pk: str, port: Object, known: Known) -> Edges:
    for app in links_of(port, "apps"):
        yield "application_port", app, pk
    yield from _edges_from_ip_addresses("ipaddress_port", port, pk, known)


_EDGES_OF = {
    "assets": _edges_of_asset,
    "ip_addresses": _edges_of_ip_address,
    "mac_addresses": _edges_of_mac_address,
    "hosts": _edges_of_host,
    "apps": _edges_of_app,
    "ports": _edges_of_port,
}

# The collections whose objects know of edges.
WITH_EDGES = tuple(_EDGES_OF)


def edges_of(collection: str, pk: str, found: Object, known: Known) -> Edges:
    """The edges that an object knows of: (kind, start, end).

    `known` has the `assets` that apps lead to and the `ip_addresses` that ports and MAC addresses lead to; of those not
    there, there are none. A name that is empty names nothing: its vertex is left out as well.
    """
    for kind, start, end in _EDGES_OF[collection](pk, found, known):
        if start and end:
            yield kind, start, end
