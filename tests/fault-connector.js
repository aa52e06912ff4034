/* SPDX-License-Identifier: Apache-2.0 */

/* tests/fault-connector.c in JavaScript. */

import Car from 'gi://Car?version=1.0';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

const EXTENSION = {vertices: [{name: 'asset', properties: {rack: {type: 'text'}}}], edges: []};
const HELD = '{ asset_hostname(where: {source: {_eq: "faults"}}) { asset_id hostname_id } }';

const Server = GObject.registerClass(class Server extends Car.AssetServer {
    _init(file) {
        super._init();
        const [, text] = GLib.file_get_contents(file);
        this.source = JSON.parse(new TextDecoder().decode(text));
    }
});

const Full = GObject.registerClass(class Full extends Car.FullImport {
    vfunc_get_new_save_point() {
        return this.asset_server.source.state;
    }

    vfunc_import_vertices() {
        for (const [collection, objects] of Object.entries(this.asset_server.source.vertices))
            this.data_handler.add_vertices(collection, objects);
    }

    vfunc_import_edges() {
        for (const [collection, objects] of Object.entries(this.asset_server.source.edges))
            this.data_handler.add_edges(collection, objects);
    }
});

const Incremental = GObject.registerClass(class Incremental extends Car.IncrementalImport {
    vfunc_get_new_save_point() {
        return this.asset_server.source.state;
    }

    vfunc_get_data_for_delta(lastSavePoint, newSavePoint, cancellable) {
        this.delta = {};
        this.held = [];
        if (lastSavePoint === newSavePoint)
            return;
        this.delta = this.asset_server.source.delta;
        if (lastSavePoint !== this.delta.since)
            throw new Car.IncrementalNotPossible('the history does not go back so far');
        this.held = this.client.query(HELD, null, cancellable).asset_hostname;
        if (this.held === undefined) // HTTP 404
            throw new Car.RecoverableFailure('the service does not tell which edges it holds');
    }

    vfunc_import_vertices() {
        for (const [collection, objects] of Object.entries(this.delta.vertices ?? {}))
            this.data_handler.add_vertices(collection, objects);
    }

    vfunc_import_edges(cancellable) {
        for (const [collection, objects] of Object.entries(this.delta.edges ?? {}))
            this.data_handler.add_edges(collection, objects);
        for (const [id, changes] of Object.entries(this.delta.patched ?? {}))
            this.client.patch_vertex('asset', id, changes, cancellable);
        const wanted = new Set(this.asset_server.source.edges.asset_hostname.map(
            edge => `${edge._from_external_id} ${edge._to}`));
        for (const row of this.held) {
            const [asset, hostname] = [row.asset_id, row.hostname_id].map(id => id.slice('faults/'.length));
            if (!wanted.has(`${asset} hostname/${hostname}`))
                this.client.patch_edge('asset_hostname', 'faults', asset, hostname, {active: false}, cancellable);
        }
    }

    vfunc_delete_vertices(cancellable) {
        for (const [collection, keys] of Object.entries(this.delta.deleted ?? {}))
            this.data_handler.delete_vertices(collection, keys, cancellable);
    }
});

const App = GObject.registerClass(class App extends Car.App {
    _init() {
        super._init();
        this.add_setting('file', 'FAULT_CONNECTOR_FILE', 'the data source', {required: true, argument: 'FILE'});
    }

    vfunc_create_asset_server() {
        return new Server(this.get_setting('file'));
    }

    vfunc_create_schema_extension() {
        return Car.SchemaExtension.new('fault-connector', 'tests', 1, EXTENSION);
    }

    vfunc_create_full_import() {
        return new Full();
    }

    vfunc_create_incremental_import() {
        return GLib.getenv('FAULT_CONNECTOR_FULL') === null ? new Incremental() : null;
    }
});

System.exit(new App().run());
