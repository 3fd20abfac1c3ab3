// The counterpart of typed_server.rs: the same events by name.
'use strict';

const ipc = require(process.env.NODE_IPC_DIR);

ipc.config.id = 'world';

ipc.serve(function () {
  const { server } = ipc;
  server.on('Join', ({ name }, socket) => {
    ipc.log('got Join', name);
    server.emit(socket, 'Welcome', { name });
  });
  server.on('Say', (text, socket) => server.emit(socket, 'Said', text));
  server.on('game.move', ({ x, y }, socket) => server.emit(socket, 'At', [x, y]));
  server.on('Leave', (_, socket) => {
    ipc.log('got Leave');
    socket.end();
  });
  server.on('socket.disconnected', () => server.stop());
});

ipc.server.start();
