/* SPDX-License-Identifier: Apache-2.0 */

/* A whole connector in TypeScript, which uses all that a connector implements. It imports what it holds itself, and fails
 * as the variable TYPES_FAIL tells. */

import Car from 'gi://Car?version=1.0';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';

interface Asset {
    external_id: string;
    name: string;
    address?: string;
}

class NoSuchRoom extends Car.DatasourceFailure {
    constructor(readonly room: string) {
        super(`there is no room ${room}`, Car.DatasourceFailureCode.INVALID_PARAMETER);
    }
}

class OfficeServer extends Car.AssetServer {
    static {
        GObject.registerClass(this);
    }

    private readonly assets: Asset[] = [
        {external_id: 'a', name: 'Web server', address: '192.0.2.1'},
        {external_id: 'b', name: 'Database'},
    ];

    override vfunc_test_connection(cancellable: Gio.Cancellable | null): void {
        const failures: {[name: string]: () => unknown} = {
            app: () => new Car.AppError('told to', Car.AppErrorCode.INVALID_PARAMETER),
            recoverable: () => new Car.RecoverableFailure('told to'),
            unrecoverable: () => new Car.UnrecoverableFailure('told to', 21),
            datasource: () => new NoSuchRoom('1.01'),
            other: () => new RangeError('told to'),
        };
        const make = failures[GLib.getenv('TYPES_FAIL') ?? ''];

        cancellable?.set_error_if_cancelled();
        if (make !== undefined)
            throw make();
    }

    *all(): Iterable<Asset> {
        yield* this.assets;
    }
}

class OfficeImport extends Car.FullImport<OfficeServer> {
    static {
        GObject.registerClass({GTypeName: 'OfficeFullImport'}, this);
    }

    override vfunc_get_new_save_point(): string {
        return '1';
    }

    override vfunc_import_vertices(): void {
        const data = this.data_handler;

        data.connect('progress', (_handler, phase, done, total) => print(`phase ${phase}: ${done} of ${total}`));
        data.add_vertices('asset', [...this.asset_server.all()].map(({address, ...asset}) => asset));
        data.add_vertex('hostname', {_key: 'web'});
        for (const {address} of this.asset_server.all()) {
            if (address !== undefined)
                data.add_vertex('ipaddress', {_key: address});
        }
    }

    override vfunc_import_edges(): boolean {
        this.data_handler.add_edges('asset_ipaddress', this.edges());
        this.data_handler.add_edge('asset_hostname', {_from_external_id: 'a', _to: 'hostname/web'});
        return true;
    }

    private *edges(): Iterable<Car.PlainObject> {
        for (const {external_id, address} of this.asset_server.all()) {
            if (address !== undefined)
                yield {_from_external_id: external_id, _to: `ipaddress/${address}`};
        }
    }
}

const OfficeDelta = GObject.registerClass(class OfficeDelta extends Car.IncrementalImport<OfficeServer> {
    override vfunc_get_new_save_point(cancellable: Car.Cancellable): string | null {
        return cancellable?.is_cancelled() ? null : '2';
    }

    override vfunc_get_data_for_delta(last: string, next: string): void {
        if (last === next)
            throw new Car.IncrementalNotPossible('nothing changed');
    }

    override vfunc_import_vertices(): void {
        const {data}: {data: {asset: {name: string}[]}} = {data: this.client.query('{ asset { name } }', null, null)};

        this.data_handler.add_vertex('asset', {external_id: 'c', name: `the ${data.asset.length + 1}rd`});
    }

    override vfunc_import_edges(): void {
    }

    override vfunc_delete_vertices(cancellable: Car.Cancellable): void {
        this.data_handler.delete_vertices('asset', new Set(['b']), cancellable);
    }
});

class OfficeApp extends Car.App {
    static {
        GObject.registerClass(this);
    }

    override _init(): void {
        super._init();
        this.add_setting('office', null, 'the office', {required: true, secret: true, argument: 'NAME'});
    }

    override vfunc_create_asset_server(): OfficeServer {
        print(`the office: ${this.get_setting('office')}`);
        return new OfficeServer();
    }

    override vfunc_create_schema_extension(): Car.SchemaExtension | null {
        return Car.SchemaExtension.new('office', 'tests', 1, {vertices: [], edges: []});
    }

    override vfunc_create_full_import(): OfficeImport {
        return new OfficeImport();
    }

    override vfunc_create_incremental_import(): Car.IncrementalImport {
        return new OfficeDelta();
    }
}

try {
    Car.ImportSchema.new({type: 'object', properties: {asset: {type: 'nothing'}}});
} catch (error) {
    if (!(error instanceof Car.SchemaError) || error.code !== Car.SchemaErrorCode.INVALID_SCHEMA)
        throw error;
}

System.exit(new OfficeApp().run());
