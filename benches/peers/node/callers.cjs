// What answers calls in Node.js: each has `serve(path)` and `connect(path)`, which returns what calls.
'use strict';

const path = require('node:path');
const { load } = require('./load.cjs');
const { giveUp } = require('./meter.cjs');

/** This project's `calls.cjs` on npm's node-ipc. */
const helper = {
  async serve(at) {
    const ipc = await load();
    const started = new Promise((resolve) => ipc.serve(at, resolve));
    const methods = {
      echo: (body) => body,
      async *items({ seq: wanted, body }) {
        for (let seq = 0; seq < wanted; seq += 1) yield { seq, body };
      },
    };
    calls()(ipc.server, methods);
    ipc.server.on('error', (error) => giveUp(error.stack ?? error));
    ipc.server.start();
    await started;
  },
  async connect(at) {
    const ipc = await load();
    await new Promise((resolve) => ipc.connectTo('bench', at, () => ipc.of.bench.on('connect', resolve)));
    const { call } = calls()(ipc.of.bench);
    return {
      echo: (body) => call('echo', body),
      items: (order, onItem) => call('items', order, { onItem }),
    };
  },
};

const calls = () => require('../../../ipc-compat/js/calls.cjs');

/** node-ipc-requests, from its repository: npm does not have it. */
const requests = {
  async serve(at) {
    const { Server, Router } = library();
    const router = new Router();
    router.addRoute('echo', (body) => body);
    await new Server(...named(at), router).start();
  },
  async connect(at) {
    const client = new (library().Client)(...named(at));
    await client.awaitConnection();
    return { echo: (body) => client.request('echo', body) };
  },
};

/** Returns node-ipc-requests, which finds the node-ipc in NODE_IPC_DIR. */
function library() {
  process.env.NODE_PATH = path.dirname(process.env.NODE_IPC_DIR);
  require('node:module').Module._initPaths();
  return require(process.env.NODE_IPC_REQUESTS_DIR);
}

/** Returns the name and the options with which its socket is at this path. */
function named(at) {
  return [path.basename(at), { socketRoot: `${path.dirname(at)}/`, appspace: '' }];
}

/** net-ipc, which is not on node-ipc. */
const netIpc = {
  async serve(at) {
    const { Server } = require(process.env.NET_IPC_DIR);
    const server = new Server({ path: at });
    server.on('request', (body, answer) => answer(body));
    await server.start();
  },
  async connect(at) {
    const { Client } = require(process.env.NET_IPC_DIR);
    const client = new Client({ path: at });
    await client.connect();
    return { echo: (body) => client.request(body) };
  },
};

module.exports = { helper, requests, 'net-ipc': netIpc };
