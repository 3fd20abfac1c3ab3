// The counterpart of worker.rs: answers calls in the five lines of docs/calls.md.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);

const methods = {
  load: () => 2,
  multiply: (factors) => factors.reduce((a, b) => a * b),
  end: () => ipc.disconnect('world'),
};

ipc.connectTo('world', function () {
  const { world } = ipc.of;
  world.on('$call', async (c) => {
    if (c.call === undefined) return;
    try {
      const ok = await methods[c.call](c.args);
      if (c.n !== undefined) world.emit('$answer', { n: c.n, ok });
    } catch (e) {
      world.emit('$answer', { n: c.n, error: { code: e.code || 'error', message: e.message } });
    }
    ipc.log('answered', c.call);
  });
  world.on('connect', () => world.emit('register', 'JavaScript'));
});
