// Records what a real node-ipc does with frames.cjs, what it sends for values.cjs, and its socket root in roots.cjs.
//
//     node record.cjs <node-ipc dir> <out.json> [fast|guarded|assured]
//
// Adds one column to <out.json>, named after the version (and the profile, if the version has profiles). Every frame
// goes to a server in a child process of its own making; a child that dies is the outcome of that frame, and the next
// frame gets a new child. Ends by itself: each frame has at most 10 s.
'use strict';

const {fork} = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const {pathToFileURL} = require('node:url');

const DELIMITER = '\f';
const FRAME_MS = 10000;
// Longer texts are recorded by their length only.
const LONGEST_TEXT = 400;
const LAST = 'recorder.last';
// What the profile assured lets pass, if it lets it pass at all: some names of every kind.
const ALLOWED = ['m', 'app.message', 'é', '日本', '', 'error', 'close', 'toString', '__proto__', 'n'.repeat(256), 'n'.repeat(257)];

async function parent(dir, out, profile) {
    if (!dir || !out) {
        throw new Error('usage: record.cjs <node-ipc dir> <out.json> [fast|guarded|assured]');
    }
    const version = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).version;
    const column = profile ? `${version} ${profile}` : version;
    const table = fs.existsSync(out) ? JSON.parse(fs.readFileSync(out, 'utf8')) : {recorded: {}, frames: [], values: [], roots: []};

    const frames = Object.entries(require('./frames.cjs')).flatMap(([group, list]) => list.map((frame) => ({group, frame})));
    const values = require('./values.cjs').map((call) => ({call}));
    table.frames = merge(table.frames, frames, (row) => JSON.stringify([row.group, row.frame]));
    table.values = merge(table.values, values, (row) => row.call);
    const roots = require('./roots.cjs').map((env) => ({env}));
    table.roots = merge(table.roots, roots, (row) => JSON.stringify(row.env));

    const place = fs.mkdtempSync(path.join(os.tmpdir(), 'record-'));
    const worker = new Worker(dir, place, profile);
    for (const row of table.frames) {
        row[column] = await worker.ask({frame: bytesOf(row.frame).toString('base64')});
    }
    for (const row of table.values) {
        row[column] = await worker.ask({call: row.call});
    }
    const {default: Defaults} = await import(pathToFileURL(path.join(path.resolve(dir), 'entities/Defaults.js')));
    for (const row of table.roots) {
        row[column] = rootIn(row.env, Defaults);
    }
    worker.stop();
    fs.rmSync(place, {recursive: true});

    table.recorded[column] = `node ${worker.node}`;
    fs.writeFileSync(out, print(table));
    console.log(`${column}: ${table.frames.length} frames, ${table.values.length} values`);
}

// Keeps the columns of rows that were there before.
function merge(old, rows, keyOf) {
    const known = new Map(old.map((row) => [keyOf(row), row]));
    return rows.map((row) => ({...row, ...known.get(keyOf(row))}));
}

// One row a line and nothing but ASCII, so that a change reads well.
function print(table) {
    const rows = (list) => '[\n' + list.map((row) => JSON.stringify(row)).join(',\n') + '\n]';
    const text = `{\n"recorded": ${JSON.stringify(table.recorded)},\n"frames": ${rows(table.frames)},\n"values": ${rows(table.values)},\n"roots": ${rows(table.roots)}\n}\n`;
    return text.replace(/[^\n -~]/g, (unit) => '\\u' + unit.charCodeAt(0).toString(16).padStart(4, '0'));
}

// The user's id is recorded as %uid.
function rootIn(env, Defaults) {
    for (const name of ['XDG_RUNTIME_DIR', 'TMPDIR', 'TMP', 'TEMP']) {
        delete process.env[name];
    }
    Object.assign(process.env, env);
    return new Defaults().socketRoot.replace(`node-ipc-${process.getuid()}`, 'node-ipc-%uid');
}

function bytesOf(frame) {
    if (typeof frame === 'string') {
        return Buffer.from(frame);
    }
    if (frame.hex !== undefined) {
        return Buffer.from(frame.hex, 'hex');
    }
    return Buffer.from(frame.pieces.map(([text, count]) => text.repeat(count)).join(''));
}

// A child process, replaced when it dies.
class Worker {
    constructor(dir, place, profile) {
        this.dir = dir;
        this.place = place;
        this.profile = profile;
        this.process = null;
        this.node = process.version;
    }

    async ask(job) {
        if (!this.process) {
            this.stderr = '';
            this.process = fork(__filename, ['child', this.dir, this.place, this.profile || ''], {silent: true});
            this.process.stderr.on('data', (data) => (this.stderr += data));
            const first = await this.next();
            if (first !== 'ready') {
                throw new Error(`no server: ${JSON.stringify(first)}`);
            }
        }
        this.process.send(job);
        const answer = await this.next();
        if (answer.end === 'died' || answer.end === 'hung') {
            this.stop();
        }
        return answer;
    }

