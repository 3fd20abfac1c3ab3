// Records what a real node-ipc makes of its calls' arguments.
//
//     node arguments.cjs <node-ipc dir> <out.json>
//
// Adds one column to <out.json>, named after the version. A row is one call. A callback is written as
// {"callback": n}; nothing listens or is connected to.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const {pathToFileURL} = require('node:url');

const ROOT = '/root/';
const HOST = '127.0.0.9';
const PORT = 8000;
const LISTS = 300;

const CALLBACK = 'callback';
const ODD = [CALLBACK, CALLBACK, CALLBACK, null, false, true, '', 0, -1, 1, 80, 3435, 65535, 65536, 80.5, '80', 'udp4', 'udp6',
    'UDP4', 'Udp6', 'h.com', '::1', '/tmp/a.sock', 'world', {}, [], ['udp4'], {id: 'world'}];

// The calls people make, all of them in every form.
const USUAL = {
    serve: [[], [CALLBACK], ['/p'], ['/p', CALLBACK], [null, CALLBACK], ['', CALLBACK]],
    serveNet: [[], [CALLBACK], ['udp4'], ['udp4', CALLBACK], ['UDP4'], ['udp6'], ['udp6', CALLBACK], [3435], [3435, CALLBACK],
        [3435, 'udp4'], [3435, 'udp4', CALLBACK], ['h.com'], ['h.com', CALLBACK], ['h.com', 3435], ['h.com', 3435, CALLBACK],
        ['h.com', 'udp4'], ['h.com', 'udp4', CALLBACK], ['h.com', 3435, 'udp4'], ['h.com', 3435, 'udp4', CALLBACK],
        ['::1', 'udp4'], ['::1', 'udp4', CALLBACK], ['::1', 3435, 'udp4', CALLBACK], ['::1', 'udp6'], [0], [0, CALLBACK],
        ['h.com', 0], ['h.com', 0, 'udp4', CALLBACK], [null, 3435], [null, null, 'udp4', CALLBACK]],
    connectTo: [[], ['world'], ['world', CALLBACK], ['world', '/p'], ['world', '/p', CALLBACK], ['', CALLBACK], ['world', null, CALLBACK]],
    connectToNet: [[], ['world'], ['world', CALLBACK], ['world', 3435], ['world', 3435, CALLBACK], ['world', 'h.com'],
        ['world', 'h.com', CALLBACK], ['world', 'h.com', 3435], ['world', 'h.com', 3435, CALLBACK], ['world', 0],
        ['world', 'h.com', 0, CALLBACK], ['world', null, 3435], ['world', 'h.com', '80']],
};

async function main(dir, out) {
    const version = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).version;
    const {default: IPC} = await import(pathToFileURL(path.join(path.resolve(dir), 'services/IPC.js')));
    const table = fs.existsSync(out) ? JSON.parse(fs.readFileSync(out, 'utf8')) : {};
    table.recorded = {...table.recorded, [version]: `node ${process.version}`};
    table.config = {socketRoot: ROOT, appspace: 'app.', id: 'me', networkHost: HOST, networkPort: PORT};
    const known = new Map((table.rows || []).map((row) => [JSON.stringify([row.call, row.args]), row]));
    table.rows = Object.keys(USUAL).flatMap(listsOf).map((row) => ({...row, ...known.get(JSON.stringify([row.call, row.args]))}));
    for (const row of table.rows) {
        row[version] = outcome(IPC, table.config, row);
    }
    const rows = table.rows.map((row) => JSON.stringify(row)).join(',\n');
    fs.writeFileSync(out, `{\n"recorded": ${JSON.stringify(table.recorded)},\n"config": ${JSON.stringify(table.config)},\n"rows": [\n${rows}\n]\n}\n`);
    console.log(`${version}: ${table.rows.length} calls`);
}

// The usual lists, every value alone, and a fixed choice of longer ones.
function listsOf(call) {
    const random = generator(call.length * 7919);
    const pick = () => ODD[random() % ODD.length];
    const lists = [...USUAL[call], ...ODD.map((value) => [value])];
    if (call.startsWith('connect')) {
        lists.push(...ODD.map((value) => ['world', value]));
    }
    const seen = new Set(lists.map((list) => JSON.stringify(list)));
    while (seen.size < LISTS) {
        const list = Array.from({length: 2 + (random() % 4)}, pick);
        // Without an id nothing happens, which a few lists show well enough.
        if (call.startsWith('connect') && random() % 8 !== 0) {
            list[0] = 'world';
        }
        if (!seen.has(JSON.stringify(list))) {
            seen.add(JSON.stringify(list));
            lists.push(list);
        }
    }
    const unique = [...new Map(lists.map((list) => [JSON.stringify(list), list])).values()];
    return unique.map((list) => ({call, args: list.map((value, index) => (value === CALLBACK ? {callback: index} : value))}));
}

function generator(seed) {
    let state = seed;
    return () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return state >>> 8;
    };
}

function outcome(IPC, config, {call, args}) {
    const ipc = new IPC();
    Object.assign(ipc.config, config, {silent: true, stopRetrying: true});
    // No name is looked up.
    ipc.config.interface.lookup = (host, options, done) => done(new Error('no lookup'));
    const called = [];
    const real = args.map((value) =>
        Number.isInteger(value?.callback) ? (...given) => called.push({callback: value.callback, given: given.length}) : value,
    );
    try {
        ipc[call](...real);
    } catch (error) {
        return {throws: error.code || error.name};
    }
    if (call.startsWith('connect')) {
        const [id] = Object.keys(ipc.of);
        if (id === undefined) {
            return {nothing: true};
        }
        const client = ipc.of[id];
        client.explicitlyDisconnected = true;
        client.socket?.destroy();
        return {id, place: client.path, port: client.port, called: called[0]?.callback};
    }
    const {server} = ipc;
    try {
        server.onStart({});
    } catch (error) {
        return {throws: `at start: ${error.name}`};
    }
    const udp = server.udp4 ? 'udp4' : server.udp6 ? 'udp6' : undefined;
    return {place: server.path, port: server.port, udp, called: called[0]?.callback};
}

main(process.argv[2], process.argv[3]).then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
