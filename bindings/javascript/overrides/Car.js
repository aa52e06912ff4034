/* SPDX-License-Identifier: Apache-2.0 */
/* exported _init */

/* libcar in JavaScript's own terms: plain objects, iterables and exceptions. gjs runs _init() when a program imports
 * 'gi://Car?version=1.0'. */

const {GLib, GObject} = imports.gi;
const System = imports.system;

let Car;

/* ---- failures ------------------------------------------------------------------------------------------------- */

/* Makes a class of exceptions for the GErrors of a domain. It takes the place of libcar's enumeration of their codes, which
 * becomes `NAMECode`. In gjs no class of JavaScript's can derive from GLib.Error, so the constructor makes a GLib.Error and
 * gives it the class's prototype. Where gjs has a class for the domain already, its prototype must stay. */
function defineFailure(name, domain, defaultCode, prototype) {
    const Failure = function (message, code) {
        if (!new.target)
            throw new TypeError(`Car.${name} is a class: write new Car.${name}(…)`);

        const isExitCode = Number.isInteger(code) && code >= 1 && code <= 255;
        const error = new GLib.Error(domain, isExitCode ? code : defaultCode, String(message));
        return Object.setPrototypeOf(error, new.target.prototype);
    };

    Object.setPrototypeOf(Failure, Car.Failure);
    Failure.prototype = prototype ?? Object.create(GLib.Error.prototype, {constructor: {value: Failure}});
    Object.defineProperties(Failure, {
        name: {value: name},
        /* Those that C raised are of the class too. */
        [Symbol.hasInstance]: {
            value(thing) {
                return this === Failure
                    ? thing instanceof GLib.Error && thing.domain === domain
                    : Function.prototype[Symbol.hasInstance].call(this, thing);
            },
        },
    });

    return Failure;
}

/* What all failures have in common, for instanceof. */
function defineBaseOfFailures() {
    const domains = ['app_error', 'recoverable_failure', 'unrecoverable_failure', 'datasource_failure', 'schema_error',
        'import_error'].map(name => Car[`${name}_quark`]());
    const Failure = function () {
        throw new TypeError('Car.Failure is abstract: write new Car.RecoverableFailure(…), or another');
    };

    Object.setPrototypeOf(Failure, GLib.Error);
    Failure.prototype = GLib.Error.prototype;
    Object.defineProperties(Failure, {
        name: {value: 'Failure'},
        [Symbol.hasInstance]: {value: thing => thing instanceof GLib.Error && domains.includes(thing.domain)},
    });
    return Failure;
}

function setUpFailures() {
    Car.Failure = defineBaseOfFailures();

    const defaults = {
        AppError: [Car.app_error_quark(), 'GENERAL'],
        RecoverableFailure: [Car.recoverable_failure_quark(), 'DEFAULT'],
        UnrecoverableFailure: [Car.unrecoverable_failure_quark(), 'DEFAULT'],
        DatasourceFailure: [Car.datasource_failure_quark(), 'UNKNOWN'],
        SchemaError: [Car.schema_error_quark(), 'VIOLATION'],
    };

    for (const [name, [domain, code]] of Object.entries(defaults)) {
        const codes = Car[name];

        Car[`${name}Code`] = codes;
        Car[name] = defineFailure(name, domain, codes[code], codes.prototype);
    }

    Car.IncrementalNotPossible = defineFailure('IncrementalNotPossible', Car.import_error_quark(),
        Car.ImportError.INCREMENTAL_NOT_POSSIBLE, Car.ImportError.prototype);
}

/* ---- what a connector implements ------------------------------------------------------------------------------- */

function describe(value) {
    if (value instanceof GObject.Object)
        return GObject.type_name(value.constructor.$gtype);
    if (value === null || typeof value !== 'object' && typeof value !== 'function')
        return typeof value === 'string' ? 'string' : String(value);
    return value.constructor?.name ?? typeof value;
}

function refuse(where, result, wanted) {
    if (typeof result?.then === 'function')
        throw new Car.AppError(`${where} returned a Promise: it must not be async`);
    throw new Car.AppError(`${where} returned a ${describe(result)}, which is not a ${wanted}`);
}

