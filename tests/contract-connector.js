/* SPDX-License-Identifier: Apache-2.0 */

/* The connector of tests/contract-connector.c in JavaScript: it behaves as the same variables tell. */

import Car from 'gi://Car?version=1.0';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import Json from 'gi://Json';
import System from 'system';

const FAIL = GLib.getenv('CONTRACT_FAIL')?.split(':') ?? [];
const NO_DATA = GLib.getenv('CONTRACT_NO_DATA') !== null;

/* Without the methods that CONTRACT_MISSING says are missing. */
function register(klass) {
    delete klass.prototype[`vfunc_${GLib.getenv('CONTRACT_MISSING')}`];
    return GObject.registerClass(klass);
}

/* Not by the signal of the cancellable, which comes from another thread. */
function waitUntilCancelled(cancellable) {
    const loop = new GLib.MainLoop(null, false);
    const source = cancellable.source_new();

    source.set_callback(() => {
        loop.quit();
        return GLib.SOURCE_REMOVE;
    });
    source.attach(null);
    loop.run();
}

function raise(signal, cancellable) {
    const pid = new Gio.Credentials().get_unix_pid();

    GLib.spawn_sync(null, ['kill', `-${signal}`, `${pid}`], null, GLib.SpawnFlags.SEARCH_PATH, null);
    waitUntilCancelled(cancellable);
}

/* Leaves garbage until gjs stands between two steps of collecting it: then it refuses what C calls. */
function collect() {
    const one = Json.from_string('{"member": 1}').get_object();
    let called;

    do {
        for (let i = 0; i < 200; i++)
            new Car.Record();
        called = false;
        one.foreach_member(() => {
            called = true;
        });
    } while (called);
}

/* What CONTRACT_FAIL says for this method. Returns: what the method is to return, undefined where that is up to it. */
function fail(method, cancellable = null) {
    const [failing, how, code] = FAIL;

    if (failing !== method)
        return undefined;

    switch (how) {
    case 'app':
        throw new Car.AppError('told to', Number(code));
    case 'recoverable':
        throw new Car.RecoverableFailure('told to', Number(code));
    case 'unrecoverable':
        throw new Car.UnrecoverableFailure('told to', Number(code));
    case 'datasource':
        throw new Car.DatasourceFailure('told to', Number(code));
    case 'not-possible':
        throw new Car.IncrementalNotPossible('told to');
    case 'other':
        throw new Gio.IOErrorEnum({code: Gio.IOErrorEnum.NO_SPACE, message: 'told to.'});
    case 'exception':
        throw new RangeError('told to');
    case 'not-an-error':
        throw 'told to';
    case 'async':
        return Promise.resolve(true);
    case 'wrong-value':
        return 7;
    case 'signal':
        raise(code, cancellable);
        cancellable.set_error_if_cancelled();
        return undefined;
    case 'signal-ignored':
        raise(code, cancellable);
        return undefined;
    case 'signal-unrecoverable':
        raise(code, cancellable);
        throw new Car.UnrecoverableFailure('told to');
    case 'hang':
        print('hanging');
        waitUntilCancelled(cancellable);
        print('still hanging');
        new GLib.MainLoop(null, false).run();
        return undefined;
    case 'collecting':
        collect();
        return undefined;
    case 'uninitialised':
        return new FORGETFUL[method]();
    case 'success-with-error':
        /* As near as it gets: a method returns or throws. What it catches has never been. */
        try {
            Car.ImportSchema.new('no JSON');
        } catch (error) {
            return true;
        }
        throw new Error('nothing was raised');
    case 'wrong-type':
        return new Gio.Cancellable();
    case 'no-error':
        return false;
    default:
        throw new Error(`the test does not know ${how}`);
    }
}

const ContractServer = register(class ContractServer extends Car.AssetServer {
    vfunc_test_connection(cancellable) {
        return fail('test_connection', cancellable);
    }
});

/* Classes that do not call super._init(). */
const FORGETFUL = {
    create_asset_server: register(class ForgetfulServer extends Car.AssetServer {
        _init() {
        }
    }),
    create_full_import: register(class ForgetfulFull extends Car.FullImport {
        _init() {
        }
    }),
    create_incremental_import: register(class ForgetfulIncremental extends Car.IncrementalImport {
        _init() {
        }
    }),
};

