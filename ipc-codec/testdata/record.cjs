// Records what a real node-ipc client writes to its socket, as golden vectors for the decoder.
//
// Usage: node record.cjs <path of a node_modules/node-ipc folder> <output folder>
//
// Works with 9.x (CommonJS) and 14.x (an ES module, which wants Node >= 22.13). For each vector a
// plain `net` listener takes the bytes of one client exactly as they stand on the socket, and
// node-ipc's own parser says which frames it would read from them. See README.md for the formats.
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

const VECTORS = [
    { name: 'form-feed', delimiter: '\f', messages: messages() },
    { name: 'line-feed', delimiter: '\n', messages: messages() },
    { name: 'carriage-return', delimiter: '\r', messages: messages() },
    { name: 'crlf', delimiter: '\r\n', messages: messages() },
    { name: 'seven-bytes', delimiter: '<-end->', messages: messages() },
    { name: 'non-ascii-delimiter', delimiter: '§', messages: messages() },
    { name: 'large-frame', delimiter: '\f', messages: [['large', 'x'.repeat(20_000)], ['after', 1]] },
    // The client does not notice that this delimiter occurs in its messages: the receiver sees
    // pieces. A decoder of ours has to see the same pieces.
    { name: 'delimiter-in-payload', delimiter: ',', messages: [['list', [1, 2, '3,4']], ['empty', {}]] },
    // A delimiter that can overlap itself: the receiver takes the first one from the left.
    { name: 'self-overlapping', delimiter: '}}', messages: [['nested', { a: { b: {} } }], ['flat', {}]] },
];

function messages() {
    return [
        ['plain', { hello: 'world' }],
        ['undefined', undefined],
        ['null', null],
        ['empty string', ''],
        ['zero', 0],
        ['false', false],
        ['negative zero', -0],
        ['numbers', [1e21, 0.1, -5, 9007199254740993]],
        ['controls', 'form feed \f, line feed \n, return \r, nul \0, delete \x7f'],
        ['quotes', 'say "hi" \\ / </script>'],
        ['unicode: héllo wörld 漢字', { emoji: '😀', separators: '\u2028\u2029' }],
        ['lone surrogate', '\ud800'],
        ['buffer', Buffer.from([0, 12, 255])],
        ['', 'no name'],
        ['array', [[], {}, [null]]],
        ['long', 'é'.repeat(700)],
    ];
}

async function main(modulePath, output) {
    const manifest = JSON.parse(fs.readFileSync(path.join(modulePath, 'package.json'), 'utf8'));
    const load = (file) => import(pathToFileURL(path.join(modulePath, file)));
    const ipc = (await load('node-ipc.js')).default;
    const parsers = await load('entities/EventParser.js');
    const Parser = parsers.Parser ?? parsers.default;

    const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'ipc-vectors-'));
    fs.mkdirSync(output, { recursive: true });
    try {
        for (const vector of VECTORS) {
            const bytes = await record(ipc, path.join(scratch, 's'), vector);
            const frames = new Parser({ delimiter: vector.delimiter }).parse(bytes.toString('utf8'));
            if (frames.some((frame) => frame.includes('\n'))) {
                throw new Error(`${vector.name}: a frame holds a line feed, the file format has no room for it`);
            }
            const head = `delimiter ${Buffer.from(vector.delimiter).toString('hex')}`;
            fs.writeFileSync(path.join(output, `${vector.name}.bin`), bytes);
            fs.writeFileSync(path.join(output, `${vector.name}.frames`), [head, ...frames, ''].join('\n'));
            console.log(`${manifest.version} ${vector.name}: ${bytes.length} bytes, ${frames.length} frames`);
        }
    } finally {
        fs.rmSync(scratch, { recursive: true, force: true });
    }
}

// Resolves to the bytes one node-ipc client sends.
function record(singleton, socketPath, vector) {
    return new Promise((resolve, reject) => {
        const ipc = new singleton.IPC();
        Object.assign(ipc.config, {
            id: 'recorder', silent: true, maxRetries: 0, stopRetrying: true, delimiter: vector.delimiter,
        });
        const chunks = [];
        const listener = net.createServer((socket) => {
            socket.on('error', reject);
            socket.on('data', (chunk) => chunks.push(chunk));
            socket.on('end', () => {
                socket.destroy();
                ipc.disconnect('peer');
                listener.close(() => resolve(Buffer.concat(chunks)));
            });
        });
        listener.on('error', reject);
        listener.listen(socketPath, () => {
            ipc.connectTo('peer', socketPath, () => {
                const client = ipc.of.peer;
                client.on('error', reject);
                client.on('connect', () => {
                    for (const [type, data] of vector.messages) {
                        client.emit(type, data);
                    }
                    client.socket.end();
                });
            });
        });
    });
}

const [modulePath, output] = process.argv.slice(2);
if (!modulePath || !output) {
    console.error('usage: node record.cjs <node_modules/node-ipc> <output folder>');
    process.exit(2);
}
// Nothing here waits for anything but a local socket, so a minute means that it hangs.
const guard = setTimeout(() => {
    console.error('timed out');
    process.exit(1);
}, 60_000);
main(path.resolve(modulePath), path.resolve(output)).then(
    () => clearTimeout(guard),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