/* The method may return nothing, or true. False is a failure without a reason, and libcar complains of it. */
function checkDone(where, result) {
    if (result !== undefined && typeof result !== 'boolean')
        refuse(where, result, 'boolean');
    return result !== false;
}

function checkText(where, result) {
    if (result === false)
        return [false, null];
    if (result !== undefined && result !== null && typeof result !== 'string')
        refuse(where, result, 'string');
    if (result?.includes('\0'))
        throw new Car.AppError(`${where} returned a string with a NUL in it`);
    return [true, result ?? null];
}

/* An _init() that does not call its parent's leaves an object without a GObject. Only gjs's own toString() shows that. */
function checkInit(object) {
    if (GObject.Object.prototype.toString.call(object).startsWith('[object prototype'))
        throw new Car.AppError(`${describe(object)}._init() does not call super._init()`);
}

function checkObject(wanted) {
    return (where, result) => {
        if (result === undefined || result === null || result === false)
            return null;
        if (!(result instanceof Car[wanted]))
            refuse(where, result, `Car${wanted}`);
        checkInit(result);
        return result;
    };
}

function checkOptional(wanted) {
    const check = checkObject(wanted);

    return (where, result) => result === false ? [false, null] : [true, check(where, result)];
}

/* The methods, each with what it may return and how C wants that. */
const CHECKS = {
    test_connection: checkDone,
    get_new_save_point: checkText,
    import_vertices: checkDone,
    import_edges: checkDone,
    get_data_for_delta: checkDone,
    delete_vertices: checkDone,
    create_asset_server: checkObject('AssetServer'),
    create_schema_extension: checkOptional('SchemaExtension'),
    create_full_import: checkObject('FullImport'),
    create_incremental_import: checkOptional('IncrementalImport'),
};

/* GLib has no level for an error that is no bug. */
function logError(message) {
    GLib.log_variant('libcar', GLib.LogLevelFlags.LEVEL_MESSAGE, new GLib.Variant('a{sv}', {
        MESSAGE: new GLib.Variant('s', message.replaceAll('\0', '\\0')),
        CAR_LEVEL: new GLib.Variant('s', 'ERROR'),
    }));
}

/* The method as C calls it. GErrors pass; any other exception becomes a general failure, with its stack in the log.
 *
 * Between the steps of a garbage collection, gjs (1.74 and later) refuses all calls from C, the next method too. So no
 * collection may be under way when this method is done. */
function guard(name, check, method) {
    return function (...args) {
        const where = `${GObject.type_name(this.constructor.$gtype)}.${name}`;

        try {
            return check(where, method.apply(this, args));
        } catch (error) {
            if (error instanceof GLib.Error)
                throw error;

            const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
            logError(`${what}\n${error?.stack ?? ''}`.trimEnd());
            throw new Car.AppError(`${where} raised ${what}`);
        } finally {
            System.gc();
        }
    };
}

/* The class's own name in messages, unless it is taken or is no name that GObject takes. */
function nameType(klass) {
    if (!Object.hasOwn(klass, GObject.GTypeName) && /^[A-Za-z_][\w+-]{2,}$/.test(klass.name) &&
        !GObject.type_from_name(klass.name))
        klass[GObject.GTypeName] = klass.name;
}

/* GObject.registerClass() of a class that derives from one of libcar's. C calls the guarded methods. The class keeps its own
 * for whoever calls super.vfunc_…(). */
