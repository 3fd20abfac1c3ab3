// A client that calls: `call-client.cjs LIBRARY ENDPOINT TASK`.
'use strict';

const callers = require('./callers.cjs');
const { place } = require('./load.cjs');
const { Meter, done, giveUp, say, task: parse, text } = require('./meter.cjs');

/** Calls, so many at a time. Each answer is compared with what was asked. */
async function call(peer, task) {
  const body = text(task.body);
  const meter = new Meter(task);
  const caller = async () => {
    for (let seq = meter.next(); seq !== undefined; seq = meter.next()) {
      const answer = await peer.echo({ seq, body });
      if (answer.body !== body) giveUp(`another text came for ${seq}`);
      if (meter.onAnswer(answer.seq)) done(meter.finish());
    }
  };
  await Promise.all(Array.from({ length: task.in_flight }, caller));
}

/** Reads a stream of so many items. */
async function read(peer, body, messages) {
  let seen = 0;
  await peer.items({ seq: messages, body }, (item) => {
    if (item.seq !== seen || item.body !== body) giveUp(`item ${item.seq} came in the place of ${seen}`);
    seen += 1;
  });
  if (seen !== messages) giveUp(`${seen} of ${messages} items have arrived`);
}

async function stream(peer, task) {
  const body = text(task.body);
  await read(peer, body, task.warm_up);
  say('begin');
  const start = performance.now();
  await read(peer, body, task.messages);
  done({ messages: task.messages, seconds: (performance.now() - start) / 1000 });
}

async function main() {
  const [library, endpoint, ...words] = process.argv.slice(2);
  const task = parse(words);
  const peer = await callers[library].connect(place(endpoint).path);
  if (task.work === 'call') await call(peer, task);
  else if (task.work === 'stream') await stream(peer, task);
  else giveUp(`${library} is not measured in ${task.work}`);
}

main().catch((error) => giveUp(error.stack ?? error));
