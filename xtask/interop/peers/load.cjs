// Loads the real node-ipc from the directory in NODE_IPC_DIR, in the way its version is made for.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { Readable, Writable } = require('node:stream');
const { pathToFileURL } = require('node:url');

// Under Wine, Node for Windows cannot make streams of the pipes that a Unix program gives it, and
// fails wherever it looks at one of the three, such as when a socket closes. It can write to them as
// to files; what comes on stdin, the script that starts it (xtask/src/wine.rs) puts into a file, for
// a read that waits would keep the process from ending.
if (process.env.STDIN_FILE) {
  const toFd = (fd) => new Writable({
    write(chunk, encoding, done) {
      fs.writeSync(fd, chunk);
      done();
    },
  });
  const streams = { stdin: follow(process.env.STDIN_FILE), stdout: toFd(1), stderr: toFd(2) };
  for (const [name, value] of Object.entries(streams)) Object.defineProperty(process, name, { value });
}

/** Returns what is written to the file, as it comes. */
function follow(file) {
  let timer;
  const stream = new Readable({
    read() {
      timer ??= setInterval(more, 5);
    },
  });
  const buffer = Buffer.alloc(64 * 1024);
  const fd = fs.openSync(file);
  function more() {
    const length = fs.readSync(fd, buffer);
    if (length > 0) stream.push(Buffer.from(buffer.subarray(0, length)));
  }
  return stream;
}

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
  process.stdout.write(JSON.stringify(object) + '\n');
}

module.exports = { load, print };
