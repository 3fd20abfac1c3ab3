// A client of npm's node-ipc: `client.cjs ENDPOINT TASK`.
'use strict';

const { load, place } = require('./load.cjs');
const { FIRST_SEQ, Meter, done, giveUp, percentiles, say, task: parse, text } = require('./meter.cjs');

/** Connects so many clients and returns them. */
async function connect(ipc, endpoint, count) {
  const { path, host, port } = place(endpoint);
  const clients = [];
  for (let n = 0; n < count; n += 1) {
    const id = `bench${n}`;
    await new Promise((resolve) => {
      const made = () => ipc.of[id].on('connect', resolve);
      if (path) ipc.connectTo(id, path, made);
      else ipc.connectToNet(id, host, port, made);
    });
    clients.push(ipc.of[id]);
  }
  return clients;
}

function echo(client, task) {
  const body = text(task.body);
  const meter = new Meter(task);
  client.on('echo', ({ seq }) => {
    if (meter.onAnswer(seq)) return done(meter.finish());
    const next = meter.next();
    if (next !== undefined) client.emit('echo', { seq: next, body });
  });
  for (let n = 0; n < task.in_flight; n += 1) {
    const seq = meter.next();
    if (seq !== undefined) client.emit('echo', { seq, body });
  }
}

/** Sends so many messages over one client and returns how many the server has counted then. */
function count(client, body, messages) {
  return new Promise((resolve) => {
    const ended = (counted) => {
      client.off('ended', ended);
      resolve(counted);
    };
    client.on('ended', ended);
    let seq = FIRST_SEQ;
    const go = () => {
      while (seq < FIRST_SEQ + messages) {
        // node-ipc has no backpressure of its own.
        if (client.socket.writableLength > ENOUGH) return client.socket.once('drain', go);
        client.emit('count', { seq, body });
        seq += 1;
      }
      client.emit('end', {});
    };
    go();
  });
}

async function flood(clients, task) {
  const body = text(task.body);
  const share = (messages) => Math.floor(messages / clients.length);
  const all = async (messages, wanted) => {
    const counts = await Promise.all(clients.map((client) => count(client, body, messages)));
    const counted = Math.max(...counts);
    if (counted !== wanted) giveUp(`${counted} of ${wanted} messages have arrived`);
  };
  const [warmUp, messages] = [share(task.warm_up), share(task.messages)];
  await all(warmUp, warmUp * clients.length);
  say('begin');
  const start = performance.now();
  await all(messages, (warmUp + messages) * clients.length);
  const seconds = (performance.now() - start) / 1000;
  done({ messages: messages * clients.length, seconds });
}

function paced(client, task) {
  const body = text(task.body);
  const total = task.messages + task.warm_up;
  const latencies = [];
  const start = performance.now();
  const due = (n) => start + (n * 1000) / task.rate;
  let [sent, received, begun] = [0, 0, start];
  client.on('echo', () => {
    const now = performance.now();
    if (received >= task.warm_up) latencies.push(Math.max(0, now - due(received)));
    received += 1;
    if (received === task.warm_up) {
      say('begin');
      begun = now;
    }
    if (received === total) {
      done({ messages: task.messages, seconds: (now - begun) / 1000, ...percentiles(latencies) });
    }
  });
  // A timer of Node is a millisecond late, so this looks each time there is nothing else to do.
  const go = () => {
    for (const now = performance.now(); sent < total && due(sent) <= now; sent += 1) {
      client.emit('echo', { seq: FIRST_SEQ + sent, body });
    }
    if (sent < total) setImmediate(go);
  };
  go();
}

function restart(client, task) {
  const body = text(task.body);
  const seen = new Set();
  const start = performance.now();
  let [sent, duplicates, gap, last] = [0, 0, 0, start];
  client.on('echo', ({ seq }) => {
    const now = performance.now();
    gap = Math.max(gap, now - last);
    last = now;
    if (seen.has(seq)) duplicates += 1;
    seen.add(seq);
  });
  client.on('error', () => {});
  say('begin');
  const ticks = setInterval(() => {
    for (const now = performance.now(); sent < task.messages && start + (sent * 1000) / task.rate <= now; sent += 1) {
      client.emit('echo', { seq: FIRST_SEQ + sent, body });
    }
    if (sent < task.messages || performance.now() - last < 2000) return;
    clearInterval(ticks);
    const seconds = (performance.now() - start) / 1000;
    // It tells of no message what became of it: what was not answered nobody accounts for.
    const unaccounted = task.messages - seen.size;
    done({ messages: task.messages, seconds, answered: seen.size, duplicates, gap_ms: gap, unaccounted });
  }, 1);
}

async function main() {
  const ipc = await load();
  const [endpoint, ...words] = process.argv.slice(2);
  const task = parse(words);
  const clients = await connect(ipc, endpoint, task.work === 'flood' ? task.connections : 1);
  if (task.work === 'echo') echo(clients[0], task);
  else if (task.work === 'flood') await flood(clients, task);
  else if (task.work === 'paced') paced(clients[0], task);
  else if (task.work === 'restart') restart(clients[0], task);
  else giveUp(`npm's node-ipc has no client for ${task.work}`);
}

// What may wait for a socket before more is sent, in bytes.
const ENOUGH = 1 << 20;

main().catch((error) => giveUp(error.stack));
