/* SPDX-License-Identifier: Apache-2.0 */

/* Failures that are raised and caught, by the hundred thousand, leave nothing behind. Ends with an exception where they
 * do. */

import Car from 'gi://Car?version=1.0';
import GLib from 'gi://GLib';
import System from 'system';

const ROUNDS = 30_000;

const asset = {type: 'array', items: {type: 'object', properties: {external_id: {type: 'string'}}}};
const schema = Car.ImportSchema.new({type: 'object', properties: {asset}});

function expect(Failure, action) {
    try {
        action();
    } catch (error) {
        if (error instanceof Failure)
            return;
        throw error;
    }
    throw new Error('nothing was raised');
}

function failAll() {
    for (let i = 0; i < ROUNDS; i++) {
        expect(Car.SchemaError, () => schema.validate_object('asset', {external_id: i}));
        expect(Car.RecoverableFailure, () => {
            throw new Car.RecoverableFailure(`failure ${i}`);
        });
    }
}

/* MiB, of VmRSS in proc_pid_status(5). What a collection sets free is given back in the next. */
function resident() {
    System.gc();
    System.gc();
    const [, status] = GLib.file_get_contents('/proc/self/status');

    return Number(/VmRSS:\s*(\d+)/.exec(new TextDecoder().decode(status))[1]) / 1024;
}

function residentAfter(times) {
    let size;

    for (let i = 0; i < times; i++) {
        failAll();
        size = resident();
    }
    return size;
}

/* What the collector keeps for itself no longer grows after the first of them. A GError with its message takes more than
 * 50 bytes. */
const before = residentAfter(3), grown = residentAfter(4) - before;

print(`grown by ${grown.toFixed(1)} MiB`);
if (grown > 4 * ROUNDS * 2 * 50 / 1048576)
    throw new Error('that is a leak');
