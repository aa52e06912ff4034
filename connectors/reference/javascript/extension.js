/* SPDX-License-Identifier: Apache-2.0 */

import Car from 'gi://Car?version=1.0';

/* Count this up when the schema below changes. Then the service takes the new one. */
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
