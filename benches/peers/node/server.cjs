// A server of npm's node-ipc: `server.cjs ENDPOINT`. Echoes, counts, broadcasts. A group, which node-ipc does not have, is
// a set of sockets.
'use strict';

const net = require('node:net');
const { load, place } = require('./load.cjs');
const { FIRST_SEQ, endWithParent, giveUp, say } = require('./meter.cjs');

/** Returns a port that is free, since node-ipc takes 0 for its default. */
function freePort(host) {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, host, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

async function main() {
  const ipc = await load();
  const { path, host } = place(process.argv[2]);
  const port = path ? undefined : await freePort(host);
  endWithParent();
  const started = () => say(`ready ${path ? `unix:${path}` : `tcp:${host}:${port}`}`);
  if (path) ipc.serve(path, started);
  else ipc.serveNet(host, port, started);
  const { server } = ipc;
  let counted = 0;
  server.on('error', (error) => giveUp(error.stack ?? error));
  server.on('echo', (data, socket) => server.emit(socket, 'echo', data));
  server.on('count', () => {
    counted += 1;
  });
  server.on('end', (data, socket) => server.emit(socket, 'ended', counted));
  const members = new Set();
  server.on('join', (data, socket) => {
    members.add(socket);
    server.emit(socket, 'joined', data);
  });
  server.on('socket.disconnected', (socket) => members.delete(socket));
  const toAll = (news) => server.broadcast('news', news);
  const toMembers = (news) => {
    for (const member of members) server.emit(member, 'news', news);
  };
  const send = (to) => ({ seq: messages, body }, socket) => {
    let sent = 0;
    const go = () => {
      // node-ipc has no backpressure of its own: who ordered it shows how fast it is read.
      while (sent < messages && socket.writableLength < ENOUGH) {
        to({ seq: FIRST_SEQ + sent, body });
        sent += 1;
        if (sent % 64 === 0) break;
      }
      if (sent < messages) setImmediate(go);
    };
    go();
  };
  server.on('broadcast', send(toAll));
  server.on('to group', send(toMembers));
  server.start();
}

// What may wait for a socket before more is sent, in bytes.
const ENOUGH = 1 << 20;

main().catch((error) => giveUp(error.stack));
