// A hub: thanks each sensor for its reading, and tells all something.
'use strict';

require('./start.cjs')((ipc, say, kind, host, port) => {
  ipc.serveNet(host, Number(port), kind, () => {});
  ipc.server.on('reading', ({ sensor, note }, from) => {
    say(`reading of ${sensor}, ${note.length} long`);
    ipc.server.emit(from, 'thanks', sensor);
    ipc.server.broadcast('all', 'for all');
  });
  // Published once, with the server itself, when it is bound.
  ipc.server.on('connect', () => say('up'));
  ipc.server.start();
});
