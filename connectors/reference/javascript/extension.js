/* SPDX-License-Identifier: Apache-2.0 */

import Car from 'gi://Car?version=1.0';

/* Counted up whenever the schema below changes: the service then takes the new one. */
const VERSION = 1;

const SCHEMA = {
    vertices: [
        {
            name: 'site',
            properties: {
                name: {type: 'text', indexed: true, required: true, description: 'name of the site'},
                address: {type: 'text', description: 'where the site is'},
            },
        },
        {
            name: 'asset',
            properties: {
                initial_value: {type: 'numeric', description: 'what the asset was worth when it was new'},
            },
        },
    ],
    edges: [{end1: 'site', end2: 'asset'}],
};

export function makeExtension() {
    return Car.SchemaExtension.new('reference-connector', 'libcar', VERSION, SCHEMA);
}
