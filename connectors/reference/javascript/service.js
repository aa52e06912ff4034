/* SPDX-License-Identifier: Apache-2.0 */

import Car from 'gi://Car?version=1.0';

/* What the CAR service holds of this source now. A connector keeps nothing between two runs but the save point, so this
 * is how it knows what it sent. */

const NAMES_A_QUERY = 500;

/* The members, which are texts, of all rows of this source that fulfil the condition. */
function* list(importer, collection, condition, members, cancellable) {
    const where = {source: {_eq: importer.data_handler.get_source()}, ...condition};

    for (const row of importer.client.list_collection(collection, members, where, cancellable)) {
        const values = members.map(member => row[member]);

        if (!values.every(value => typeof value === 'string'))
            throw new Car.RecoverableFailure(`the CAR service answered a query without ${members.join(' and ')}`);
        yield values;
    }
}

/* What a vertex is called within its source: an id is SOURCE/NAME, and of an address SOURCE/REGION/NAME. No
 * address here has a region of its own, so its region is 0. */
function nameOf(importer, collection, id) {
    const prefix = importer.data_handler.get_source() + (collection === 'ipaddress' ? '/0/' : '/');

    if (!id.startsWith(prefix)) {
        throw new Car.RecoverableFailure(
            `the CAR service answered a query with the id “${id}”, not one of this source's`);
    }
    return id.slice(prefix.length);
}

/* The edges of a kind, as [from, to]: all, or those of some vertices of one of the two collections that it joins. */
export function* getEdges(importer, kind, collection, pks, cancellable) {
    const [from, to] = kind.split('_');
    const source = importer.data_handler.get_source();
    const ids = [...pks ?? []].map(pk => `${source}/${pk}`);

    for (let i = 0; i < (collection === null ? 1 : ids.length); i += NAMES_A_QUERY) {
        const some = ids.slice(i, i + NAMES_A_QUERY);
        const condition = collection === null ? {} : {[`${collection}_id`]: {_in: some}};

        for (const [fromId, toId] of list(importer, kind, condition, [`${from}_id`, `${to}_id`], cancellable))
            yield [nameOf(importer, from, fromId), nameOf(importer, to, toId)];
    }
}

/* The names of all vertices of a collection whose vertices name themselves. */
export function* getNames(importer, collection, cancellable) {
    for (const [id] of list(importer, collection, {}, ['id'], cancellable))
        yield nameOf(importer, collection, id);
}
