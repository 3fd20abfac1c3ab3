// A child that dials back, reports as fast as it can, ends with an event called `error`, and exits.
'use strict';

require('./start.cjs')((ipc, say, id) => {
  ipc.config.maxRetries = 0;
  ipc.connectTo(id, () => {
    const parent = ipc.of[id];
    parent.on('connect', () => parent.emit('ready', {}));
    parent.on('go', ({ states }) => {
      for (let number = 0; number < states; number += 1) parent.emit('state', number);
      parent.emit('error', { message: 'out of paper' });
      // `disconnect` would lose what is not written yet.
      parent.socket.end();
    });
  });
});
