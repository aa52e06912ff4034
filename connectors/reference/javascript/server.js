/* SPDX-License-Identifier: Apache-2.0 */

import Car from 'gi://Car?version=1.0';
import GObject from 'gi://GObject';

import {Http} from './http.js';
import {isObject, readObjects} from './objects.js';

/* Longer request lines are refused by some servers, and by what stands in front of them; the address comes on top. */
const MAX_PATH = 1700;

const MAX_STATE = 2n ** 64n;

function isState(text) {
    return /^[0-9]+$/.test(text) && BigInt(text) < MAX_STATE;
}

/* A server that was set up anew counts from the beginning again. */
function checkRange(from, to) {
    if (!isState(from) || !isState(to))
        throw new Car.IncrementalNotPossible("the save point is none of this asset server's");
    if (BigInt(from) > BigInt(to))
        throw new Car.IncrementalNotPossible('the asset server has seen fewer changes than at the last import');
}

function* pathsOf(collection, pks) {
    let path = '';

    for (const pk of pks) {
        const escaped = encodeURIComponent(pk);

        if (path !== '' && path.length + escaped.length > MAX_PATH) {
            yield path;
            path = '';
        }
        path = path === '' ? `/${collection}/?pk=${escaped}` : `${path},${escaped}`;
    }
    if (path !== '')
        yield path;
}

/* The asset server: its API, as methods. */
export const ReferenceServer = GObject.registerClass(class ReferenceServer extends Car.AssetServer {
    constructor(url, username, password) {
        super();
        this._http = new Http(url, username, password);
    }

    vfunc_test_connection(cancellable) {
        this.getState(cancellable);
    }

    /* All objects of a collection, by their primary keys. */
    readAll(collection, cancellable) {
        return new Map(readObjects(collection, this._http.get(`/${collection}/`, cancellable)));
    }

    /* Those of the objects that exist. */
    * read(collection, pks, cancellable) {
        for (const path of pathsOf(collection, pks))
            yield* readObjects(collection, this._http.get(path, cancellable));
    }

    /* The number of the last change: what a connector keeps as its save point. */
    getState(cancellable) {
        const state = this._http.get('/model_state_id/', cancellable)?.model_state_id;

        if (typeof state === 'string' && state !== '' || Number.isSafeInteger(state))
            return `${state}`;
        throw new Car.DatasourceFailure(
            'the asset server does not tell its model_state_id: is -server the address of one?',
            Car.DatasourceFailureCode.DATA_PROCESSING);
    }

    /* What changed: {COLLECTION: {updates: [pk…], deletions: [pk…]}}. */
    getDelta(from, to, cancellable) {
        checkRange(from, to);
        try {
            const answer = this._http.get(`/delta/?from=${from}&to=${to}`, cancellable);

            if (isObject(answer) && (answer.delta === undefined || isObject(answer.delta)))
                return answer.delta ?? {};
        } catch (error) {
            if (error.status !== 404)
                throw error;
            throw new Car.IncrementalNotPossible(
                'the asset server has forgotten what changed since the last import');
        }
        throw new Car.DatasourceFailure('what the asset server answered is no delta',
            Car.DatasourceFailureCode.DATA_PROCESSING);
    }
});