function sayIncomplete(importer, method) {
    const [told, collection, reason] = GLib.getenv('CONTRACT_INCOMPLETE')?.split(':') ?? [];
    if (told === method)
        importer.set_incomplete(collection, reason);
}

const methods = {
    vfunc_get_new_save_point(cancellable) {
        return fail('get_new_save_point', cancellable) ?? GLib.getenv('CONTRACT_SAVE_POINT');
    },

    vfunc_import_vertices(cancellable) {
        if (!(this.app instanceof ContractApp && this.client instanceof Car.Client))
            throw new Error('the app or the client is another');
        if (this.asset_server.constructor !== ContractServer)
            throw new Error('the asset server is another');

        if (!NO_DATA) {
            this.data_handler.add_vertex('asset', {external_id: '1', name: 'one'});
            this.data_handler.add_vertices('asset', [{external_id: '1', name: 'one'}, {external_id: 2}]);
        }
        sayIncomplete(this, 'import_vertices');
        return fail('import_vertices', cancellable);
    },

    vfunc_import_edges(cancellable) {
        if (!NO_DATA)
            this.data_handler.add_edge('asset_hostname', {_from_external_id: '1', _to: 'hostname/h'});
        return fail('import_edges', cancellable) ?? true;
    },
};

/* The same methods in both importers. */
function share(klass) {
    Object.defineProperties(klass.prototype, Object.getOwnPropertyDescriptors(methods));
    return register(klass);
}

const ContractFull = share(class ContractFull extends Car.FullImport {
});

const ContractIncremental = share(class ContractIncremental extends Car.IncrementalImport {
    vfunc_get_data_for_delta(lastSavePoint, newSavePoint, cancellable) {
        print(`last save point: ${lastSavePoint}`);
        print(`new save point: ${newSavePoint}`);
        return fail('get_data_for_delta', cancellable);
    }

    vfunc_delete_vertices(cancellable) {
        if (!NO_DATA)
            this.data_handler.delete_vertices('asset', new Set(['8', '9']), cancellable);
        sayIncomplete(this, 'delete_vertices');
        return fail('delete_vertices', cancellable);
    }
});

const ContractApp = register(class ContractApp extends Car.App {
    _init() {
        super._init({version: GLib.getenv('CONTRACT_VERSION')});
        if (GLib.getenv('CONTRACT_LINK') !== null)
            Object.assign(this, {product_link: GLib.getenv('CONTRACT_LINK'), report_type: 'of a test'});
        if (GLib.getenv('CONTRACT_SAY') !== null)
            GLib.log_structured(null, GLib.LogLevelFlags.LEVEL_MESSAGE, {MESSAGE: GLib.getenv('CONTRACT_SAY')});


        this.add_setting('server', 'CONTRACT_SERVER', 'the data source', {required: true, argument: 'URL'});
        this.add_setting('secret', 'CONTRACT_SECRET', 'its password', {secret: true, argument: 'PASSWORD'});
        this.add_setting('quick', 'CONTRACT_QUICK', 'be quick', {type: 'boolean'});
    }

    vfunc_create_asset_server() {
        const shown = GLib.getenv('CONTRACT_SHOW');

        if (shown !== null)
            print(`setting: ${this.get_setting(shown) || ''}`);
        return fail('create_asset_server') ?? new ContractServer();
    }

    vfunc_create_schema_extension() {
        const extension = GLib.getenv('CONTRACT_EXTENSION') === null
            ? null
            : Car.SchemaExtension.new('contract', 'tests', 2, {vertices: [], edges: []});

        return fail('create_schema_extension') ?? extension;
    }

    vfunc_create_full_import() {
        return fail('create_full_import') ?? new ContractFull();
    }

    vfunc_create_incremental_import() {
        return fail('create_incremental_import') ??
            (GLib.getenv('CONTRACT_INCREMENTAL') === null ? null : new ContractIncremental());
    }
});

/* Nothing runs JavaScript but the thread that began with it; tests/javascript-classes.js sees that it is so. */
if (GLib.getenv('CONTRACT_THREAD') !== null)
    throw new Error('there are no threads in JavaScript');

System.exit(new ContractApp().run());
