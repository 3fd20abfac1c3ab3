// Frames with another delimiter: a server that says how long a text is, or a client that sends one.
'use strict';

require('./start.cjs')((ipc, say, role, delimiter) => {
  Object.assign(ipc.config, { id: 'world', delimiter });
  if (role === 'serve') {
    ipc.serve(() => {
      ipc.server.on('echo', (text, socket) => ipc.server.emit(socket, 'echo', `${text.length}`));
      say('up');
    });
    ipc.server.start();
  } else {
    ipc.connectTo('world', () => {
      const { world } = ipc.of;
      world.on('connect', () => world.emit('echo', 'hello from node'));
      world.on('echo', (text) => say(`echo ${text}`));
    });
  }
});
