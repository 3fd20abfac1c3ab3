// A parent that waits for its end.
'use strict';

require('./start.cjs')((ipc, say, id) => {
  ipc.config.id = id;
  ipc.serve(() => say('up'));
  ipc.server.start();
});
