/* SPDX-License-Identifier: Apache-2.0 */

/* What the JavaScript binding promises without a run. Ends with an exception where it is not kept. */

import Car from 'gi://Car?version=1.0';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';

function assert(condition, message) {
    if (!condition)
        throw new Error(`not so: ${message}`);
}

function caught(action) {
    try {
        action();
    } catch (error) {
        return error;
    }
    throw new Error('nothing was raised');
}

function testFailures() {
    const failure = new Car.DatasourceFailure('wrong password', Car.DatasourceFailureCode.AUTH);

    assert(failure instanceof Car.DatasourceFailure && failure instanceof GLib.Error, 'it is a GLib.Error');
    assert(!(failure instanceof Car.RecoverableFailure), 'it is of no other class');
    assert(failure.code === 52 && failure.message === 'wrong password', 'code and message');
    assert(failure.domain === Car.datasource_failure_quark(), 'the domain');
    assert(failure.stack.includes('testFailures'), 'the stack');
    assert(new Car.DatasourceFailure('').code === 50, "a data source's own code");
    assert(new Car.RecoverableFailure('').code === 10, 'a recoverable failure\'s code');
    assert(new Car.UnrecoverableFailure('').code === 20, 'an unrecoverable failure\'s code');
    assert(new Car.AppError('').code === 1, 'a general failure\'s code');
    for (const code of [0, 256, -1, 1.5, NaN, '21', null])
        assert(new Car.UnrecoverableFailure('', code).code === 20, `a code that no process returns: ${code}`);
    assert(new Car.RecoverableFailure(42, 99).message === '42', 'a message that is none');
    assert(caught(() => Car.RecoverableFailure('')) instanceof TypeError, 'it is a class');

    class OutOfSeats extends Car.RecoverableFailure {
        constructor() {
            super('no seat is free', 77);
        }
    }
    assert(new OutOfSeats() instanceof Car.RecoverableFailure, 'a derived class');
    assert(new OutOfSeats() instanceof OutOfSeats && new OutOfSeats().code === 77, 'a derived class of itself');
    assert(!(failure instanceof OutOfSeats), 'another failure is not of the derived class');

    for (const other of [failure, new OutOfSeats(), new Car.IncrementalNotPossible(''), new Car.AppError('')])
        assert(other instanceof Car.Failure, 'all of them are a Car.Failure');
    assert(!(new GLib.Error(GLib.quark_from_string('other'), 1, '') instanceof Car.Failure), 'others are not');
    assert(!(new Error('') instanceof Car.Failure), 'errors of JavaScript are not');
    assert(caught(() => new Car.Failure('')) instanceof TypeError, 'it is abstract');

    const raised = caught(() => Car.SchemaExtension.new('key', 'owner', 1, {stray: true}));
    assert(raised instanceof Car.Failure, 'what C raises is a Car.Failure');
    assert(raised instanceof Car.SchemaError, 'what C raises is of its class');
    assert(raised.code === Car.SchemaErrorCode.INVALID_SCHEMA, 'what C raises has its code');
    assert(raised.matches(Car.schema_error_quark(), Car.SchemaErrorCode.INVALID_SCHEMA), 'it matches');
}

function testMisspelt() {
    const unknown = caught(() => GObject.registerClass(class Misspelt extends Car.FullImport {
        vfunc_import_vertexes() {
        }
    }));
    assert(unknown.message.includes('import_vertexes'), 'a method that libcar does not know');

    const bare = caught(() => GObject.registerClass(class Bare extends Car.FullImport {
        import_vertices() {
        }
    }));
    assert(bare.message.includes('vfunc_import_vertices'), 'a method without its vfunc_');
}

function testForgetfulApp() {
    const Forgetful = GObject.registerClass(class ForgetfulApp extends Car.App {
        _init() {
        }
    });
    const error = caught(() => new Forgetful().run([]));

    assert(error instanceof Car.AppError && error.message === 'ForgetfulApp._init() does not call super._init()',
        error.message);
}

