// Plays scripts with a real node-ipc and writes down which events its client and its server publish, and when.
//
//     node transcripts.cjs <node-ipc dir> <out dir> [<name of one script>]
//
// The scripts are in scripts.cjs. One file a script; each run adds or replaces the parts of its version. Times are in
// milliseconds, rounded to 100. A script is played until two plays in a row are the same, at most ten times.
//
// Each is played over a Unix socket and over TCP, and over UDP if all its steps are those of a server and of peers that
// are not under test. A part of its own, `<version> tcp` say, is written only for what differs from the Unix socket.
'use strict';

const dgram = require('node:dgram');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const {pathToFileURL} = require('node:url');

const ROUND_MS = 100;
const PLAYS = 10;
const AT_A_TIME = 8;
const DELIMITER = '\f';
const KINDS = ['unix', 'tcp', 'udp4'];
// There are no connections over UDP, and node-ipc has no client for it.
const UDP_STEPS = ['at', 'config', 'serve', 'stop', 'broadcast', 'dial', 'write', 'kill'];
// An address of this process alone, so that its ports are free.
const HOST = `127.${[process.pid / 62500, process.pid / 250, process.pid].map((n) => (Math.floor(n) % 250) + 1).join('.')}`;
let port = 20000;

async function main(dir, out, only) {
    const version = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).version;
    const {default: IPC} = await import(pathToFileURL(path.join(path.resolve(dir), 'services/IPC.js')));
    fs.mkdirSync(out, {recursive: true});
    const scripts = Object.entries(require('./scripts.cjs')).filter(([name]) => !only || name === only);
    const waiting = [...scripts];
    const work = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) {
            await record(IPC, version, out, ...next);
        }
    };
    await Promise.all(Array.from({length: AT_A_TIME}, work));
    console.log(`${version}: ${scripts.length} scripts`);
}

async function record(IPC, version, out, name, text) {
    const steps = text.trim().split('\n').map((line) => line.trim());
    const kinds = KINDS.filter((kind) => kind !== 'udp4' || steps.every((step) => UDP_STEPS.includes(step.split(' ')[0])));
    const played = {};
    for (const kind of kinds) {
        played[kind] = await settled(IPC, kind, name, steps);
    }
    const file = path.join(out, `${name}.txt`);
    const parts = fs.existsSync(file) ? partsOf(fs.readFileSync(file, 'utf8')) : {};
    parts.script = steps.join('\n');
    for (const kind of KINDS) {
        const part = kind === 'unix' ? version : `${version} ${kind}`;
        delete parts[part];
        if (kind === 'unix' || (kind in played && played[kind] !== played.unix)) {
            parts[part] = played[kind];
        }
    }
    const order = (a, b) => parseInt(a) - parseInt(b) || KINDS.indexOf(a.split(' ')[1]) - KINDS.indexOf(b.split(' ')[1]);
    const versions = Object.keys(parts).filter((part) => part !== 'script').sort(order);
    const print = (part) => `${part}\n${parts[part].split('\n').map((line) => `    ${line}`.trimEnd()).join('\n')}\n`;
    fs.writeFileSync(file, ['script', ...versions].map(print).join(''));
}

// Plays the script until two plays in a row are the same.
async function settled(IPC, kind, name, steps) {
    let last;
    let transcript;
    for (let play = 0; play < PLAYS && (last === undefined || last !== transcript); play += 1) {
        last = transcript;
        transcript = (await new Play(IPC, kind).play(steps)).join('\n');
    }
    if (last !== transcript) {
        throw new Error(`${name} over ${kind}: never twice the same`);
    }
    return transcript;
}

