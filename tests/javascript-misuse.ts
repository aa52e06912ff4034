/* SPDX-License-Identifier: Apache-2.0 */

/* What a connector must not do, and the declarations do not let it. */

import Car from 'gi://Car?version=1.0';

/* A method that is missing. */
// @ts-expect-error
class NoEdges extends Car.FullImport {
    vfunc_import_vertices() {}
}

// @ts-expect-error
class NoDelta extends Car.IncrementalImport {
    vfunc_import_vertices() {}
    vfunc_import_edges() {}
    vfunc_delete_vertices() {}
}

// @ts-expect-error
class NoImport extends Car.App {
    vfunc_create_asset_server() { return new Server(); }
}

/* One that is misspelt. */
class Server extends Car.AssetServer {
    // @ts-expect-error
    override vfunc_connection_test() {}
}

/* One that is async, that returns what it must not, or takes what it is not given. */
class Wrong extends Car.FullImport<Server> {
    // @ts-expect-error
    async vfunc_import_vertices() {}
    // @ts-expect-error
    vfunc_import_edges() { return 7; }
    // @ts-expect-error
    vfunc_get_new_save_point() { return 7; }
    // @ts-expect-error
    override vfunc_test_connection() {}
}

class WrongDelta extends Car.IncrementalImport {
    vfunc_import_vertices() {}
    vfunc_import_edges() {}
    // @ts-expect-error
    vfunc_get_data_for_delta(last: number) { print(last); }
    // @ts-expect-error
    vfunc_delete_vertices(cancellable: Car.Cancellable, more: string) { print(cancellable, more); }
}

class WrongApp extends Car.App {
    // @ts-expect-error
    vfunc_create_asset_server() { return new Wrong(); }
    // @ts-expect-error
    vfunc_create_full_import() { return new Server(); }
    // @ts-expect-error
    vfunc_create_incremental_import() { return new Wrong(); }
    // @ts-expect-error
    vfunc_create_schema_extension() { return {vertices: [], edges: []}; }
}

export function misuse(app: WrongApp, importer: Wrong, client: Car.Client, schema: Car.ImportSchema) {
    const data = importer.data_handler;

    // @ts-expect-error: abstract
    new Car.App();
    // @ts-expect-error: abstract
    new Car.FullImport();
    // @ts-expect-error: no source
    new Car.DataHandler({client, schema});
    // @ts-expect-error: no schema
    new Car.ImportSchema();
    // @ts-expect-error: no service
    new Car.Client();
    // @ts-expect-error: no such member
    importer.data_handlers;
    // @ts-expect-error: read-only
    importer.app = app;
    // @ts-expect-error: no such method of the connector's own server
    importer.asset_server.read();

    // @ts-expect-error: not a vertex
    data.add_vertex('asset', 'text');
    // @ts-expect-error: not a vertex
    data.add_vertex('asset', null);
    // @ts-expect-error: more than one vertex
    data.add_vertex('asset', [{external_id: '1'}]);
    // @ts-expect-error: not an iterable
    data.add_vertices('asset', {external_id: '1'});
    // @ts-expect-error: not an iterable of vertices
    data.add_vertices('asset', ['1', '2']);
    // @ts-expect-error: no collection
    data.add_edge({_from_external_id: '1', _to: 'hostname/h'});
    // @ts-expect-error: not an iterable of keys
    data.delete_vertices('asset', [8, 9]);
    // @ts-expect-error: a cancellable or null
    data.send_vertices();

    // @ts-expect-error: no such code
    throw new Car.DatasourceFailure('…', Car.DatasourceFailureCode.AUTHENTICATION);
}

export function failures(app: WrongApp) {
    // @ts-expect-error: a message is missing
    new Car.RecoverableFailure();
    // @ts-expect-error: the code is a number
    new Car.RecoverableFailure('…', '10');
    // @ts-expect-error: not an error class of GLib's
    new Car.AppError({message: '…', code: 1});
    // @ts-expect-error: a class, not a function
    Car.UnrecoverableFailure('…');

    // @ts-expect-error: flags are no text
    app.add_setting('file', 'FILE', 'the file', {type: 'path'});
    // @ts-expect-error: a setting may be unset
    const length: string = app.get_setting('file');
    // @ts-expect-error: no schema
    Car.SchemaExtension.new('key', 'owner', 1, 7);

    return length;
}
