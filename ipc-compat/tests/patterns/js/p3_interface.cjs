// An interface: calls once for each connection, and says what it was answered.
'use strict';

require('./start.cjs')((ipc, say) => {
  let id = 0;
  ipc.connectTo('backend', () => {
    const backend = ipc.of.backend;
    backend.on('connect', () => {
      id += 1;
      backend.emit('message', JSON.stringify({ id, name: 'add', args: [id, 1] }));
    });
    backend.on('message', (text) => say(text));
  });
});
