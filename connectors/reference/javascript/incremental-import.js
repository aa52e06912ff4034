/* SPDX-License-Identifier: Apache-2.0 */

import Car from 'gi://Car?version=1.0';
import GObject from 'gi://GObject';

import {EDGES, VERTICES, edgeOf, edgesOf, vertexOf} from './graph.js';
import {isObject, linksOf, pkOf, textOf} from './objects.js';
import {getEdges, getNames} from './service.js';

function refuse(problem) {
    throw new Car.DatasourceFailure(`the asset server's delta ${problem}`, Car.DatasourceFailureCode.DATA_PROCESSING);
}

/* A Map that makes what is missing. */
class Defaults extends Map {
    constructor(make) {
        super();
        this._make = make;
    }

    get(key) {
        if (!this.has(key))
            this.set(key, this._make());
        return super.get(key);
    }
}

/* Edges of one kind, each by its ends; a set of arrays would take equal ones for different. */
class Pairs extends Map {
    add([from, to]) {
        this.set(JSON.stringify([from, to]), [from, to]);
    }
}

/* The delta names objects, and does not tell what they were before. So the connector reads each object again. Where
 * edges may have changed, it compares those that hold now with those that the CAR service has: it adds what is missing
 * there, and closes what no longer holds.
 *
 * The service knows most objects by their pk, so the connector reads these by their pk. The service knows an address
 * or a host by its name alone, and several objects of the asset server may have one name. So when anything changed in
 * one of these collections, the connector reads all of it and compares. */
