// Loads the real node-ipc from the directory in NODE_IPC_DIR, in the way its version is made for.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { pathToFileURL } = require('node:url');

/**
 * Returns `{ ipc }`: node-ipc's own object. 8.x and 9.x know `require` only, 14.x `import` only.
 * 10.x and 12.x have the same code twice, as a bundle and as modules; each is met once.
 */
async function load() {
  const dir = process.env.NODE_IPC_DIR;
  if (!dir) throw new Error('NODE_IPC_DIR must name the directory of the node-ipc package');
  const manifest = JSON.parse(fs.readFileSync(path.join(dir, 'package.json'), 'utf8'));
  if (parseInt(manifest.version, 10) < 12) {
    const loaded = require(dir);
    return { ipc: loaded.default ?? loaded };
  }
  const entry = manifest.exports.import ?? manifest.exports['.'];
  const loaded = await import(pathToFileURL(path.join(dir, entry)));
  return { ipc: loaded.default };
}

/** Prints one JSON object on a line of its own. */
function print(object) {
  write(1, JSON.stringify(object) + '\n');
}

/** Writes `text` to stdout (1) or stderr (2). */
function write(fd, text) {
  // Under Wine, Node cannot make streams of the pipes of a Unix program, but it can write to them.
  if (process.platform === 'win32') fs.writeSync(fd, text);
  else (fd === 1 ? process.stdout : process.stderr).write(text);
}

/** Returns stdin as a stream. */
function input() {
  return process.platform === 'win32' ? fs.createReadStream('', { fd: 0 }) : process.stdin;
}

module.exports = { load, print, write, input };
