// Records what node-ipc 14's profiles refuse before anything is sent: settings and transports.
//
//     node assured.cjs <node-ipc dir> <out.json>
//
// A row is a config, a call and its arguments; the outcome is the code or the name of what it threw, or `passed`. In
// the texts `%root` stands for a directory of the recorder's own. Certificates are no certificates: how far TLS gets
// with them is not recorded.
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {pathToFileURL} = require('node:url');

const ASSURED = {parser: 'assured', allowedEvents: ['m']};
const CLIENT_TLS = {key: 'k', cert: 'c', ca: 'a'};
const without = (object, name) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

const ROWS = [
    // The list of events.
    [{parser: 'assured'}, 'serve'],
    [{parser: 'assured', allowedEvents: []}, 'serve'],
    [{parser: 'assured', allowedEvents: false}, 'connectTo', 'world'],
    [{parser: 'assured', allowedEvents: false}, 'serveNet'],
    // Limits, of which fast has none.
    ...['maxMessageSize', 'maxPendingBytes', 'maxEventNameLength'].flatMap((name) =>
        [0, -1, 1.5, 1, 'Infinity', 'x'].map((value) => [{parser: 'guarded', [name]: value}, 'serve'])),
    ...[0, -1, 1.5, 1, 'Infinity', 'x'].map((value) => [{parser: 'guarded', messageTimeout: value}, 'serve']),
    // Local servers.
    [ASSURED, 'serve'],
    [ASSURED, 'serve', '%root/app.other'],
    [ASSURED, 'serve', '%root//app.other'],
    [ASSURED, 'serve', '%root/./app.other'],
    [ASSURED, 'serve', '%root/below/app.other'],
    [ASSURED, 'serve', '%root'],
    [ASSURED, 'serve', '%root/'],
    [ASSURED, 'serve', '%rootx/app.other'],
    [ASSURED, 'serve', '/tmp/app.other'],
    [ASSURED, 'serve', '%root/../elsewhere/app.other'],
    [{...ASSURED, appspace: 'below/app.'}, 'serve'],
    [{...ASSURED, secureSocketRoot: false}, 'serve'],
    [{...ASSURED, secureSocketRoot: false}, 'serve', '/tmp/app.other'],
    [{...ASSURED, allowReservedEvents: true}, 'serve'],
    [{parser: 'guarded', secureSocketRoot: false}, 'serve', '%root/app.other'],
    // Local clients.
    [ASSURED, 'connectTo', 'world'],
    [ASSURED, 'connectTo', 'world', '%root/below/app.other'],
    [{...ASSURED, secureSocketRoot: false}, 'connectTo', 'world'],
    // Servers on the network.
    [ASSURED, 'serveNet'],
    [ASSURED, 'serveNet', '127.0.0.1', 'udp4'],
    [{...ASSURED, tls: {...CLIENT_TLS, requestCert: true, rejectUnauthorized: true}}, 'serveNet', 'udp6'],
    [{parser: 'guarded'}, 'serveNet', '127.0.0.1', 'udp4'],
    [{...ASSURED, tls: {...CLIENT_TLS, requestCert: true, rejectUnauthorized: true}}, 'serveNet'],
    [{...ASSURED, tls: CLIENT_TLS}, 'serveNet'],
    [{...ASSURED, tls: without(CLIENT_TLS, 'ca')}, 'serveNet'],
    [{...ASSURED, tls: {...without(CLIENT_TLS, 'ca'), requestCert: true}}, 'serveNet'],
    [{...ASSURED, tls: {...CLIENT_TLS, requestCert: false}}, 'serveNet'],
    [{...ASSURED, tls: {...CLIENT_TLS, rejectUnauthorized: false}}, 'serveNet'],
    // Clients on the network.
    [ASSURED, 'connectToNet', 'world'],
    [{...ASSURED, tls: CLIENT_TLS}, 'connectToNet', 'world'],
    ...Object.keys(CLIENT_TLS).map((name) => [{...ASSURED, tls: without(CLIENT_TLS, name)}, 'connectToNet', 'world']),
    [{...ASSURED, tls: {...CLIENT_TLS, rejectUnauthorized: false}}, 'connectToNet', 'world'],
    [{parser: 'guarded'}, 'connectToNet', 'world'],
];

async function main(dir, out) {
    const version = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).version;
    const {default: IPC} = await import(pathToFileURL(path.join(path.resolve(dir), 'services/IPC.js')));
    const rows = [];
    for (const [config, call, ...args] of ROWS) {
        rows.push({config, call, args, [version]: await outcome(IPC, {config, call, args})});
    }
    const text = rows.map((row) => JSON.stringify(row)).join(',\n');
    fs.writeFileSync(out, `{\n"recorded": ${JSON.stringify({[version]: `node ${process.version}`})},\n"rows": [\n${text}\n]\n}\n`);
    console.log(`${version}: ${rows.length} calls`);
}

async function outcome(IPC, row) {
    const place = fs.mkdtempSync(path.join(os.tmpdir(), 'assured-'));
    const root = path.join(place, 'root');
    const {config, call, args} = JSON.parse(JSON.stringify(row).replaceAll('%root', root));
    for (const [name, value] of Object.entries(config)) {
        config[name] = value === 'Infinity' ? Infinity : value;
    }
    const ipc = new IPC();
    // Port 1 has nobody; a server gets no port of its own that way, but it is not refused for that here.
    Object.assign(ipc.config, {silent: true, maxRetries: 0, id: 'me', socketRoot: `${root}/`, networkHost: '127.0.0.1', networkPort: 1}, config);
    let thrown = 'passed';
    try {
        ipc[call](...args);
        if (call.startsWith('serve')) {
            ipc.server.on('error', () => {});
            ipc.server.start();
            ipc.server.stop();
        } else {
            ipc.of.world.on('error', () => {});
        }
    } catch (error) {
        if (error instanceof TypeError) {
            thrown = 'TypeError';
        } else if (error.code?.startsWith('ERR_IPC')) {
            thrown = error.code;
        }
    }
    ipc.disconnect('world');
    fs.rmSync(place, {recursive: true, force: true});
    fs.rmSync(`${root}x`, {recursive: true, force: true});
    return thrown;
}

main(process.argv[2], process.argv[3]).then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
