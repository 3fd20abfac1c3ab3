// Plays scripts with a real node-ipc and writes down which events its client and its server publish, and when.
//
//     node transcripts.cjs <node-ipc dir> <out dir> [<name of one script>]
//
// The scripts are in scripts.cjs. One file a script; each run adds or replaces the part of its version. Times are in
// milliseconds, rounded to 100. A script is played until two plays in a row are the same, at most ten times.
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const {pathToFileURL} = require('node:url');

const ROUND_MS = 100;
const PLAYS = 10;
const AT_A_TIME = 8;
const DELIMITER = '\f';

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
    let last;
    let transcript;
    for (let play = 0; play < PLAYS && (last === undefined || last !== transcript); play += 1) {
        last = transcript;
        transcript = (await new Play(IPC).play(steps)).join('\n');
    }
    if (last !== transcript) {
        throw new Error(`${name}: never twice the same`);
    }
    const file = path.join(out, `${name}.txt`);
    const parts = fs.existsSync(file) ? partsOf(fs.readFileSync(file, 'utf8')) : {};
    parts.script = steps.join('\n');
    parts[version] = transcript;
    const versions = Object.keys(parts).filter((part) => part !== 'script').sort((a, b) => parseInt(a) - parseInt(b));
    const print = (part) => `${part}\n${parts[part].split('\n').map((line) => `    ${line}`.trimEnd()).join('\n')}\n`;
    fs.writeFileSync(file, ['script', ...versions].map(print).join(''));
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
    constructor(IPC) {
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
            socket?.destroy?.();
        }
        this.server?.server?.close?.();
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
        this.mine.connectTo('world', () => {
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
        });
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
        this.theirs.serve();
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
        await new Promise((resolve) => this.listener.listen(this.path, resolve));
    }

    say(text) {
        this.accepted.forEach((socket) => socket.write(text + DELIMITER));
    }

    drop() {
        this.accepted.splice(0).forEach((socket) => socket.destroy());
    }

    // As a killed process: its connections go, its file stays.
    async die() {
        this.drop();
        fs.linkSync(this.path, `${this.path}.kept`);
        await new Promise((resolve) => this.listener.close(resolve));
        fs.renameSync(`${this.path}.kept`, this.path);
        this.listener = undefined;
    }

    // A client that is not under test.
    async dial(name) {
        const socket = net.connect(this.path);
        this.raw[name] = socket;
        socket.on('error', () => {});
        socket.on('data', (data) => this.note('client', `${name} got ${data.toString().replaceAll(DELIMITER, '|')}`));
        socket.on('close', () => this.note('client', `${name} closed`));
        await new Promise((resolve) => socket.on('connect', resolve));
    }

    write(name, text) {
        this.raw[name].write(text + DELIMITER);
    }

    kill(name) {
        this.raw[name].destroy();
    }
}

main(process.argv[2], process.argv[3], process.argv[4]).then(
    () => process.exit(0),
    (error) => {
        console.error(error);
        process.exit(1);
    },
);
