/* SPDX-License-Identifier: Apache-2.0 */

/* The calls of a CAR service in JavaScript's own terms, against the one that the variables name. Ends with an exception
 * where they do not do what they should. */

import Car from 'gi://Car?version=1.0';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';

const ASSETS = 'query ($id: String!) { asset(where: {external_id: {_eq: $id}}) { external_id name } }';

function assertSame(found, wanted) {
    if (JSON.stringify(found) !== JSON.stringify(wanted))
        throw new Error(`${JSON.stringify(found)} is not ${JSON.stringify(wanted)}`);
}

for (const name of ['import_node', 'query', 'search_collection', 'patch_vertex'])
    Gio._promisify(Car.Client.prototype, `${name}_async`);

const client = Car.Client.new(...['URL', 'KEY', 'PASSWORD'].map(name => GLib.getenv(`CAR_SERVICE_${name}`)));
const envelope = (id, name) => ({
    source: {_key: 'client', name: 'client', description: ''},
    report: {_key: '1', timestamp: 1, type: 'test', description: ''},
    asset: [{external_id: id, name}],
});

client.prepare_database(null);
assertSame(client.get_import_schema(null).validate_envelope(envelope('a', 'one')), true);
client.wait_for_imports([client.import_node(envelope('a', 'ü"\n'), null)], null);
assertSame(client.query(ASSETS, {id: 'a'}, null), {asset: [{external_id: 'a', name: 'ü"\n'}]});
assertSame(client.search_collection('asset', 'external_id', 'a', ['name'], null), [{name: 'ü"\n'}]);
client.patch_vertex('asset', 'a', {name: 'two'}, null);
assertSame(client.query(ASSETS, {id: 'a'}, null).asset[0].name, 'two');

client.wait_for_imports([await client.import_node_async(envelope('b', 'three'), null)], null);
assertSame(await client.query_async(ASSETS, {id: 'b'}, null), {asset: [{external_id: 'b', name: 'three'}]});
await client.patch_vertex_async('asset', 'b', {name: 'four'}, null);
assertSame(await client.search_collection_async('asset', 'external_id', 'b', ['name'], null), [{name: 'four'}]);

client.set_save_point('client', 'here', null);
assertSame(client.get_save_point('client', null), [true, 'here']);
try {
    await client.query_async('{', null, null);
    throw new Error('nothing was raised');
} catch (error) {
    assertSame(error instanceof Car.RecoverableFailure, true);
}
