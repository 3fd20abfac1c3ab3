// Records a real node-ipc's default config.
//
//     node defaults.cjs <node-ipc dir> <out.json>
//
// Adds one member to <out.json>, named after the version. What depends on the machine is written %host and %uid, on a
// machine whose first network interface has an IPv4 address; functions are written as such, infinity as "Infinity".
'use strict';

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const {pathToFileURL} = require('node:url');

async function main(dir, out) {
    for (const name of ['XDG_RUNTIME_DIR', 'TMPDIR', 'TMP', 'TEMP']) {
        delete process.env[name];
    }
    os.networkInterfaces = () => ({lo: [{family: 'IPv4', address: '127.0.0.1'}]});
    os.hostname = () => '%host';
    const version = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8')).version;
    const {default: Defaults} = await import(pathToFileURL(path.join(path.resolve(dir), 'entities/Defaults.js')));
    const table = fs.existsSync(out) ? JSON.parse(fs.readFileSync(out, 'utf8')) : {};
    const text = JSON.stringify(new Defaults(), (key, value) => {
        if (typeof value === 'function') {
            return 'a function';
        }
        return value === Infinity ? 'Infinity' : value;
    });
    table[version] = JSON.parse(text.replace(`node-ipc-${process.getuid()}/`, 'node-ipc-%uid/'));
    const newest = Object.entries(table).sort(([a], [b]) => parseInt(a) - parseInt(b));
    fs.writeFileSync(out, JSON.stringify(Object.fromEntries(newest), null, 1) + '\n');
    console.log(`${version}: ${Object.keys(table[version]).length} settings`);
}

main(process.argv[2], process.argv[3]).catch((error) => {
    console.error(error);
    process.exit(1);
});
