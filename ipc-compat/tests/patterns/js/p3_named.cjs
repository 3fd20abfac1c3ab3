// A server under a name, which says who comes.
'use strict';

require('./start.cjs')((ipc, say, name) => {
  ipc.config.id = name;
  let connections = 0;
  ipc.serve(() => {
    ipc.server.on('connect', () => say(`connection ${(connections += 1)}`));
    ipc.server.on('hello', (text) => say(`hello ${text}`));
    say('up');
  });
  ipc.server.start();
});