function registerConnectorClass(klass) {
    const own = Object.getOwnPropertyDescriptors(klass.prototype);

    nameType(klass);
    for (const [method, check] of Object.entries(CHECKS)) {
        const name = `vfunc_${method}`;

        /* gjs itself refuses a vfunc_…() that implements nothing. */
        if (Object.hasOwn(own, method))
            throw new TypeError(`${klass.name}.${method}() implements nothing: it must be called ${name}()`);
        if (typeof own[name]?.value === 'function')
            klass.prototype[name] = guard(method, check, own[name].value);
    }

    const registered = GObject.Object._classInit(klass);
    Object.defineProperties(registered.prototype, own);

    return registered;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

/* The engine's limit. It also ends an object that holds itself. */
const MAX_DEPTH = 128;

/* These run for each object. gjs looks up a name that stands outside of a function anew each time, a global one too, at ten
 * times the cost. So all names that these need stand within one function. */
const {isObject, isPlain, isReady, withoutNull, toReady} = (() => {
    const {isArray} = Array, {isFinite} = Number, {getPrototypeOf, prototype, entries, fromEntries} = Object;
    const depthLimit = MAX_DEPTH;

    /* Whether the value may be a vertex or an edge: no array, no Map, no Date, no GObject. */
    function isObject(value) {
        return typeof value === 'object' && value !== null && value[Symbol.iterator] === undefined &&
            value.toJSON === undefined && !(value instanceof GObject.Object);
    }

    /* Whether JSON.stringify() makes JSON of the value as it is. write() does that for all others. */
    function isPlain(value, depth = 1) {
        switch (typeof value) {
        case 'string':
        case 'boolean':
        case 'undefined':
            return true;
        case 'number':
            return isFinite(value);
        case 'object':
            return value === null || depth <= depthLimit && isPlainCompound(value, depth + 1);
        default:
            return false;
        }
    }

    function isPlainCompound(value, depth) {
        if (isArray(value))
            return value.every(item => isPlain(item, depth));
        if (getPrototypeOf(value) !== prototype || value.toJSON !== undefined)
            return false;
        for (const name in value) {
            if (!isPlain(value[name], depth))
                return false;
        }
        return true;
    }

    /* Whether it does so of a vertex or an edge, and no member is null. */
    function isReady(object) {
        if (typeof object !== 'object' || object === null || getPrototypeOf(object) !== prototype || object.toJSON !== undefined)
            return false;
        for (const name in object) {
            if (object[name] === null || !isPlain(object[name], 2))
                return false;
        }
        return true;
    }

    /* No member of CAR's takes null, so one that is null or undefined goes. Members further down keep their null. */
    function withoutNull(object) {
        return fromEntries(entries(object).filter(([, member]) => member !== null && member !== undefined));
    }

    /* The objects in a form that JSON.stringify() writes as it is; null if one of them has no such form. */
    function toReady(objects) {
        if (objects.every(isReady))
            return objects;
        if (!objects.every(isObject))
            return null;

        const present = objects.map(withoutNull);
        return present.every(isReady) ? present : null;
    }

    return {isObject, isPlain, isReady, withoutNull, toReady};
})();

/* The JSON text of a value. Throws a TypeError if JSON has no form for a value of its type, and a RangeError if JSON has one but
 * cannot hold the value. Half a surrogate pair stays, escaped: libcar refuses it. */
function write(value, place, depth) {
    switch (typeof value) {
    case 'string':
    case 'boolean':
        return JSON.stringify(value);
    case 'bigint':
        return `${value}`;
    case 'number':
        if (!Number.isFinite(value))
            throw new RangeError(`${place} is ${value}, which JSON does not have`);
        return JSON.stringify(value);
    case 'object':
        return value === null ? 'null' : writeCompound(value, place, depth + 1);
    default:
        throw new TypeError(`${place} is a ${typeof value}, which JSON does not have`);
    }
}

function writeCompound(value, place, depth) {
    if (depth > MAX_DEPTH)
        throw new RangeError(`${place} is nested too deeply`);
    if (typeof value.toJSON === 'function')
        return write(value.toJSON(), place, depth);
    if (Array.isArray(value))
        return `[${Array.from(value, (item, i) => write(item ?? null, `${place}/${i}`, depth)).join(',')}]`;
    if (value[Symbol.iterator] !== undefined || value instanceof GObject.Object)
        throw new TypeError(`${place} is a ${describe(value)}, which JSON does not have`);

    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([name, member]) =>
        `${JSON.stringify(name)}:${write(member, `${place}/${name}`, depth)}`).join(',')}}`;
}

function checkIsObject(value) {
    if (!isObject(value))
        throw new TypeError(`an object is wanted, not ${describe(value)}`);
}

function toJson(value) {
    checkIsObject(value);
    return isPlain(value) ? JSON.stringify(value) : write(value, '', 0);
}

/* A schema, which may be text already. */
const toText = value => typeof value === 'string' ? value : toJson(value);

/* A string is an iterable too, of its characters, but nobody means that. */
function toTexts(values) {
    const texts = typeof values?.[Symbol.iterator] === 'function' && typeof values !== 'string' ? [...values] : [null];

    if (texts.some(text => typeof text !== 'string'))
        throw new TypeError('an iterable of strings is wanted');
    return texts;
}

/* ---- vertices and edges ---------------------------------------------------------------------------------------- */

/* One call into C for so many objects: the call costs nothing then, and they are still in the nursery of the collector. */
const BATCH = 250;

/* Whether half a surrogate pair may stand in the text that JSON.stringify() wrote: it escapes them. A text that spells such an
 * escape itself looks alike. */
const mayHaveHalf = text => text.includes('\\ud');

/* The object member by member: libcar names the one that JSON cannot hold, and leaves the object out. */
function toRecord(object) {
    const record = Car.Record.new();

    for (const [name, member] of Object.entries(withoutNull(object))) {
        if (/\p{Surrogate}/u.test(name))
            record.set_json(JSON.stringify(name).slice(1, -1), '');
        else if (typeof member === 'number')
            record.set_double(name, member);
        else
            record.set_json(name, writeAnyway(member));
    }
    return record;
}

function writeAnyway(member) {
    try {
        return write(member, '', 1);
    } catch (error) {
        return '';
    }
}

/* If the iterable throws, what it gave before is added, as it would be one by one. */
function inBatches(objects, add) {
    if (typeof objects?.[Symbol.iterator] !== 'function' || typeof objects === 'string')
        throw new TypeError(`an iterable of objects is wanted, not ${describe(objects)}`);

    let batch = [], begin = 0;
    const flush = () => {
        const full = batch, number = begin;

        begin += full.length;
        batch = [];
        add(full, number);
    };

    try {
        for (const object of objects) {
            batch.push(object);
            if (batch.length === BATCH)
                flush();
        }
    } finally {
        if (batch.length > 0)
            flush();
    }
}

/* The JSON text of a vertex or an edge; null where JSON cannot hold it. */
function writeObject(object) {
    try {
        const text = isReady(object) ? JSON.stringify(object) : toJson(withoutNull(object));

        return mayHaveHalf(text) ? null : text;
    } catch (error) {
        if (error instanceof RangeError)
            return null;
        throw error;
    }
}

/* add_NAME() and add_NAMES(), over C's functions that take JSON text. */
function defineAdd(prototype, one, many) {
    const addJson = prototype[`${one}_json`], addRecord = prototype[`${one}_record`];
    const addAllJson = prototype[`${many}_json`];

    prototype[one] = function (collection, object) {
        checkIsObject(object);

        const text = writeObject(object);
        if (text === null)
            addRecord.call(this, collection, toRecord(object));
        else
            addJson.call(this, collection, text, -1);
    };

    prototype[many] = function (collection, objects) {
        inBatches(objects, (batch, begin) => {
            const ready = toReady(batch), text = ready === null ? null : JSON.stringify(ready);

            if (text !== null && !mayHaveHalf(text))
                addAllJson.call(this, collection, text, -1);
            else
                batch.forEach((object, i) => withNumber(begin + i, () => this[one](collection, object)));
        });
    };
}

function withNumber(number, add) {
    try {
        add();
    } catch (error) {
        if (error instanceof TypeError)
            throw new TypeError(`object ${number}: ${error.message}`);
        throw error;
    }
}

function setUpDataHandler(prototype) {
    const deleteVertices = prototype.delete_vertices;

    defineAdd(prototype, 'add_vertex', 'add_vertices');
    defineAdd(prototype, 'add_edge', 'add_edges');
    prototype.delete_vertices = function (collection, keys, cancellable = null) {
        deleteVertices.call(this, collection, toTexts(keys), cancellable);
    };

    /* For tests: what was added to a collection and is to be sent. */
    prototype.list_objects = function (collection) {
        return JSON.parse(this.dup_objects_json(collection));
    };
}

/* What get_…() and list_…() return is an attribute too. */
function giveAttributes(prototype, methods) {
    for (const method of methods) {
        Object.defineProperty(prototype, method.slice(method.indexOf('_') + 1), {
            get() {
                return this[method]();
            },
        });
    }
}

function setUpSummaries() {
    giveAttributes(Car.CollectionSummary.prototype, ['get_collection', 'get_is_edges', 'get_n_read', 'get_n_left_out',
        'get_n_duplicates', 'get_n_conflicts', 'get_n_dangling', 'get_n_sent', 'get_n_deleted', 'get_n_closed',
        'list_violations']);
    giveAttributes(Car.Violation.prototype, ['get_place', 'get_rule', 'get_message', 'get_count']);
}

/* ---- the service ----------------------------------------------------------------------------------------------- */

const toOptionalJson = value => value === null || value === undefined ? null : toJson(value);
const toLiteral = value => write(value, 'the value', 0);
const toBytes = value => new GLib.Bytes(new TextEncoder().encode(toJson(value)));
const fromJson = answer => typeof answer === 'string' ? JSON.parse(answer) : answer;

/* The calls over C's NAME_json(), and how C wants an argument that is not taken as it is. */
const JSON_CALLS = {
    query: {1: toOptionalJson},
    search_collection: {2: toLiteral, 3: toTexts},
    patch_vertex: {2: toJson},
    patch_edge: {4: toJson},
};

const TEXT_CALLS = {
    delete_vertices: {2: toTexts},
    search_collection_json: {3: toTexts},
    wait_for_imports: {0: toTexts},
};

function convert(args, converters) {
    return args.map((value, place) => place in converters ? converters[place](value) : value);
}

function defineJsonCall(prototype, name, converters) {
    const {[`${name}_json`]: call, [`${name}_json_async`]: begin, [`${name}_json_finish`]: finish} = prototype;

    prototype[name] = function (...args) {
        return fromJson(call.apply(this, convert(args, converters)));
    };
    prototype[`${name}_async`] = function (...args) {
        return begin.apply(this, convert(args, converters));
    };
    prototype[`${name}_finish`] = function (result) {
        return fromJson(finish.call(this, result));
    };
}

/* A whole envelope, an object. */
function defineImportEnvelope(prototype) {
    const {import_bytes: call, import_bytes_async: begin, import_bytes_finish: finish} = prototype;

    prototype.import_envelope = function (envelope, ...args) {
        return call.call(this, toBytes(envelope), ...args);
    };
    prototype.import_envelope_async = function (envelope, ...args) {
        return begin.call(this, toBytes(envelope), ...args);
    };
    prototype.import_envelope_finish = finish;
}

/* The general call takes the query as an object of texts and the body as an object, and parses the answer. */
function defineCall(prototype) {
    const {call, call_async: begin, call_finish: finish} = prototype;
    const toPairs = query => query === null ? null : toTexts(Object.entries(query).flat());
    const toC = (path, query, body) => [toTexts(path), toPairs(query), body === null ? null : toBytes(body)];
    const toAnswer = ([bytes, status]) =>
        [bytes.get_size() === 0 ? null : JSON.parse(new TextDecoder().decode(bytes.toArray())), status];

    prototype.call = function (version, method, path, query = null, body = null, tolerated = 0, cancellable = null) {
        return toAnswer(call.call(this, version, method, ...toC(path, query, body), tolerated, cancellable));
    };
    prototype.call_async = function (version, method, path, query, body, ...args) {
        return begin.call(this, version, method, ...toC(path, query, body), ...args);
    };
    prototype.call_finish = function (result) {
        return toAnswer(finish.call(this, result));
    };
}

/* All objects of a collection, asked for page by page as they are used. */
function defineListCollection(prototype) {
    prototype.list_collection = function* (collection, fields, where = null, cancellable = null) {
        const listing = Car.Listing.new(this, collection, toTexts(fields), toOptionalJson(where));

        for (let page = listing.next_json(cancellable); page !== null; page = listing.next_json(cancellable))
            yield* JSON.parse(page);
    };
}

function setUpClient(prototype) {
    for (const [name, converters] of Object.entries(JSON_CALLS))
        defineJsonCall(prototype, name, converters);
    for (const [name, converters] of Object.entries(TEXT_CALLS)) {
        for (const variant of [name, `${name}_async`]) {
            const call = prototype[variant];

            prototype[variant] = function (...args) {
                return call.apply(this, convert(args, converters));
            };
        }
    }
    defineImportEnvelope(prototype);
    defineCall(prototype);
    defineListCollection(prototype);
}

function setUpListing() {
    const make = Car.Listing.new;

    Car.Listing.new = function (client, collection, fields, whereJson = null) {
        return make.call(this, client, collection, toTexts(fields), whereJson);
    };
    defineJsonCall(Car.Listing.prototype, 'next', {});
}

/* Where C takes JSON text and its length, this takes an object, or the text alone. */
function takeObject(owner, name) {
    const call = owner[name];

    owner[name] = function (...args) {
        const last = args.pop();

        return call.apply(this, typeof last === 'number' ? [...args, last] : [...args, toText(last), -1]);
    };
}

function setUpSchemas() {
    const makeExtension = Car.SchemaExtension.new;

    Car.SchemaExtension.new = function (key, owner, version, schema) {
        return makeExtension.call(this, key, owner, version, toText(schema));
    };
    takeObject(Car.ImportSchema, 'new');
    takeObject(Car.ImportSchema.prototype, 'validate_object');
    takeObject(Car.ImportSchema.prototype, 'validate_envelope');
}

/* gjs does not know that an object which it has made may still have to be initialized, which can fail. */
function initInNew(prototype) {
    const construct = prototype._init;

    prototype._init = function (...args) {
        construct.apply(this, args);
        this.init(null);
    };
}

/* A setting, from the options that an author gives. */
function makeSetting(name, variable, description, options) {
    const {type = 'text', required = false, secret = false, choices = null, argument = null} = options;
    const {minimum = -(2 ** 63), maximum = 2 ** 63 - 1024} = options;
    const value = options.default ?? null;
    const flags = (required ? Car.SettingFlags.REQUIRED : 0) | (secret ? Car.SettingFlags.SECRET : 0);

    if (choices !== null)
        return Car.Setting.new_choice(name, variable, flags, description, toTexts(choices), value);
    switch (type) {
    case 'text':
        return Car.Setting.new_text(name, variable, flags, description, argument, value);
    case 'integer':
        if (value === null && !required)
            throw new TypeError(`the setting ${name} needs a default, or to be required`);
        return Car.Setting.new_integer(name, variable, flags, description, argument, minimum, maximum, value ?? minimum);
    case 'boolean':
        return Car.Setting.new_boolean(name, variable, description, value ?? false);
    case 'file':
        return Car.Setting.new_file(name, variable, flags, description, value);
    default:
        throw new TypeError(`a setting is a text, integer, boolean or file, not ${type}`);
    }
}

/* The types of an app's own settings, by name. */
const settingTypes = new WeakMap();

function setUpSettings(prototype) {
    const {add_setting: addSetting, get_setting: getSetting} = prototype;

    prototype.add_setting = function (name, variable, description, options = {}) {
        addSetting.call(this, makeSetting(name, variable, description, options));
        if (!settingTypes.has(this))
            settingTypes.set(this, new Map());
        settingTypes.get(this).set(name, options.type);
    };
    prototype.get_setting = function (name) {
        switch (settingTypes.get(this)?.get(name)) {
        case 'integer':
            return this.get_integer_setting(name);
        case 'boolean':
            return this.get_boolean_setting(name);
        default:
            return getSetting.call(this, name);
        }
    };
}

/* gjs takes what begins with a dash for an option of its own, unless "--" comes before it, and hands the "--" on. It also says
 * that the program is gjs. */
function toArgv(argv) {
    const program = System.programInvocationName;
    const [name = program, ...rest] = argv ?? [program, ...System.programArgs];

    return [name, ...rest[0] === '--' ? rest.slice(1) : rest];
}

function setUpApp(prototype) {
    for (const name of ['prepare', 'run']) {
        const call = prototype[name];

        prototype[name] = function (argv = null) {
            const args = toArgv(argv);

            checkInit(this);
            GLib.set_prgname(GLib.path_get_basename(args[0]));
            System.gc(); /* see guard() */
            return call.call(this, args);
        };
    }
    setUpSettings(prototype);
}

function _init() {
    Car = this;

    setUpFailures();
    setUpDataHandler(Car.DataHandler.prototype);
    setUpClient(Car.Client.prototype);
    setUpListing();
    setUpSchemas();
    setUpApp(Car.App.prototype);
    for (const name of ['Client', 'DataHandler', 'ImportSchema', 'SchemaExtension'])
        initInNew(Car[name].prototype);
    setUpSummaries();
    for (const name of ['App', 'AssetServer', 'Import'])
        Car[name]._classInit = registerConnectorClass;
}
