# SPDX-License-Identifier: Apache-2.0
"""Everything that the asset server has."""

from gi.repository import Car, Gio

from graph import VERTICES, WITH_EDGES, edge_of, edges_of, vertex_of
from server import ReferenceServer


class ReferenceFullImport(Car.FullImport):
    asset_server: ReferenceServer

    def do_get_new_save_point(self, cancellable: Gio.Cancellable | None) -> str:
        return self.asset_server.get_state()

    def do_import_vertices(self, cancellable: Gio.Cancellable | None) -> None:
        xrefs = self.asset_server.read_all("xrefproperties")

        # One collection after the other is read, added and forgotten.
        for kind in VERTICES:
            objects = self.asset_server.read_all(kind.collection)
            self.data_handler.add_vertices(
                kind.vertex, (vertex_of(kind, pk, found, xrefs) for pk, found in objects.items())
            )

    def do_import_edges(self, cancellable: Gio.Cancellable | None) -> None:
        known = {collection: self.asset_server.read_all(collection) for collection in ("assets", "ip_addresses")}

        for collection in WITH_EDGES:
            objects = known[collection] if collection in known else self.asset_server.read_all(collection)
            for pk, found in objects.items():
                for kind, start, end in edges_of(collection, pk, found, known):
                    self.data_handler.add_edge(kind, edge_of(kind, start, end))
