// A program that greets each tool that comes, and sends back what it is sent.
'use strict';

require('./start.cjs')((ipc, say, path) => {
  ipc.serve(path, () => {
    ipc.server.on('connect', (socket) => ipc.server.emit(socket, 'hello', 'what can I do?'));
    ipc.server.on('echo', (text, socket) => ipc.server.emit(socket, 'echo', text));
    say('up');
  });
  ipc.server.start();
});
