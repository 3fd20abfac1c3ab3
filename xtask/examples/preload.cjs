// Loaded before a program that uses node-ipc: says where it is, and how to be quick about it. The
// program itself stays as it was written.
//
//     NODE_IPC_DIR=.../node_modules/node-ipc SETTINGS='{"socketRoot":"/tmp/x/"}' node -r ./preload.cjs EXAMPLE.js
'use strict';

const dgram = require('dgram');
const fs = require('fs');
const net = require('net');
const path = require('path');

const settings = JSON.parse(process.env.SETTINGS);
const ipc = require(process.env.NODE_IPC_DIR);
Object.assign(ipc.config, settings, { logInColor: false });

// Pauses imitate slow work, and waiting for servers that have not started.
for (const name of ['setTimeout', 'setInterval']) {
  const original = global[name];
  global[name] = (callback, pause, ...rest) => original(callback, Math.min(pause, 20), ...rest);
}

// A server says when it listens.
const { listen } = net.Server.prototype;
net.Server.prototype.listen = function (...args) {
  this.once('listening', () => console.log('listening on it'));
  return listen.apply(this, args);
};

// The examples write down the ports of their own ends over UDP; any other does as well.
const { bind } = dgram.Socket.prototype;
dgram.Socket.prototype.bind = function (port, ...rest) {
  this.once('listening', () => console.log('listening on it'));
  return bind.call(this, port === settings.networkPort ? port : 0, ...rest);
};

// The certificates in node-ipc's package are long out of date, and their keys are public. A program
// reads its own key before its certificate; any other certificate it reads is one it trusts.
const owned = new Set();
const { readFileSync } = fs;
fs.readFileSync = function (file, ...rest) {
  if (!/local-node-ipc-certs.*[.](key|pub)$/.test(file)) return readFileSync.call(this, file, ...rest);
  const { name, ext } = path.parse(file);
  if (ext === '.key') owned.add(name);
  const fresh = ext === '.key' ? `${name}.key` : owned.has(name) ? `${name}.pem` : 'ca.pem';
  return readFileSync(path.join(process.env.CERTIFICATES, fresh));
};
