// Loads the real node-ipc from the directory in NODE_IPC_DIR: 9.x by require, 14.x by import.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

/** Returns node-ipc's own object, silent, for many connections. */
async function load() {
  const dir = process.env.NODE_IPC_DIR;
  const manifest = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
  const isModule = manifest.type === 'module';
  const entry = isModule
    ? (await import(pathToFileURL(path.join(dir, manifest.main)))).default
    : require(dir);
  Object.assign(entry.config, { silent: true, id: 'bench', maxConnections: 20000 });
  return entry;
}

/** Returns `{ path }` or `{ host, port }` of `unix:PATH` or `tcp:HOST:PORT`. */
function place(endpoint) {
  const [kind, ...rest] = endpoint.split(':');
  if (kind === 'unix') return { path: rest.join(':') };
  return { host: rest[0], port: Number(rest[1]) };
}

module.exports = { load, place };