function partsOf(text) {
    const parts = {};
    let part;
    for (const line of text.trimEnd().split('\n')) {
        if (line && !line.startsWith(' ')) {
            part = line;
            parts[part] = [];
        } else {
            parts[part].push(line.trim());
        }
    }
    return Object.fromEntries(Object.entries(parts).map(([name, lines]) => [name, lines.join('\n')]));
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

class Play {
    constructor(IPC, kind) {
        this.kind = kind;
        port += 1;
        this.port = port;
        this.place = fs.mkdtempSync(path.join(os.tmpdir(), 'transcript-'));
        this.log = {client: [], server: []};
        this.handlers = {};
        this.raw = {};
        this.accepted = [];
        const config = {silent: true, id: 'world', socketRoot: `${this.place}/`, retry: 200};
        [this.mine, this.theirs] = [new IPC(), new IPC()];
        Object.assign(this.mine.config, config);
        Object.assign(this.theirs.config, config);
        this.path = `${this.place}/app.world`;
    }

    note(side, text) {
        const at = Math.round((Date.now() - this.began) / ROUND_MS) * ROUND_MS;
        this.log[side].push(`${at} ${side} ${text}`);
    }

    async play(steps) {
        this.began = Date.now();
        for (const step of steps) {
            const [, name, rest] = /^(\S+) ?(.*)$/.exec(step);
            await this[name](...rest.split(' '));
        }
        this.clear();
        return [...this.log.client, ...this.log.server];
    }

    clear() {
        this.mine.config.stopRetrying = true;
        this.note = () => {};
        // Classic before 10 dies of a handler for every event when an event without data is published.
        this.client?.off('*', '*');
        for (const socket of [this.client?.socket, ...this.accepted, ...Object.values(this.raw), ...(this.server?.sockets || [])]) {
            close(socket);
        }
        close(this.server?.server);
        this.listener?.close();
        fs.rmSync(this.place, {recursive: true, force: true});
    }

    // Waits until so many milliseconds after the start.
    async at(ms) {
        await sleep(Number(ms) - (Date.now() - this.began));
    }

    config(json) {
        Object.assign(this.mine.config, JSON.parse(json));
        Object.assign(this.theirs.config, JSON.parse(json));
    }

    // The client under test.
    connect() {
        const made = () => {
            this.note('client', 'callback');
            const client = this.mine.of.world;
            if (client === this.client) {
                return;
            }
            this.client = client;
            for (const event of ['error', 'connect', 'disconnect', 'destroy']) {
                client.on(event, () => this.note('client', event));
            }
            client.on('told', (data) => this.note('client', `told ${JSON.stringify(data)}`));
        };
        if (this.kind === 'unix') {
            this.mine.connectTo('world', made);
        } else {
            this.mine.connectToNet('world', HOST, this.port, made);
        }
    }

    disconnect() {
        this.mine.disconnect('world');
    }

    emit(event, data) {
        this.client.emit(event, data === undefined ? undefined : JSON.parse(data));
    }

    // Registers a handler called `tag`; with `then`, it does something to another one each time it runs.
    on(event, tag, then, other) {
        this.client.on(event, this.handler(event, tag, then, other));
    }

    once(event, tag) {
        this.client.once(event, this.handler(event, tag));
    }

    off(event, tag) {
        this.client.off(event, tag === '*' ? '*' : this.handlers[tag]);
    }

    handler(event, tag, then, other) {
        this.handlers[tag] = () => {
            this.note('client', tag);
            if (then === 'off') {
                this.off(event, other);
            } else if (then === 'on') {
                this.on(event, other);
            } else if (then === 'emit') {
                this.emit(other);
            }
        };
        return this.handlers[tag];
    }

    // The server under test.
    serve() {
        if (this.kind === 'unix') {
            this.theirs.serve();
        } else if (this.kind === 'tcp') {
            this.theirs.serveNet(HOST, this.port);
        } else {
            this.theirs.serveNet(HOST, this.port, this.kind);
        }
        const server = this.theirs.server;
        this.server = server;
        for (const event of ['start', 'connect', 'close', 'error']) {
            server.on(event, () => this.note('server', event));
        }
        server.on('socket.disconnected', (socket, id) => this.note('server', `socket.disconnected ${JSON.stringify(id)}`));
        server.on('told', (data) => this.note('server', `told ${JSON.stringify(data)}`));
        server.on('id', (data, socket) => this.note('server', `id ${JSON.stringify(socket.id || false)}`));
        server.on('ask', (data, socket) => {
            this.note('server', `ask ${JSON.stringify(data)}`);
            setTimeout(() => server.emit(socket, 'told', data), 200);
        });
        server.start();
    }

    stop() {
        this.server.stop();
    }

    broadcast(event, data) {
        this.server.broadcast(event, JSON.parse(data));
    }

    // A server that is not under test: it takes connections and does what it is told.
    async listen() {
        this.listener = net.createServer((socket) => {
            socket.on('error', () => {});
            socket.on('data', (data) => this.note('server', `got ${data.toString().replaceAll(DELIMITER, '|')}`));
            this.accepted.push(socket);
        });
        fs.rmSync(this.path, {force: true});
        await new Promise((resolve) => this.listener.listen(this.where(), resolve));
    }

    say(text) {
        this.accepted.forEach((socket) => socket.write(text + DELIMITER));
    }

    drop() {
        this.accepted.splice(0).forEach((socket) => socket.destroy());
    }

    where() {
        return this.kind === 'unix' ? {path: this.path} : {host: HOST, port: this.port};
    }

    // As a killed process: its connections go, its file stays.
    async die() {
        this.drop();
        if (this.kind !== 'unix') {
            await new Promise((resolve) => this.listener.close(resolve));
            this.listener = undefined;
            return;
        }
        fs.linkSync(this.path, `${this.path}.kept`);
        await new Promise((resolve) => this.listener.close(resolve));
        fs.renameSync(`${this.path}.kept`, this.path);
        this.listener = undefined;
    }

    // A client that is not under test.
    async dial(name) {
        const datagrams = this.kind === 'udp4';
        const socket = datagrams ? dgram.createSocket(this.kind) : net.connect(this.where());
        this.raw[name] = socket;
        socket.on('error', () => {});
        socket.on(datagrams ? 'message' : 'data', (data) => this.note('client', `${name} got ${data.toString().replaceAll(DELIMITER, '|')}`));
        socket.on('close', () => this.note('client', `${name} closed`));
        await new Promise((resolve) => {
            socket.on('connect', resolve);
            if (datagrams) {
                socket.connect(this.port, HOST);
            }
        });
    }

    write(name, text) {
        if (this.kind === 'udp4') {
            this.raw[name].send(text + DELIMITER);
        } else {
            this.raw[name].write(text + DELIMITER);
        }
    }

    kill(name) {
        close(this.raw[name]);
    }
}

// Closes a socket of any kind that may be closed already.
function close(socket) {
    try {
        (socket?.destroy ?? socket?.close)?.call(socket);
    } catch {
        // A datagram socket that is closed says so.
    }
}

main(process.argv[2], process.argv[3], process.argv[4]).then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