function testNames() {
    const First = GObject.registerClass(class NamedByItself extends Car.App {});
    const Second = GObject.registerClass(class NamedByItself extends Car.App {});

    assert(GObject.type_name(First.$gtype) === 'NamedByItself', "the class's own name");
    assert(GObject.type_name(Second.$gtype) !== 'NamedByItself', 'a name that is taken');
}

const SCHEMA = {
    type: 'object',
    properties: {
        asset: {
            type: 'array',
            items: {
                type: 'object',
                properties: {external_id: {type: 'string'}, risk: {type: 'number'}},
                required: ['external_id'],
            },
        },
        hostname: {type: 'array', items: {type: 'object'}},
        asset_hostname: {type: 'array', items: {type: 'object'}},
    },
};

function makeHandler() {
    return Car.DataHandler.new(null, Car.ImportSchema.new(SCHEMA), 'source', null, 0);
}

function testSchemas() {
    const text = JSON.stringify(SCHEMA), asset = {external_id: '1'};

    for (const schema of [Car.ImportSchema.new(SCHEMA), Car.ImportSchema.new(text), Car.ImportSchema.new(text, -1)]) {
        assert(schema.validate_object('asset', asset), 'an object');
        assert(schema.validate_object('asset', JSON.stringify(asset)), 'text');
        assert(schema.validate_object('asset', JSON.stringify(asset), -1), 'text and its length');
        assert(schema.validate_envelope({asset: [asset]}), 'an envelope');
        assert(caught(() => schema.validate_object('asset', {})) instanceof Car.SchemaError, 'an object that breaks it');
        assert(caught(() => schema.validate_envelope({asset})) instanceof Car.SchemaError, 'an envelope that breaks it');
        for (const value of [null, undefined, [asset], 1, new Map()])
            assert(caught(() => schema.validate_object('asset', value)) instanceof TypeError, `no object: ${value}`);
    }
}

function testNew() {
    const schema = new Car.ImportSchema({json: JSON.stringify(SCHEMA)});
    assert(schema.validate_object('asset', {external_id: '1'}), 'a schema made by properties');
    assert(caught(() => new Car.ImportSchema()) instanceof Car.Failure, 'a schema of nothing');

    for (const name of ['Client', 'DataHandler', 'ImportSchema', 'SchemaExtension'])
        assert(caught(() => new Car[name]()) instanceof Car.Failure, `new Car.${name}() says that it is not ready`);
    assert(new Car.Record().to_json() === '{}', 'a record is ready');
    const extension = new Car.SchemaExtension({key: 'k', owner: 'o', version: 1, schema: '{"vertices":[],"edges":[]}'});
    assert(extension.key === 'k' && extension.version === 1, 'an extension made by properties');

    const handler = new Car.DataHandler({schema: Car.ImportSchema.new(SCHEMA), source: 'by properties', page_size: 1});
    handler.add_vertex('asset', {external_id: '1'});
    assert(handler.source === 'by properties' && handler.page_size === 1, 'made by properties');
    assert(countsOf(handler) === '{"asset":[1,0,0]}', countsOf(handler));

    const client = new Car.Client({base_url: 'https://car.example/api/car/v2/', token: 'T'});
    assert(client.get_base_url() === 'https://car.example/api/car/v2', 'a client made by properties');
    const bare = caught(() => new Car.Client());
    assert(bare instanceof Car.AppError && bare.code === Car.AppErrorCode.INVALID_PARAMETER, bare.message);

    const missing = caught(() => new Car.DataHandler({source: ''}));
    assert(missing instanceof Car.AppError && missing.code === Car.AppErrorCode.INVALID_PARAMETER, missing.message);
}

function countsOf(handler) {
    const counts = {};

    for (const found of handler.list_summaries())
        counts[found.collection] = [found.n_read, found.n_left_out, found.n_duplicates];
    return JSON.stringify(counts);
}

