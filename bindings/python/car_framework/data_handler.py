# SPDX-License-Identifier: Apache-2.0
"""What takes vertices and edges."""

import time

from car_framework import _engine
from car_framework.context import context


_GIVEN = {"report", "source", "active", "timestamp"}  # the members of an edge that the run gives, as it likes


def get_report_time():
    """Now, in epoch milliseconds."""
    return time.time_ns() // 1000 / 1000


class BaseDataHandler:
    """In a run, an object goes to libcar at once, and the last page of each collection is kept here. Outside a run, all
    objects that are valid are kept here, and nothing is sent."""

    # As in the public package, all handlers share these until one of them gets its own.
    source = None
    report = None
    source_report = None
    collections = {}
    collection_keys = {}
    edges = {}
    edge_keys = {}
    import_schema = None

    def __init__(self):
        self.timestamp = get_report_time()

    def create_source_report_object(self):
        raise NotImplementedError

    def add_collection(self, name, object, key):
        """Adds a vertex, named by its member `key`. Returns: False where it is known to be invalid."""
        if _engine.batch is not None:
            _engine.batch.add_vertex(name, object)
            self._keep(self.collections, name, object)
        elif self._is_valid(name, object):
            self._keep_once(self.collections, self.collection_keys, name, object, object[key])
        else:
            return False
        return True

    def add_edge(self, name, object):
        """Adds an edge; libcar gives it the members that all edges of a run have."""
        if _engine.batch is not None:
            _engine.batch.add_edge(name, {key: object[key] for key in object if key not in _GIVEN})
            self._keep(self.edges, name, object)
        else:
            self._keep_once(self.edges, self.edge_keys, name, object, "#".join(map(str, object.values())))
            report, source = self.report or {}, _engine.get_argument(context().args, "source")
            object.update(report=report.get("_key"), source=source, active=True, timestamp=report.get("timestamp"))

    def send_collections(self, importer):
        """Sends the vertices that were added so far."""
        _engine.send_added()

    def send_edges(self, importer):
        """Sends the edges that were added so far."""
        _engine.send_added(with_edges=True)

    def printData(self):
        context().logger.debug("Vertices: %s", self.collections)
        context().logger.debug("Edges: %s", self.edges)

    @staticmethod
    def _keep(collections, name, object):
        page = collections.get(name)
        if page is None or len(page) >= _engine.PAGE_SIZE:
            page = collections[name] = []
        page.append(object)

    @staticmethod
    def _keep_once(collections, collection_keys, name, object, key):
        objects, keys = collections.setdefault(name, []), collection_keys.setdefault(name, [])
        if key not in keys:
            objects.append(object)
            keys.append(key)

    def _is_valid(self, name, object):
        if self.import_schema is None:
            self.import_schema = _engine.get_import_schema()
        violation = _engine.find_violation(self.import_schema, name, object)
        if violation is not None:
            context().logger.warning("%s %s is left out: %s", name, object, violation)
        return violation is None
