// Raw bytes: sends every byte value when it is connected, and then back what it gets.
'use strict';

require('./start.cjs')((ipc, say, role, encoding) => {
  Object.assign(ipc.config, { id: 'world', rawBuffer: true, encoding });
  const greeting = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  if (role === 'serve') {
    ipc.serve(() => {
      ipc.server.on('connect', (socket) => ipc.server.emit(socket, greeting));
      ipc.server.on('data', (bytes, socket) => ipc.server.emit(socket, bytes));
      say('up');
    });
    ipc.server.start();
  } else {
    ipc.connectTo('world', () => {
      const { world } = ipc.of;
      world.on('connect', () => world.emit(greeting));
      world.on('data', (bytes) => world.emit(bytes));
    });
  }
});