/* An importer runs without a service, with a data handler that keeps what it is given. */
function testImporter() {
    const Importer = GObject.registerClass(class TestedImport extends Car.FullImport {
        vfunc_import_vertices() {
            this.data_handler.add_vertices('asset', [{external_id: '1', name: null}, {external_id: '2'}]);
        }

        vfunc_import_edges() {
            this.data_handler.add_edge('asset_hostname', {_from_external_id: '1', _to: 'hostname/h'});
        }
    });
    const handler = new Car.DataHandler({source: 'test'});
    const importer = new Importer({data_handler: handler, asset_server: new SettingServer()});

    importer.import_vertices(null);
    importer.import_edges(null);
    assert(JSON.stringify(handler.list_objects('asset')) === '[{"external_id":"1"},{"external_id":"2"}]', 'its vertices');
    assert(handler.list_objects('asset_hostname')[0]._to === 'hostname/h', 'its edges');
    handler.delete_vertices('asset', ['8', '9']);
    assert(handler.list_deleted_keys('asset').join() === '8,9', 'its deletions');

    const [vertices, edges] = handler.list_summaries();
    assert(vertices.n_read === 2 && vertices.is_edges === false && edges.is_edges === true && edges.n_sent === 0, 'its summaries');
    assert(handler.source === 'test' && importer.data_handler === handler, 'its properties');

    const strict = makeHandler();
    strict.add_vertex('asset', {external_id: 5});
    const [violation] = strict.list_summaries()[0].violations;
    assert(violation.count === 1 && violation.place === '/external_id' && violation.message.length > 0, violation.message);
}

/* In a full import, edges may come before their vertices. */
function testDanglingEdges() {
    const handler = new Car.DataHandler({source: 'test', schema: Car.ImportSchema.new(SCHEMA), full_import: true});

    handler.add_edges('asset_hostname', ['a', 'gone', 'bad'].map(asset => ({_from_external_id: asset, _to: 'h'})));
    handler.add_vertices('asset', [{external_id: 'a'}, {external_id: 'bad', risk: 'none'}]);
    handler.add_vertex('hostname', {_key: 'h'});
    handler.send_vertices(null);
    handler.send_edges(null);

    const [edges] = handler.list_summaries();
    const counts = [edges.collection, edges.n_left_out, edges.n_dangling, edges.n_sent].join();
    assert(handler.full_import && counts === 'asset_hostname,1,1,2', counts);
}

function testStrict() {
    for (const strict of [true, false]) {
        const handler = new Car.DataHandler({source: 'test', schema: Car.ImportSchema.new(SCHEMA), strict});

        handler.add_vertex('asset', {external_id: 'a', externalid: 'b'});
        const [summary] = handler.list_summaries();
        const places = summary.violations.map(violation => violation.place).join();
        assert(handler.strict === strict && places === (strict ? '/externalid' : ''), places);
    }
}

function* numbered(n) {
    for (let i = 0; i < n; i++)
        yield {external_id: `${i}`, risk: 0.1, text: 'ü\0\u{1f600}'};
}

function* breaking() {
    yield {external_id: 'before it broke'};
    throw new RangeError('the source broke');
}

let unique = 0;

/* What a vertex counts as, alone and in a batch, where those around it are added. */
function assertAdded(vertex, counts, inBatch) {
    const handler = makeHandler();

    handler.add_vertex('asset', vertex);
    assert(countsOf(handler) === `{"asset":[${counts}]}`, `alone: ${countsOf(handler)}`);

    const other = makeHandler();
    other.add_vertices('asset', [{external_id: `${unique++}`}, vertex, {external_id: `${unique++}`}]);
    assert(countsOf(other) === `{"asset":[${inBatch}]}`, `in a batch: ${countsOf(other)}`);
}

