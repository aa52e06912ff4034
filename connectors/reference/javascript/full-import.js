/* SPDX-License-Identifier: Apache-2.0 */

import Car from 'gi://Car?version=1.0';
import GObject from 'gi://GObject';

import {VERTICES, WITH_EDGES, edgeOf, edgesOf, vertexOf} from './graph.js';

export const ReferenceFullImport = GObject.registerClass(class ReferenceFullImport extends Car.FullImport {
    vfunc_get_new_save_point(cancellable) {
        return this.asset_server.getState(cancellable);
    }

    /* One collection after the other is read, added and forgotten. */
    vfunc_import_vertices(cancellable) {
        const xrefs = this.asset_server.readAll('xrefproperties', cancellable);

        for (const kind of VERTICES) {
            for (const [pk, object] of this.asset_server.readAll(kind.collection, cancellable))
                this.data_handler.add_vertex(kind.vertex, vertexOf(kind, pk, object, xrefs));
        }
    }

    vfunc_import_edges(cancellable) {
        const known = {
            assets: this.asset_server.readAll('assets', cancellable),
            ip_addresses: this.asset_server.readAll('ip_addresses', cancellable),
        };

        for (const collection of WITH_EDGES) {
            for (const [pk, object] of known[collection] ?? this.asset_server.readAll(collection, cancellable)) {
                for (const [kind, from, to] of edgesOf(collection, pk, object, known))
                    this.data_handler.add_edge(kind, edgeOf(kind, from, to));
            }
        }
    }
});
