// A client that is connected and does nothing.
'use strict';

require('./start.cjs')((ipc, say, id) => {
  ipc.config.maxRetries = 0;
  ipc.connectTo(id, () => ipc.of[id].on('connect', () => say('connected')));
});
