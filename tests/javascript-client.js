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

for (const name of ['import_envelope', 'query', 'search_collection', 'patch_vertex', 'call'])
    Gio._promisify(Car.Client.prototype, `${name}_async`);

const client = Car.Client.new(...['URL', 'KEY', 'PASSWORD'].map(name => GLib.getenv(`CAR_SERVICE_${name}`)));
const envelope = (id, name) => ({
    source: {_key: 'client', name: 'client', description: ''},
    report: {_key: '1', timestamp: 1, type: 'test', description: ''},
    asset: [{external_id: id, name}],
});

client.prepare_database(null);
assertSame(client.get_import_schema(null).validate_envelope(envelope('a', 'one')), true);
client.wait_for_imports([client.import_envelope(envelope('a', 'ü"\n'), null)], null);
assertSame(client.query(ASSETS, {id: 'a'}, null), {asset: [{external_id: 'a', name: 'ü"\n'}]});
assertSame(client.search_collection('asset', 'external_id', 'a', ['name'], null), [{name: 'ü"\n'}]);
client.patch_vertex('asset', 'a', {name: 'two'}, null);
assertSame(client.query(ASSETS, {id: 'a'}, null).asset[0].name, 'two');

client.wait_for_imports([await client.import_envelope_async(envelope('b', 'three'), null)], null);
assertSame(await client.query_async(ASSETS, {id: 'b'}, null), {asset: [{external_id: 'b', name: 'three'}]});
await client.patch_vertex_async('asset', 'b', {name: 'four'}, null);
assertSame(await client.search_collection_async('asset', 'external_id', 'b', ['name'], null), [{name: 'four'}]);

/* Each value goes to the service and back as it is, by every way in; text tells of numbers that JavaScript cannot hold. */
const EXACT = 'query ($id: String!) { asset(where: {external_id: {_eq: $id}}) { properties } }';
const properties = {text: 'a\0b\u{1f600}', big: 2n ** 64n, long: 12345678901234567890n, fraction: 0.1, deep: [null, {x: null}]};
const exact = '{"text":"a\\u0000b\u{1f600}","big":18446744073709551616,"long":12345678901234567890,"fraction":0.1,' +
    '"deep":[null,{"x":null}]}';
const sort = text => [...text].sort().join('');
function assertArrived(id, wanted) {
    const found = client.query_json(EXACT, JSON.stringify({id}), null);

    assertSame(sort(found), sort(`{"asset":[{"properties":${wanted}}]}`));
}

const odd = id => ({...envelope(id, id), asset: [{external_id: id, name: id, properties}]});
client.wait_for_imports([client.import_envelope(odd('odd'), null), await client.import_envelope_async(odd('odd2'), null)], null);
assertArrived('odd', exact);
assertArrived('odd2', exact);
client.patch_vertex('asset', 'odd', {properties: {...properties, undefined, more: 2n ** 70n}}, null);
assertArrived('odd', exact.replace('}}', '}').replace(/}$/, ',"more":1180591620717411303424}'));
await client.patch_vertex_async('asset', 'odd2', {properties: {big: -(2n ** 64n)}}, null);
assertArrived('odd2', '{"big":-18446744073709551616}');

function assertRefused(type, call) {
    try {
        call();
    } catch (error) {
        if (error instanceof type)
            return;
        throw error;
    }
    throw new Error('nothing was raised');
}

for (const [type, value] of [[RangeError, NaN], [RangeError, [Infinity]], [TypeError, () => 1], [TypeError, Symbol('s')],
    [Car.Failure, 'half: \ud800']]) {
    assertRefused(type, () => client.query(ASSETS, {value}, null));
    assertRefused(type, () => client.patch_vertex('asset', 'a', {value}, null));
    assertRefused(type, () => client.patch_edge('asset_ipaddress', 'client', 'a', 'b', {value}, null));
    assertRefused(type, () => client.import_envelope({value}, null));
}
for (const wrong of [[1], 'text', 1, new Map(), [{name: 'x'}]]) {
    assertRefused(TypeError, () => client.query(ASSETS, wrong, null));
    assertRefused(TypeError, () => client.patch_vertex('asset', 'a', wrong, null));
    assertRefused(TypeError, () => client.patch_edge('asset_ipaddress', 'client', 'a', 'b', wrong, null));
    assertRefused(TypeError, () => client.import_envelope(wrong, null));
}
for (const wrong of ['text', null, [1]]) {
    assertRefused(TypeError, () => client.delete_vertices('client', 'asset', wrong, null));
    assertRefused(TypeError, () => client.wait_for_imports(wrong, null));
    assertRefused(TypeError, () => client.search_collection('asset', 'name', 'x', wrong, null));
    assertRefused(TypeError, () => client.call(Car.ApiVersion.V2, 'GET', wrong));
}

assertSame(client.call(Car.ApiVersion.V3, 'GET', ['health']), [{message: 'ok'}, 200]);
assertSame(client.call(Car.ApiVersion.V2, 'GET', ['asset'], {name: 'a & b/ü'})[0].result, []);
assertSame(client.call(Car.ApiVersion.V3, 'GET', ['carSchema', 'none'], null, null, 404), [null, 404]);
assertSame(await client.call_async(Car.ApiVersion.V3, 'POST', ['query'], null, {query: '{ ipaddress { name } }'}, 0, null),
    [{data: {ipaddress: []}}, 200]);

client.set_save_point('client', 'here', null);
assertSame(client.get_save_point('client', null), [true, 'here']);
try {
    await client.query_async('{', null, null);
    throw new Error('nothing was raised');
} catch (error) {
    assertSame(error instanceof Car.RecoverableFailure, true);
}
