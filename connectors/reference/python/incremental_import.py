# SPDX-License-Identifier: Apache-2.0
"""What changed on the asset server since the last import.

The delta names objects, and does not tell what they were before. So the connector reads each object again. Where edges
may have changed, it compares those that hold now with those that the CAR service has: it adds what is missing there,
and closes what no longer holds.

The service knows most objects by their pk, so the connector reads these by their pk. The service knows an address or a
host by its name alone, and several objects of the asset server may have one name. So when anything changed in one of
these collections, the connector reads all of it and compares.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NoReturn

from gi.repository import Car, Gio

from graph import EDGES, VERTICES, VertexKind, edge_of, edges_of, vertex_of
from objects import Object, links_of, pk_of, text_of
from server import ReferenceServer
from service import Edge, get_all_edges, get_edges, get_names


def _refuse(problem: str) -> NoReturn:
    raise Car.DatasourceFailure(f"the asset server's delta {problem}", Car.DatasourceFailureCode.DATA_PROCESSING)


class ReferenceIncrementalImport(Car.IncrementalImport):
    asset_server: ReferenceServer

    def __init__(self) -> None:
        super().__init__()
        self._updates: defaultdict[str, set[str]] = defaultdict(set)  # per collection, pks
        self._deletions: defaultdict[str, set[str]] = defaultdict(set)
        self._objects: defaultdict[str, dict[str, Object]] = defaultdict(dict)  # what was read
        self._whole: set[str] = set()  # the collections of which all was read
        self._wanted: defaultdict[str, set[Edge]] = defaultdict(set)  # edges that hold now, of the vertices that are looked at
        self._current: defaultdict[str, set[Edge]] = defaultdict(set)  # those that the service has of these vertices

    def do_get_new_save_point(self, cancellable: Gio.Cancellable | None) -> str:
        return self.asset_server.get_state()

    def do_get_data_for_delta(
        self, last_save_point: str, new_save_point: str, cancellable: Gio.Cancellable | None
    ) -> None:
        for collection, changes in self.asset_server.get_delta(last_save_point, new_save_point).items():
            if not isinstance(changes, dict):
                _refuse(f"does not tell what changed in “{collection}”")
            for member, pks in (("updates", self._updates), ("deletions", self._deletions)):
                changed = changes.get(member)
                if not isinstance(changed, (list, type(None))):
                    _refuse(f"has no list of {member} of {collection}")
                pks[collection].update(pk_of(collection, pk) for pk in changed or ())

    def _is_touched(self, collection: str) -> bool:
        return bool(self._updates[collection] or self._deletions[collection])

    def _read_all(self, collection: str) -> dict[str, Object]:
        """All of a collection, read once."""
        if collection not in self._whole:
            self._objects[collection] = self.asset_server.read_all(collection)
            self._whole.add(collection)
        return self._objects[collection]

    def _read_more(self, collection: str, pks: set[str]) -> None:
        """Those of the objects that were not read yet."""
        if collection not in self._whole:
            objects = self._objects[collection]
            objects.update(self.asset_server.read(collection, pks - objects.keys()))

    def _read_linked(self, collection: str, pks: set[str], member: str, target: str) -> None:
        """Reads what objects lead to."""
        objects = self._objects[collection]
        self._read_more(target, {link for pk in pks & objects.keys() for link in links_of(objects[pk], member)})

    # ---- vertices ----

    def _read_vulnerabilities(self) -> None:
        """A vulnerability holds what its xrefproperties say, and the delta does not tell which these belong to."""
        updates = self._updates["vulnerabilities"]
        if self._is_touched("xrefproperties"):
            updates.update(self._read_all("vulnerabilities"))
        else:
            self._read_more("vulnerabilities", updates)
        if updates:
            self._read_all("xrefproperties")

    def _read_updates(self, kind: VertexKind) -> None:
        if kind.collection == "vulnerabilities":
            self._read_vulnerabilities()
        elif not kind.name:
            self._read_more(kind.collection, self._updates[kind.collection])
        elif self._is_touched(kind.collection):
            self._read_all(kind.collection)

    def do_import_vertices(self, cancellable: Gio.Cancellable | None) -> None:
        for kind in VERTICES:
            self._read_updates(kind)
            objects, updates = self._objects[kind.collection], self._updates[kind.collection]
            xrefs = self._objects["xrefproperties"]
            there = updates & objects.keys()
            self.data_handler.add_vertices(kind.vertex, (vertex_of(kind, pk, objects[pk], xrefs) for pk in there))
            # An object that went since the delta was made is one more deletion.
            self._deletions[kind.collection] -= there
            self._deletions[kind.collection] |= updates - there

    # ---- edges ----

    def _collect(self, collection: str, pks: set[str] | None = None) -> None:
        """The edges that hold now, of the objects that were read of a collection, or of those in `pks` alone."""
        objects = self._objects[collection]
        for pk in objects if pks is None else pks & objects.keys():
            for kind, start, end in edges_of(collection, pk, objects[pk], self._objects):
                self._wanted[kind].add((start, end))

    def _look_up(
        self, kind: str, collection: str, pks: Iterable[str], cancellable: Gio.Cancellable | None
    ) -> None:
        self._current[kind].update(get_edges(self, kind, collection, pks, cancellable))

    def _compare_assets(self, cancellable: Gio.Cancellable | None) -> None:
        pks = self._updates["assets"]
        self._collect("assets", pks)
        self._look_up("asset_vulnerability", "asset", pks, cancellable)
        self._look_up("site_asset", "asset", pks, cancellable)

    def _compare_apps(self, cancellable: Gio.Cancellable | None) -> None:
        """The apps that changed, and those that are or were on an asset that did: they have its vulnerabilities."""
        assets = self._updates["assets"] | self._deletions["assets"]
        linked = {app for _, app in get_edges(self, "asset_application", "asset", assets, cancellable)}
        apps = self._updates["apps"] | linked
        self._read_more("apps", apps)
        self._read_linked("apps", apps, "assets", "assets")
        self._collect("apps", apps)
        self._look_up("asset_application", "application", apps, cancellable)
        self._look_up("application_vulnerability", "application", apps, cancellable)

    def _compare_ports(self, cancellable: Gio.Cancellable | None) -> None:
        """The ports that changed, and those that lead to an IP address that did: it may have another name now."""
        ports = set(self._updates["ports"])
        changed = self._updates["ip_addresses"]
        if changed:
            all_ports = self._read_all("ports").items()
            ports.update(pk for pk, port in all_ports if not changed.isdisjoint(links_of(port, "ip_addresses")))
        self._read_more("ports", ports)
        self._read_linked("ports", ports, "ip_addresses", "ip_addresses")
        self._collect("ports", ports)
        self._look_up("application_port", "port", ports, cancellable)
        self._look_up("ipaddress_port", "port", ports, cancellable)

    def _compare_all(self, collection: str, kinds: list[str], cancellable: Gio.Cancellable | None) -> None:
        """Everything of addresses and hosts: see above."""
        self._read_all(collection)
        self._collect(collection)
        for kind in kinds:
            self._current[kind].update(get_all_edges(self, kind, cancellable))

    def _compare_names(self, cancellable: Gio.Cancellable | None) -> None:
        ip_addresses = self._is_touched("ip_addresses")
        if ip_addresses:
            self._compare_all("ip_addresses", ["asset_ipaddress"], cancellable)
        if ip_addresses or self._is_touched("mac_addresses"):
            self._read_all("ip_addresses")
            self._compare_all("mac_addresses", ["asset_macaddress", "ipaddress_macaddress"], cancellable)
        if self._is_touched("hosts"):
            self._compare_all("hosts", ["asset_hostname"], cancellable)

    def do_import_edges(self, cancellable: Gio.Cancellable | None) -> None:
        # The names first: where they read all IP addresses, none is read again for the ports.
        self._compare_names(cancellable)
        self._compare_assets(cancellable)
        self._compare_apps(cancellable)
        self._compare_ports(cancellable)

        for kind in EDGES:
            wanted, current = self._wanted[kind], self._current[kind]
            self.data_handler.add_edges(kind, (edge_of(kind, *ends) for ends in wanted - current))
            self.data_handler.add_edges(kind, (edge_of(kind, *ends, active=False) for ends in current - wanted))

    # ---- deletions ----

    def _find_gone_names(
        self, kind: VertexKind, name: str, cancellable: Gio.Cancellable | None
    ) -> set[str]:
        """The names that the service has, and no object any more."""
        there = {text_of(found, name) for found in self._objects[kind.collection].values()}
        return set(get_names(self, kind.vertex, cancellable)) - there

    def do_delete_vertices(self, cancellable: Gio.Cancellable | None) -> None:
        for kind in VERTICES:
            if self._is_touched(kind.collection):
                gone = self._deletions[kind.collection]
                if kind.name:
                    gone = self._find_gone_names(kind, kind.name, cancellable)
                self.data_handler.delete_vertices(kind.vertex, gone, cancellable)
