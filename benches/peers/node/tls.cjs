// Node's own `tls` with node-ipc's frames by hand: `tls.cjs server ENDPOINT`, `tls.cjs client ENDPOINT TASK`.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const tls = require('node:tls');
const { place } = require('./load.cjs');
const { FIRST_SEQ, Meter, done, endWithParent, giveUp, say, task: parse, text } = require('./meter.cjs');

const file = (name) => fs.readFileSync(path.join(process.env.BENCH_CERTIFICATES, name));

/** Calls this with each message that a socket brings. */
function each(socket, onMessage) {
  let rest = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    const frames = (rest + chunk).split('\f');
    rest = frames.pop();
    for (const frame of frames) onMessage(JSON.parse(frame));
  });
}

/** Returns what writes a message; those of one turn leave together, as Node's documentation advises. */
function writer(socket) {
  let corked = false;
  return (type, data) => {
    if (!corked) {
      corked = true;
      socket.cork();
      process.nextTick(() => {
        corked = false;
        socket.uncork();
      });
    }
    return socket.write(`${JSON.stringify({ type, data })}\f`);
  };
}

function serve() {
  endWithParent();
  const server = tls.createServer({ key: file('server.key'), cert: file('server.pem'), noDelay: true });
  let counted = 0;
  server.on('secureConnection', (socket) => {
    const write = writer(socket);
    each(socket, ({ type, data }) => {
      if (type === 'echo') write('echo', data);
      else if (type === 'count') counted += 1;
      else write('ended', counted);
    });
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1', () => say(`ready tls:127.0.0.1:${server.address().port}`));
}

function echo(socket, task) {
  const body = text(task.body);
  const meter = new Meter(task);
  const write = writer(socket);
  each(socket, ({ data }) => {
    if (meter.onAnswer(data.seq)) return done(meter.finish());
    const seq = meter.next();
    if (seq !== undefined) write('echo', { seq, body });
  });
  for (let n = 0; n < task.in_flight; n += 1) {
    const seq = meter.next();
    if (seq !== undefined) write('echo', { seq, body });
  }
}

async function flood(socket, task) {
  const body = text(task.body);
  const write = writer(socket);
  let ended;
  each(socket, ({ data }) => ended(data));
  const count = async (messages) => {
    for (let seq = FIRST_SEQ; seq < FIRST_SEQ + messages; seq += 1) {
      if (!write('count', { seq, body })) await new Promise((resolve) => socket.once('drain', resolve));
    }
    const counted = new Promise((resolve) => {
      ended = resolve;
    });
    write('end', {});
    return counted;
  };
  await count(task.warm_up);
  say('begin');
  const start = performance.now();
  const counted = await count(task.messages);
  const seconds = (performance.now() - start) / 1000;
  if (counted !== task.warm_up + task.messages) giveUp(`${counted} messages have arrived`);
  done({ messages: task.messages, seconds });
}

function connect(endpoint, words) {
  const task = parse(words);
  const { host, port } = place(endpoint);
  const socket = tls.connect({ host, port: Number(port), ca: file('ca.pem') }, () => {
    socket.setNoDelay(true);
    if (task.work === 'echo') echo(socket, task);
    else flood(socket, task).catch((error) => giveUp(error.stack));
  });
  socket.on('error', (error) => giveUp(error.stack));
}

const [role, endpoint, ...words] = process.argv.slice(2);
if (role === 'server') serve();
else connect(endpoint, words);
