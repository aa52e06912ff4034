/* SPDX-License-Identifier: Apache-2.0 */

import {linksOf, textOf} from './objects.js';

/* What the asset server's objects are in CAR's graph: collections there and here, and which field is which member. An
 * address or a host names itself, by the field `name`. All but xrefproperties, which are members of vulnerabilities. */
export const VERTICES = [
    {collection: 'sites', vertex: 'site', members: {name: 'name', address: 'address'}},
    {
        collection: 'assets', vertex: 'asset',
        members: {name: 'name', type: 'asset_type', initial_value: 'initial_value'},
    },
    {
        collection: 'vulnerabilities', vertex: 'vulnerability',
        members: {
            name: 'name', base_score: 'base_score', published_on: 'published_on', disclosed_on: 'disclosed_on',
            updated_on: 'updated_on',
        },
    },
    {collection: 'apps', vertex: 'application', members: {name: 'name'}},
    {
        collection: 'ports', vertex: 'port',
        members: {port_number: 'port_number', protocol: 'protocol', layer7application: 'description'},
    },
    {collection: 'ip_addresses', vertex: 'ipaddress', name: 'address', members: {}},
    {collection: 'mac_addresses', vertex: 'macaddress', name: 'address', members: {}},
    {collection: 'hosts', vertex: 'hostname', name: 'host', members: {}},
];

/* The edges, each with the collection of an end that is named by itself. */
export const EDGES = {
    asset_vulnerability: {},
    site_asset: {},
    asset_application: {},
    application_vulnerability: {},
    application_port: {},
    ipaddress_port: {from: 'ipaddress'},
    asset_ipaddress: {to: 'ipaddress'},
    asset_macaddress: {to: 'macaddress'},
    asset_hostname: {to: 'hostname'},
    ipaddress_macaddress: {from: 'ipaddress', to: 'macaddress'},
};

const XREF_MEMBERS = ['extref_typename', 'extref_value', 'q_extref_typeid'];

function xrefsOf(vulnerability, xrefs) {
    const all = {};

    for (const pk of linksOf(vulnerability, 'xref_properties')) {
        const xref = xrefs.get(pk);

        if (xref !== undefined)
            all[pk] = Object.fromEntries(XREF_MEMBERS.filter(m => m in xref).map(m => [m, xref[m]]));
    }
    return all;
}

/* The vertex of an object. `xrefs`, which only vulnerabilities need, are all xrefproperties that they lead to. The
 * import schema says what a member may hold. */
export function vertexOf(kind, pk, object, xrefs) {
    const vertex = kind.name ? {_key: textOf(object, kind.name)} : {external_id: pk};

    for (const [field, member] of Object.entries(kind.members)) {
        if (['string', 'number', 'boolean'].includes(typeof object[field]))
            vertex[member] = object[field];
    }
    if (kind.collection === 'vulnerabilities')
        vertex.xref_properties = xrefsOf(object, xrefs);
    return vertex;
}

/* An edge of one of these kinds, as it is imported. */
export function edgeOf(kind, from, to) {
    const ends = EDGES[kind];

    return {
        ...ends.from ? {_from: `${ends.from}/${from}`} : {_from_external_id: from},
        ...ends.to ? {_to: `${ends.to}/${to}`} : {_to_external_id: to},
    };
}

function* edgesOfAsset(pk, asset) {
    for (const vulnerability of linksOf(asset, 'vulnerabilities'))
        yield ['asset_vulnerability', pk, vulnerability];
    for (const site of linksOf(asset, 'site').slice(0, 1))
        yield ['site_asset', site, pk];
}

/* Of an address or a host: from the asset that it belongs to. */
function* edgeFromAsset(kind, object, name) {
    for (const asset of linksOf(object, 'asset').slice(0, 1))
        yield [kind, asset, name];
}

/* From all IP addresses that an object leads to. */
function* edgesFromIpAddresses(kind, object, to, {ip_addresses}) {
    for (const pk of linksOf(object, 'ip_addresses')) {
        if (ip_addresses.has(pk))
            yield [kind, textOf(ip_addresses.get(pk), 'address'), to];
    }
}

/* An app has the vulnerabilities of the assets that it is on. */
function* edgesOfApp(pk, app, {assets}) {
    for (const asset of linksOf(app, 'assets')) {
        yield ['asset_application', asset, pk];
        if (assets.has(asset)) {
            for (const vulnerability of linksOf(assets.get(asset), 'vulnerabilities'))
                yield ['application_vulnerability', pk, vulnerability];
        }
    }
}

function* edgesOfPort(pk, port, known) {
    for (const app of linksOf(port, 'apps'))
        yield ['application_port', app, pk];
    yield* edgesFromIpAddresses('ipaddress_port', port, pk, known);
}

const EDGES_OF = {
    assets: edgesOfAsset,
    ip_addresses: (_pk, object) => edgeFromAsset('asset_ipaddress', object, textOf(object, 'address')),
    * mac_addresses(_pk, object, known) {
        const name = textOf(object, 'address');

        yield* edgeFromAsset('asset_macaddress', object, name);
        yield* edgesFromIpAddresses('ipaddress_macaddress', object, name, known);
    },
    hosts: (_pk, object) => edgeFromAsset('asset_hostname', object, textOf(object, 'host')),
    apps: edgesOfApp,
    ports: edgesOfPort,
};

/* The collections whose objects know of edges. */
export const WITH_EDGES = Object.keys(EDGES_OF);

/* The edges that an object knows of: [kind, from, to]. `known` has the `assets` that apps lead to and the `ip_addresses`
 * that ports and MAC addresses lead to. There are no edges of others. An empty name names nothing: its vertex is left out
 * too. */
export function* edgesOf(collection, pk, object, known) {
    for (const edge of EDGES_OF[collection](pk, object, known)) {
        if (edge[1] !== '' && edge[2] !== '')
            yield edge;
    }
}
