// npm's node-ipc over UDP, where both sides serve: `udp.cjs server ENDPOINT`, `udp.cjs client ENDPOINT TASK`.
'use strict';

const dgram = require('node:dgram');
const { load, place } = require('./load.cjs');
const { FIRST_SEQ, done, endWithParent, giveUp, percentiles, say, task: parse, text } = require('./meter.cjs');

/** Returns a port that is free, since node-ipc takes 0 for its default. */
function freePort(host) {
  return new Promise((resolve) => {
    const probe = dgram.createSocket('udp4').bind(0, host, () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Binds a socket and returns node-ipc's server on it. */
async function bind() {
  const ipc = await load();
  const host = '127.0.0.1';
  const port = await freePort(host);
  ipc.serveNet(host, port, 'udp4', () => {});
  const { server } = ipc;
  server.on('error', (error) => giveUp(error.stack ?? error));
  const bound = new Promise((resolve) => server.on('connect', resolve));
  server.start();
  await bound;
  return { server, endpoint: `udp4:${host}:${port}` };
}

async function serve() {
  const { server, endpoint } = await bind();
  endWithParent();
  let counted = 0;
  server.on('echo', (data, from) => server.emit(from, 'echo', data));
  server.on('count', () => {
    counted += 1;
  });
  server.on('end', (data, from) => server.emit(from, 'ended', counted));
  say(`ready ${endpoint}`);
}

async function connect(at, words) {
  const { server } = await bind();
  const task = parse(words);
  const { host: address, port } = place(at);
  const peer = { address, port };
  if (task.work === 'lossy-echo') await trips(server, peer, task);
  else await flood(server, peer, task);
}

/** One message at a time; one that has not come back in time is lost. */
async function trips(server, peer, task) {
  const body = text(task.body);
  const latencies = [];
  let answered = () => {};
  server.on('echo', ({ seq }) => answered(seq));
  const trip = (wanted) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), LONGEST);
      answered = (seq) => {
        if (seq !== wanted) return;
        clearTimeout(timer);
        resolve(true);
      };
      server.emit(peer, 'echo', { seq: wanted, body });
    });
  for (let n = 0; n < task.warm_up; n += 1) await trip(FIRST_SEQ + n);
  say('begin');
  const start = performance.now();
  for (let n = 0; n < task.messages; n += 1) {
    const sent = performance.now();
    if (await trip(FIRST_SEQ + task.warm_up + n)) latencies.push(performance.now() - sent);
  }
  const seconds = (performance.now() - start) / 1000;
  done({ ...losses(task.messages, latencies.length, seconds), ...percentiles(latencies) });
}

async function flood(server, peer, task) {
  const body = text(task.body);
  let ended = () => {};
  server.on('ended', (counted) => ended(counted));
  let counted = 0;
  const count = async (messages) => {
    const start = performance.now();
    for (let n = 0; n < messages; n += 1) {
      while (task.rate && start + (n * 1000) / task.rate > performance.now()) await turn();
      server.emit(peer, 'count', { seq: FIRST_SEQ + n, body });
      // What it sends in a turn is passed to the system when the turn ends.
      if (n % 64 === 63) await turn();
    }
    await turn();
    counted = await end(counted);
  };
  /** Asks until it is answered how many messages have arrived, of which there were so many before. */
  const end = (before) =>
    new Promise((resolve) => {
      const ask = () => server.emit(peer, 'end', {});
      const again = setInterval(ask, AGAIN);
      ended = (now) => {
        if (now <= before) return;
        clearInterval(again);
        resolve(now);
      };
      ask();
    });
  await count(task.warm_up);
  const before = counted;
  say('begin');
  const start = performance.now();
  await count(task.messages);
  done(losses(task.messages, counted - before, (performance.now() - start) / 1000));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function losses(sent, messages, seconds) {
  return { messages, seconds, sent_rate: sent / seconds, lost_percent: (100 * (sent - messages)) / sent };
}

// As in `src/lossy.rs`, in milliseconds.
const LONGEST = 100;
const AGAIN = 5;

const [role, endpoint, ...words] = process.argv.slice(2);
(role === 'server' ? serve() : connect(endpoint, words)).catch((error) => giveUp(error.stack));