/* What docs/guide-javascript.md says of values that JSON does not have. */
function testValues() {
    const circle = {external_id: 'circle'}, holder = {toJSON: () => ({external_id: 'x'})};
    let deep = 1;

    circle.circle = circle;
    for (let i = 0; i < 200; i++)
        deep = [deep];
    for (const value of [NaN, Infinity, [NaN], {deep: -Infinity}, 'half: \ud800', ['\udc00'], deep])
        assertAdded({external_id: 'unwritable', value}, '1,1,0', '3,1,0');
    assertAdded(circle, '1,1,0', '3,1,0');
    assertAdded({external_id: 'name', 'half: \ud800': 1}, '1,1,0', '3,1,0');

    for (const value of [null, undefined, 2n ** 64n, new Date(0), [undefined, null], {deep: null}, Object.create(null)])
        assertAdded({external_id: 'odd', value}, '1,0,0', '3,0,0');
    assertAdded({external_id: 'null', risk: null}, '1,0,0', '3,0,0');

    for (const [name, value, place] of [['value', NaN, '/value'], ['value', 'half: \ud800', '/value'],
        ['value', ['\udc00'], '/value'], ['half: \ud800', 1, '/half: \\ud800']]) {
        const vertex = {external_id: 'the one', [name]: value};

        for (const add of [handler => handler.add_vertex('asset', vertex), handler => handler.add_vertices('asset', [vertex])]) {
            const other = makeHandler();

            add(other);
            const [violation] = other.list_summaries()[0].violations;
            assert(violation.place === place && violation.message.includes('“the one”'), violation.message);
        }
    }

    const spelt = makeHandler();
    spelt.add_vertices('asset', [{external_id: '\\ud800 is spelt', '\\ud800': '\\ud800'}, {external_id: '\u{1f600}'}]);
    assert(JSON.stringify(spelt.list_objects('asset')[0]) === '{"external_id":"\\\\ud800 is spelt","\\\\ud800":"\\\\ud800"}',
        'an escape that is only text');
    assert(countsOf(spelt) === '{"asset":[2,0,0]}', countsOf(spelt));

    const handler = makeHandler(), wrong = [() => 1, Symbol('s'), new Map(), new Set([1]), new Uint8Array(1), handler];
    for (const value of wrong.flatMap(one => [one, [one], {deep: one}])) {
        const alone = caught(() => handler.add_vertex('asset', {external_id: 'wrong', value}));
        assert(alone instanceof TypeError && alone.message.includes('/value'), alone.message);

        const before = new Array(300).fill({external_id: 'one of many'});
        const batch = caught(() => makeHandler().add_vertices('asset', [...before, {external_id: 'wrong', value}]));
        assert(batch instanceof TypeError && batch.message.startsWith('object 300: '), batch.message);
    }
    for (const value of [[{external_id: '1'}], new Map(), new Date(), handler, holder, null, undefined, 1, 'text', () => 1]) {
        for (const add of ['add_vertex', 'add_edge'])
            assert(caught(() => handler[add]('asset', value)) instanceof TypeError, `no object: ${value}`);
        assert(caught(() => handler.add_vertices('asset', [value])) instanceof TypeError, `none in a batch: ${value}`);
    }
    assert(countsOf(handler) === '{}', countsOf(handler));
}

/* There is no other thread that a connector in JavaScript could run in: CONTRACT_THREAD cannot be. */
function testThreads() {
    assert(caught(() => GLib.Thread.new('other', () => null)).message.includes('not introspectable'), 'no threads');
}

