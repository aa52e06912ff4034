/* SPDX-License-Identifier: Apache-2.0 */

/* Objects a second from JavaScript's objects through the data handler: checked against an import schema, compared with
 * those before, staged on disk. `./dev bench javascript` runs it; each measurement is a process of its own. */

import Car from 'gi://Car?version=1.0';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

const WAYS = {
    'one by one': (handler, count) => {
        for (const vertex of vertices(count))
            handler.add_vertex('asset', vertex);
    },
    'in batches': (handler, count) => handler.add_vertices('asset', vertices(count)),
    '(objects made alone)': (_handler, count) => {
        for (const _vertex of vertices(count))
            ;
    },
};

function* vertices(count) {
    for (let i = 0; i < count; i++) {
        const number = i.toString().padStart(10, '0');

        yield {
            external_id: `asset-${number}`,
            name: `host-${number}.example`,
            asset_type: 'server',
            business_value: 5,
            risk: 3.5,
        };
    }
}

/* The core model's rules for what is measured. */
function makeHandler() {
    const text = {type: 'string'};
    const properties = {
        external_id: {...text, minLength: 1}, name: text, asset_type: text,
        business_value: {type: 'number'}, risk: {type: 'number'},
    };
    const asset = {type: 'array', items: {type: 'object', properties, required: ['external_id']}};
    const schema = Car.ImportSchema.new(JSON.stringify({type: 'object', properties: {asset}}), -1);

    return Car.DataHandler.new(null, schema, 'bench', null, 0);
}

/* MiB, of VmHWM in proc_pid_status(5). */
function peak() {
    const [, status] = GLib.file_get_contents('/proc/self/status');

    return Number(/VmHWM:\s*(\d+)/.exec(new TextDecoder().decode(status))[1]) / 1024;
}

function run(way, count) {
    WAYS[way](makeHandler(), 1000); /* so that memory is compared with a process that has done all this before */

    const handler = makeHandler();
    const before = peak(), begin = GLib.get_monotonic_time();
    WAYS[way](handler, count);
    const seconds = (GLib.get_monotonic_time() - begin) / 1e6;

    print(JSON.stringify([seconds, peak() - before]));
}

function median(numbers) {
    return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function measure(way, count) {
    const gjs = GLib.file_read_link('/proc/self/exe');
    const runs = [];

    for (let i = 0; i < (count >= 200_000 ? 3 : 9); i++) {
        const process = Gio.Subprocess.new([gjs, '-m', System.programPath, 'run', way, `${count}`],
            Gio.SubprocessFlags.STDOUT_PIPE);
        const [, output] = process.communicate_utf8(null, null);

        if (!process.get_successful())
            throw new Error(`${way}: the measurement failed`);
        runs.push(JSON.parse(output));
    }

    const seconds = median(runs.map(([s]) => s)), grown = median(runs.map(([, g]) => g));
    print([way.padEnd(20), `${count}`.padStart(10), (count / seconds).toFixed(0).padStart(12),
        grown.toFixed(1).padStart(12)].join(' '));
}

if (System.programArgs[0] === 'run') {
    run(System.programArgs[1], Number(System.programArgs[2]));
} else {
    const counts = System.programArgs.map(Number);

    print(`${'objects'.padEnd(20)} ${'how many'.padStart(10)} ${'a second'.padStart(12)} grown by MiB`);
    for (const count of counts.length > 0 ? counts : [10_000, 1_000_000]) {
        for (const way of Object.keys(WAYS))
            measure(way, count);
    }
}
