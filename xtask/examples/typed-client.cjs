// The counterpart of typed_client.rs: the same events by name.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);

ipc.connectTo('world', function () {
  const { world } = ipc.of;
  world.on('connect', () => world.emit('Join', { name: 'Ada' }));
  world.on('Welcome', ({ name }) => {
    ipc.log('welcome,', name);
    world.emit('other', { of: 'nobody' });
    world.emit('Say', 'hello');
  });
  world.on('Said', (text) => {
    ipc.log('said:', text);
    world.emit('game.move', { x: 1, y: -2 });
  });
  world.on('At', ([x, y]) => {
    ipc.log('at', x, y);
    // Without data: a variant without content.
    world.emit('Leave');
  });
});
