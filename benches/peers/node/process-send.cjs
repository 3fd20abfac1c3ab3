// Node's own `process.send` between a parent and the child it forks: `process-send.cjs ENDPOINT TASK`.
'use strict';

const { fork } = require('node:child_process');
const { FIRST_SEQ, Meter, done, giveUp, say, task: parse, text } = require('./meter.cjs');

/** The child: echoes and counts. */
function child() {
  let counted = 0;
  process.on('message', (message) => {
    if (message.type === 'echo') process.send(message);
    else if (message.type === 'count') counted += 1;
    else process.send({ type: 'ended', data: counted });
  });
  process.on('disconnect', () => process.exit(0));
  process.send({ type: 'ready' });
}

function echo(peer, task) {
  const body = text(task.body);
  const meter = new Meter(task);
  peer.on('message', ({ data }) => {
    if (meter.onAnswer(data.seq)) return done(meter.finish());
    const seq = meter.next();
    if (seq !== undefined) peer.send({ type: 'echo', data: { seq, body } });
  });
  for (let n = 0; n < task.in_flight; n += 1) {
    const seq = meter.next();
    if (seq !== undefined) peer.send({ type: 'echo', data: { seq, body } });
  }
}

/** Sends so many messages and returns how many have been counted then. */
function count(peer, body, messages) {
  return new Promise((resolve) => {
    peer.once('message', ({ data }) => resolve(data));
    let seq = FIRST_SEQ;
    const go = () => {
      while (seq < FIRST_SEQ + messages) {
        const message = { type: 'count', data: { seq, body } };
        seq += 1;
        // It says `false` when enough waits; then the callback tells when this one is written.
        let full = false;
        full = !peer.send(message, () => full && go());
        if (full) return;
      }
      peer.send({ type: 'end' });
    };
    go();
  });
}

async function flood(peer, task) {
  const body = text(task.body);
  const warmUp = await count(peer, body, task.warm_up);
  say('begin');
  const start = performance.now();
  const counted = await count(peer, body, task.messages);
  const seconds = (performance.now() - start) / 1000;
  if (counted !== warmUp + task.messages) giveUp(`${counted} messages have arrived`);
  done({ messages: task.messages, seconds });
}

function parent() {
  const task = parse(process.argv.slice(3));
  const peer = fork(__filename, ['--child']);
  peer.once('message', () => {
    say(`peer ${peer.pid}`);
    if (task.work === 'echo') echo(peer, task);
    else flood(peer, task).catch((error) => giveUp(error.stack));
  });
}

if (process.argv[2] === '--child') child();
else parent();
