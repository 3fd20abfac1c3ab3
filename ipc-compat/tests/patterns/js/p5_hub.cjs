// A hub: when all members are registered it tells one of them something, and then all.
'use strict';

require('./start.cjs')((ipc, say, host, port, count) => {
  const members = new Map();
  ipc.serveNet(host, Number(port), () => {
    ipc.server.on('register', (name, socket) => {
      members.set(name, socket);
      if (members.size < Number(count)) return;
      ipc.server.emit(members.get('b'), 'note', 'for you');
      ipc.server.broadcast('note', 'for all');
    });
    say('up');
  });
  ipc.server.start();
});
