// The counterpart of token_client.rs: it says hello in one line, first with a wrong token.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);
ipc.config.retry = 100;
const tokens = ['a guess', 'hunter2'];

ipc.connectTo('world', function () {
  const { world } = ipc.of;
  world.on('connect', () => {
    const args = { v: 1, name: 'bob', token: tokens.shift() };
    world.emit('$call', { n: 1, call: '$hello', args });
  });
  world.on('$answer', ({ error }) => {
    // It is disconnected then, and comes back.
    if (error) return ipc.log('sent away:', error.code);
    ipc.log('let in');
    world.emit('say', 'hello from JavaScript');
  });
  world.on('said', (text) => {
    ipc.log('heard', text);
    ipc.disconnect('world');
  });
});