export const ReferenceIncrementalImport = GObject.registerClass(
class ReferenceIncrementalImport extends Car.IncrementalImport {
    constructor() {
        super();
        this._updates = new Defaults(() => new Set()); /* per collection, pks */
        this._deletions = new Defaults(() => new Set());
        this._objects = new Defaults(() => new Map()); /* what was read */
        this._whole = new Set(); /* the collections of which all was read */
        this._wanted = new Defaults(() => new Pairs()); /* edges that hold now, of the vertices that are looked at */
        this._current = new Defaults(() => new Pairs()); /* those that the service has of these vertices */
    }

    vfunc_get_new_save_point(cancellable) {
        return this.asset_server.getState(cancellable);
    }

    vfunc_get_data_for_delta(last, next, cancellable) {
        for (const [collection, changes] of Object.entries(this.asset_server.getDelta(last, next, cancellable))) {
            if (!isObject(changes))
                refuse(`does not tell what changed in “${collection}”`);
            for (const [member, pks] of [['updates', this._updates], ['deletions', this._deletions]]) {
                const list = changes[member] ?? [];

                if (!Array.isArray(list))
                    refuse(`has no list of ${member} of ${collection}`);
                for (const pk of list)
                    pks.get(collection).add(pkOf(collection, pk));
            }
        }
    }

    _isTouched(collection) {
        return this._updates.get(collection).size > 0 || this._deletions.get(collection).size > 0;
    }

    /* All of a collection, read once. */
    _readAll(collection, cancellable) {
        if (!this._whole.has(collection)) {
            this._objects.set(collection, this.asset_server.readAll(collection, cancellable));
            this._whole.add(collection);
        }
        return this._objects.get(collection);
    }

    /* Those of the objects that were not read yet. */
    _readMore(collection, pks, cancellable) {
        const objects = this._objects.get(collection);

        if (this._whole.has(collection))
            return;
        const missing = [...pks].filter(pk => !objects.has(pk));
        for (const [pk, object] of this.asset_server.read(collection, missing, cancellable))
            objects.set(pk, object);
    }

    /* Reads what objects lead to. */
    _readLinked(collection, pks, member, target, cancellable) {
        const objects = this._objects.get(collection);
        const linked = new Set();

        for (const pk of pks) {
            for (const link of objects.has(pk) ? linksOf(objects.get(pk), member) : [])
                linked.add(link);
        }
        this._readMore(target, linked, cancellable);
    }

    /* ---- vertices ---- */

    /* A vulnerability holds what its xrefproperties say, and the delta does not tell which vulnerabilities these belong
     * to. */
    _readVulnerabilities(cancellable) {
        const updates = this._updates.get('vulnerabilities');

        if (this._isTouched('xrefproperties')) {
            for (const pk of this._readAll('vulnerabilities', cancellable).keys())
                updates.add(pk);
        } else {
            this._readMore('vulnerabilities', updates, cancellable);
        }
        if (updates.size > 0)
            this._readAll('xrefproperties', cancellable);
    }

    _readUpdates({collection, name}, cancellable) {
        if (collection === 'vulnerabilities')
            this._readVulnerabilities(cancellable);
        else if (!name)
            this._readMore(collection, this._updates.get(collection), cancellable);
        else if (this._isTouched(collection))
            this._readAll(collection, cancellable);
    }

    /* An object that went since the delta was made is one more deletion. */
    vfunc_import_vertices(cancellable) {
        for (const kind of VERTICES) {
            this._readUpdates(kind, cancellable);

            const objects = this._objects.get(kind.collection);
            const deletions = this._deletions.get(kind.collection);
            const xrefs = this._objects.get('xrefproperties');
            for (const pk of this._updates.get(kind.collection)) {
                if (objects.has(pk)) {
                    this.data_handler.add_vertex(kind.vertex, vertexOf(kind, pk, objects.get(pk), xrefs));
                    deletions.delete(pk);
                } else {
                    deletions.add(pk);
                }
            }
        }
    }

    /* ---- edges ---- */

    /* The edges that hold now, of the objects that were read of a collection, or of those in `pks` alone. */
    _collect(collection, pks = null) {
        const known = {assets: this._objects.get('assets'), ip_addresses: this._objects.get('ip_addresses')};

        for (const [pk, object] of this._objects.get(collection)) {
            if (pks !== null && !pks.has(pk))
                continue;
            for (const [kind, from, to] of edgesOf(collection, pk, object, known))
                this._wanted.get(kind).add([from, to]);
        }
    }

    _getCurrent(kind, collection, pks, cancellable) {
        for (const pair of getEdges(this, kind, collection, pks, cancellable))
            this._current.get(kind).add(pair);
    }

    _compareAssets(cancellable) {
        const pks = this._updates.get('assets');

        this._collect('assets', pks);
        this._getCurrent('asset_vulnerability', 'asset', pks, cancellable);
        this._getCurrent('site_asset', 'asset', pks, cancellable);
    }

    /* The apps that changed, and those that are or were on an asset that did: they have its vulnerabilities. */
    _compareApps(cancellable) {
        const apps = new Set(this._updates.get('apps'));
        const assets = new Set([...this._updates.get('assets'), ...this._deletions.get('assets')]);

        for (const [, app] of getEdges(this, 'asset_application', 'asset', assets, cancellable))
            apps.add(app);
        this._readMore('apps', apps, cancellable);
        this._readLinked('apps', apps, 'assets', 'assets', cancellable);
        this._collect('apps', apps);
        this._getCurrent('asset_application', 'application', apps, cancellable);
        this._getCurrent('application_vulnerability', 'application', apps, cancellable);
    }

    /* The ports that changed, and those that lead to an IP address that did: it may have another name now. */
    _comparePorts(cancellable) {
        const ports = new Set(this._updates.get('ports'));
        const changed = this._updates.get('ip_addresses');

        if (changed.size > 0) {
            for (const [pk, port] of this._readAll('ports', cancellable)) {
                if (linksOf(port, 'ip_addresses').some(link => changed.has(link)))
                    ports.add(pk);
            }
        }
        this._readMore('ports', ports, cancellable);
        this._readLinked('ports', ports, 'ip_addresses', 'ip_addresses', cancellable);
        this._collect('ports', ports);
        this._getCurrent('application_port', 'port', ports, cancellable);
        this._getCurrent('ipaddress_port', 'port', ports, cancellable);
    }

    /* Everything of addresses and hosts: see above. */
    _compareNames(cancellable) {
        const ipAddresses = this._isTouched('ip_addresses');

        if (ipAddresses) {
            this._collect('ip_addresses');
            this._getCurrent('asset_ipaddress', null, null, cancellable);
        }
        if (ipAddresses || this._isTouched('mac_addresses')) {
            this._readAll('ip_addresses', cancellable);
            this._readAll('mac_addresses', cancellable);
            this._collect('mac_addresses');
            this._getCurrent('asset_macaddress', null, null, cancellable);
            this._getCurrent('ipaddress_macaddress', null, null, cancellable);
        }
        if (this._isTouched('hosts')) {
            this._collect('hosts');
            this._getCurrent('asset_hostname', null, null, cancellable);
        }
    }

    vfunc_import_edges(cancellable) {
        /* The names first: where they read all IP addresses, none is read again for the ports. */
        this._compareNames(cancellable);
        this._compareAssets(cancellable);
        this._compareApps(cancellable);
        this._comparePorts(cancellable);

        for (const kind of Object.keys(EDGES)) {
            const wanted = this._wanted.get(kind), current = this._current.get(kind);

            for (const [key, [from, to]] of wanted) {
                if (!current.has(key))
                    this.data_handler.add_edge(kind, edgeOf(kind, from, to));
            }
            for (const [key, [from, to]] of current) {
                if (!wanted.has(key))
                    this.data_handler.add_edge(kind, {...edgeOf(kind, from, to), active: false});
            }
        }
    }

    /* ---- deletions ---- */

    /* The names that the service has, and no object any more. */
    _findGoneNames({collection, vertex, name}, cancellable) {
        const gone = new Set(getNames(this, vertex, cancellable));

        for (const object of this._objects.get(collection).values())
            gone.delete(textOf(object, name));
        return gone;
    }

    vfunc_delete_vertices(cancellable) {
        for (const kind of VERTICES) {
            if (!this._isTouched(kind.collection))
                continue;

            const gone = kind.name ? this._findGoneNames(kind, cancellable) : this._deletions.get(kind.collection);
            this.data_handler.delete_vertices(kind.vertex, gone, cancellable);
        }
    }
});
