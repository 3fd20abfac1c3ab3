// Node's `worker_threads`: message ports between two threads of a process: `worker-ports.cjs ENDPOINT TASK`. No other
// process, and no bytes: an object is copied as structured clones are.
'use strict';

const { MessageChannel, Worker, isMainThread, workerData } = require('node:worker_threads');
const { FIRST_SEQ, Meter, done, giveUp, say, task: parse, text } = require('./meter.cjs');

/** The other thread: echoes and counts. */
function worker({ port }) {
  let counted = 0;
  port.on('message', (message) => {
    if (message.type === 'echo') port.postMessage(message);
    else if (message.type === 'count') counted += 1;
    else port.postMessage({ type: 'ended', data: counted });
  });
  port.postMessage({ type: 'ready' });
}

function echo(port, task) {
  const body = text(task.body);
  const meter = new Meter(task);
  port.on('message', ({ data }) => {
    if (meter.onAnswer(data.seq)) return done(meter.finish());
    const seq = meter.next();
    if (seq !== undefined) port.postMessage({ type: 'echo', data: { seq, body } });
  });
  for (let n = 0; n < task.in_flight; n += 1) {
    const seq = meter.next();
    if (seq !== undefined) port.postMessage({ type: 'echo', data: { seq, body } });
  }
}

/** Sends so many messages and returns how many have been counted then. A port has no backpressure. */
function count(port, body, messages) {
  return new Promise((resolve) => {
    port.once('message', ({ data }) => resolve(data));
    for (let seq = FIRST_SEQ; seq < FIRST_SEQ + messages; seq += 1) {
      port.postMessage({ type: 'count', data: { seq, body } });
    }
    port.postMessage({ type: 'end' });
  });
}

async function flood(port, task) {
  const body = text(task.body);
  const warmUp = await count(port, body, task.warm_up);
  say('begin');
  const start = performance.now();
  const counted = await count(port, body, task.messages);
  const seconds = (performance.now() - start) / 1000;
  if (counted !== warmUp + task.messages) giveUp(`${counted} messages have arrived`);
  done({ messages: task.messages, seconds });
}

function main() {
  const task = parse(process.argv.slice(3));
  const { port1, port2 } = new MessageChannel();
  const thread = new Worker(__filename, { workerData: { port: port2 }, transferList: [port2] });
  thread.on('error', (error) => giveUp(error.stack));
  port1.once('message', () => {
    // Client and server are threads of this process.
    say('alone');
    if (task.work === 'echo') echo(port1, task);
    else flood(port1, task).catch((error) => giveUp(error.stack));
  });
}

if (isMainThread) main();
else worker(workerData);
