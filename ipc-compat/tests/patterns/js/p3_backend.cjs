// A server in the background: answers calls, which are JSON in a text, and pushes when it is told to.
'use strict';

require('./start.cjs')((ipc, say) => {
  ipc.config.id = 'backend';
  ipc.serve(() => {
    ipc.server.on('message', (text, socket) => {
      const { id, name, args } = JSON.parse(text);
      const answer = name === 'add'
        ? { type: 'reply', id, result: args.reduce((sum, n) => sum + n, 0) }
        : { type: 'error', id };
      if (name === 'push') ipc.server.broadcast('message', JSON.stringify({ type: 'push' }));
      ipc.server.emit(socket, 'message', JSON.stringify(answer));
    });
    say('up');
  });
  ipc.server.start();
});
