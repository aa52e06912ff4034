/* SPDX-License-Identifier: Apache-2.0 */

import Car from 'gi://Car?version=1.0';

/* Objects of the asset server. One that breaks its API is a failure. */

export function refuse(problem) {
    throw new Car.DatasourceFailure(`the asset server answered what its API does not know: ${problem}`,
        Car.DatasourceFailureCode.DATA_PROCESSING);
}

export function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/* A primary key as text. */
export function pkOf(collection, value) {
    if (Number.isSafeInteger(value) && value > 0 || typeof value === 'string' && value !== '')
        return `${value}`;
    return refuse(`one of its ${collection} has no pk`);
}

/* The objects of an answer, by their primary keys. */
export function* readObjects(collection, answer) {
    if (!Array.isArray(answer))
        refuse(`no list of ${collection}`);
    for (const object of answer) {
        if (!isObject(object))
            refuse(`a list of ${collection} with something else in it`);
        yield [pkOf(collection, object.pk), object];
    }
}

export function textOf(object, member) {
    return typeof object[member] === 'string' ? object[member] : refuse(`“${member}” is no text`);
}

/* http://HOST/assets/1/ leads to 1. */
function linkOf(url, member) {
    const last = typeof url === 'string' ? /\/([^/]+)\/?$/.exec(url)?.[1] : undefined;

    try {
        if (last !== undefined)
            return decodeURIComponent(last);
    } catch {
        /* said below */
    }
    return refuse(`“${member}” is no link`);
}

/* The primary keys of the objects that a member leads to: a link, links, or null. */
export function linksOf(object, member) {
    const value = object[member];

    if (value === null)
        return [];
    return (Array.isArray(value) ? value : [value]).map(url => linkOf(url, member));
}
