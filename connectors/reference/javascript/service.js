/* SPDX-License-Identifier: Apache-2.0 */

import Car from 'gi://Car?version=1.0';

/* What the CAR service holds of this source now. A connector keeps nothing between two runs but the save point, so this
 * is how it knows what it sent. */

const ROWS_A_QUERY = 10000;
const NAMES_A_QUERY = 500;

function textOf(row, member) {
    if (typeof row?.[member] !== 'string')
        throw new Car.RecoverableFailure(`the CAR service answered a query without “${member}”`);
    return row[member];
}

/* The rows that the service answers a query with, page by page. */
function* ask(importer, query, variables, cancellable) {
    const source = importer.data_handler.get_source();

    for (let offset = 0, rows; rows === undefined || rows.length === ROWS_A_QUERY; offset += ROWS_A_QUERY) {
        rows = importer.client.query(query, {source, offset, ...variables}, cancellable)?.rows ?? [];
        if (!Array.isArray(rows))
            throw new Car.RecoverableFailure('the CAR service answered a query with no list');
        yield* rows;
    }
}

/* The edges of a kind that hold, as [from, to]: all, or those of the vertices `names` at one end ("from" or "to"). */
export function* getEdges(importer, kind, end, names, cancellable) {
    const [declared, which, order] =
        end === null ? ['', '', ''] : [', $ids: [String!]!', `, ${end}_id: {_in: $ids}`, `{${end}_id: asc}, `];
    const query = `query ($source: String!, $offset: Int!${declared}) {
        rows: ${kind}(where: {source: {_eq: $source}, active: {_eq: true}${which}}, order_by: [${order}{id: asc}],
            limit: ${ROWS_A_QUERY}, offset: $offset) { _from_external_id _to_external_id } }`;
    const source = importer.data_handler.get_source();
    const ids = [...names ?? []].map(name => `${source}/${name}`);

    for (let i = 0; i < (end === null ? 1 : ids.length); i += NAMES_A_QUERY) {
        const variables = end === null ? {} : {ids: ids.slice(i, i + NAMES_A_QUERY)};

        for (const row of ask(importer, query, variables, cancellable))
            yield [textOf(row, '_from_external_id'), textOf(row, '_to_external_id')];
    }
}

/* The names of all vertices of a collection whose vertices name themselves. */
export function* getNames(importer, collection, cancellable) {
    const query = `query ($source: String!, $offset: Int!) {
        rows: ${collection}(where: {source: {_eq: $source}}, order_by: {_key: asc},
            limit: ${ROWS_A_QUERY}, offset: $offset) { _key } }`;

    for (const row of ask(importer, query, {}, cancellable))
        yield textOf(row, '_key');
}