function testDataHandler() {
    const handler = makeHandler();

    handler.add_vertex('asset', {external_id: 'one', tag: ['a', 'b'], deep: {is: null}});
    handler.add_vertex('asset', {external_id: 1});
    handler.add_vertex('asset', {external_id: 'half a character: \ud800'});
    handler.add_vertices('asset', numbered(2500));
    handler.add_vertices('asset', []);
    handler.add_vertices('asset', new Set([{tag: ['a', 'b'], external_id: 'one', deep: {is: null}}]));
    handler.add_edge('asset_hostname', {_from_external_id: 'one', _to: 'hostname/h'});
    handler.add_edges('asset_hostname', [{_from_external_id: '0', _to: 'hostname/h'}]);
    assert(countsOf(handler) === '{"asset":[2504,2,1],"asset_hostname":[2,0,0]}', countsOf(handler));

    const broken = caught(() => handler.add_vertices('asset', breaking()));
    assert(broken instanceof RangeError && broken.message === 'the source broke', 'what an iterable throws passes');
    assert(countsOf(handler).startsWith('{"asset":[2505,2,1]'), 'what it gave before is added');

    for (const value of [null, undefined, 1, 'text', '', () => 1]) {
        assert(caught(() => handler.add_vertex('asset', value)) instanceof TypeError, `no object: ${value}`);
        assert(caught(() => handler.add_vertices('asset', value)) instanceof TypeError, `no iterable: ${value}`);
    }
    assert(caught(() => handler.add_vertices('asset', {external_id: '1'})) instanceof TypeError, 'one is not many');
    for (const keys of ['text', null, undefined, 1, [1], [null], {}])
        assert(caught(() => handler.delete_vertices('asset', keys)) instanceof TypeError, `no keys: ${keys}`);
}

function makeSettingApp(options) {
    const app = new SettingApp();

    app.add_setting('the_setting', 'THE_SETTING', 'a setting', options);
    return app;
}

const SettingApp = GObject.registerClass(class SettingApp extends Car.App {
    vfunc_create_asset_server() {
        return new SettingServer();
    }
});

const SettingServer = GObject.registerClass(class SettingServer extends Car.AssetServer {
    vfunc_test_connection() {
    }
});

function testSettings() {
    const cases = [
        [{}, ['--the_setting=x'], 'x'], [{}, [], null], [{default: 'd'}, [], 'd'],
        [{type: 'integer', required: true}, ['-the_setting', '7'], 7],
        [{type: 'integer', minimum: 1, maximum: 9, default: 5}, [], 5],
        [{type: 'boolean'}, [], false], [{type: 'boolean'}, ['-the_setting'], true],
        [{choices: ['a', 'b']}, ['-the_setting', 'b'], 'b'],
        [{type: 'file'}, ['-the_setting', '/dev/null'], '/dev/null'],
    ];

    for (const [options, argv, wanted] of cases) {
        const app = makeSettingApp(options);

        app.prepare(['program', ...argv]);
        assert(app.get_setting('the_setting') === wanted, JSON.stringify([options, argv, app.get_setting('the_setting')]));
    }
    for (const [options, value] of [[{type: 'integer', default: 1}, 'x'], [{choices: ['a', 'c']}, 'b'], [{type: 'file'}, '/none']]) {
        const error = caught(() => makeSettingApp(options).prepare(['program', '-the_setting', value]));
        assert(error instanceof Car.AppError && error.code === Car.AppErrorCode.INVALID_PARAMETER, error.message);
    }
    for (const options of [{type: 'float'}, {type: 'integer'}, {choices: 'ab'}, {choices: [1]}])
        assert(caught(() => makeSettingApp(options)) instanceof TypeError, JSON.stringify(options));

    const app = makeSettingApp({type: 'integer', default: 5});
    app.set_setting('the_setting', '6');
    assert(app.get_setting('the_setting') === 6, 'a setting that was set');
    for (let i = 0; i < 2; i++)
        assert(app.run(['again', '-connection-test']) === 0, 'it runs again');
}

testFailures();
testSettings();
testImporter();
testMisspelt();
testForgetfulApp();
testNames();
testSchemas();
testNew();
testDataHandler();
testDanglingEdges();
testStrict();
testValues();
testThreads();