    next() {
        const child = this.process;
        return new Promise((resolve) => {
            const done = (answer) => {
                clearTimeout(timer);
                child.removeAllListeners('message');
                child.removeAllListeners('close');
                resolve(answer);
            };
            const timer = setTimeout(() => done({end: 'hung'}), FRAME_MS);
            child.once('message', done);
            child.once('close', () => {
                const line = this.stderr.split('\n').find((text) => /^\w*Error/.test(text)) || this.stderr.slice(0, 200);
                done({end: 'died', why: line.trim()});
            });
        });
    }

    stop() {
        this.process?.kill('SIGKILL');
        this.process = null;
    }
}

async function child(dir, place, profile) {
    const entry = path.join(path.resolve(dir), 'node-ipc.js');
    const ipc = (await import(pathToFileURL(entry))).default;
    const sock = path.join(place, `s${process.pid}`);
    Object.assign(ipc.config, {silent: true, id: 'recorder', socketRoot: place + '/'});
    if (profile) {
        ipc.config.parser = profile;
    }
    if (profile === 'assured') {
        ipc.config.allowedEvents = [...ALLOWED, LAST];
    }
    let started = false;
    ipc.serve(sock, () => {
        started = true;
        wake();
    });
    const {server} = ipc;

    // What the server publishes. An event from the wire has the data and the socket as arguments; what the program
    // itself publishes (connect, close, an error) has not, so a forged name is told from a real one.
    let wire = [];
    const own = [];
    let wake = () => {};
    const {publish} = server;
    server.publish = function (type, ...args) {
        const fromWire = args.length === 2 && args[1] instanceof net.Socket;
        if (fromWire) {
            wire.push(describeEvent(type, args[0]));
        } else if (args[0]?.code?.startsWith?.('ERR_IPC')) {
            wire.push({error: args[0].code, why: args[0].message});
        }
        const result = publish.call(this, type, ...args);
        if (!fromWire) {
            own.push({type, socket: args[0]});
        }
        wake();
        return result;
    };
    const until = async (test) => {
        while (!test()) {
            await new Promise((resolve) => (wake = resolve));
        }
    };

    server.start();
    await until(() => started);
    process.on('message', async (job) => {
        own.length = 0;
        const client = net.connect(sock);
        let closed = false;
        let received = '';
        client.on('error', () => {});
        client.on('close', () => {
            closed = true;
            wake();
        });
        client.setEncoding('utf8');
        client.on('data', (data) => {
            received += data;
            wake();
        });
        await until(() => own.some(({type}) => type === 'connect'));
        const {socket} = own.find(({type}) => type === 'connect');
        wire = [];
        const answer = job.call === undefined ? await receive() : await send();
        client.destroy();
        await until(() => own.some(({type}) => type === 'close'));
        process.send(answer);

        async function receive() {
            const last = `{"type":"${LAST}"}`;
            client.write(Buffer.concat([Buffer.from(job.frame, 'base64'), Buffer.from(DELIMITER + last + DELIMITER)]));
            const seen = () => wire.some((event) => event.type === JSON.stringify(LAST));
            await until(() => closed || seen());
            const end = seen() ? 'open' : 'closed';
            return {events: wire.filter((event) => event.type !== JSON.stringify(LAST)), end};
        }

        async function send() {
            try {
                new Function('server', 'socket', 'require', 'Buffer', `server.emit(socket, ${job.call})`)(server, socket, require, Buffer);
            } catch (error) {
                return {throws: error.code || error.name, why: error.message.split('\n')[0]};
            }
            server.emit(socket, LAST);
            const last = `{"type":"${LAST}","data":{}}${DELIMITER}`;
            await until(() => closed || received.endsWith(last));
            return {sent: received.slice(0, -last.length - DELIMITER.length)};
        }
    });
    process.send('ready');
}

function describeEvent(type, data) {
    if (data?.err instanceof Error && data.message === 'Invalid JSON response format') {
        return {error: data.message, why: data.err.message};
    }
    return {type: describe(type), data: describe(data)};
}

// The value as JSON, length and first character of that if it is long, nothing if it is undefined.
function describe(value) {
    let text;
    try {
        text = JSON.stringify(value);
    } catch (error) {
        return {unprintable: error.name};
    }
    return text?.length > LONGEST_TEXT ? {chars: text.length, first: text[0]} : text;
}

if (process.argv[2] === 'child') {
    child(process.argv[3], process.argv[4], process.argv[5]).catch((error) => {
        console.error(error);
        process.exit(9);
    });
} else {
    parent(process.argv[2], process.argv[3], process.argv[4]).then(
        () => process.exit(0),
        (error) => {
            console.error(error);
            process.exit(1);
        },
    );
}
